-- ChatDesk, part 1 of 4: the tables.
--
-- Run the files of this folder in the order of their numbers, each once, as the role postgres: paste them into
-- the SQL editor of a Supabase project, or `supabase db push`. PostgreSQL 15 or newer; nothing but built-ins.
--
-- Nobody but the functions of parts 3 and 4 writes here. Clients read through row-level security (part 2).
-- Numbers, not clocks, order everything: a clock or a sequence loses rows when two writers overlap, a counter
-- taken under a row lock does not.

-- Schema private: tables and functions that the API never shows ------------------------------------------------

create schema private;
revoke all on schema private from public;
-- The public calls run as their caller and reach their counterpart in here.
grant usage on schema private to authenticated;

-- People -----------------------------------------------------------------------------------------------------

create table public.profiles (
    id uuid primary key references auth.users on delete cascade,
    username text unique check (username ~ '^[a-z0-9_]{3,30}$'),
    display_name text not null default '' check (char_length(display_name) <= 80),
    avatar_path text check (char_length(avatar_path) <= 300),
    revision bigint not null default 1,
    updated_at timestamptz not null default now()
);
comment on table public.profiles is 'A person as others see them; revision grows by one with every change.';

-- Conversations ----------------------------------------------------------------------------------------------

create table public.conversations (
    id uuid primary key,
    owner_id uuid references auth.users on delete set null,
    title text not null check (char_length(title) <= 300),
    model text check (char_length(model) <= 200),
    system_prompt text check (char_length(system_prompt) <= 100000),
    temperature real check (temperature between 0 and 2),
    last_seq bigint not null default 0,
    revision bigint not null default 1,
    epoch bigint not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz
);
create index conversations_owner_id on public.conversations (owner_id);
comment on column public.conversations.revision is
    'One counter for the conversation and its messages: each change of either takes the next number.';
comment on column public.conversations.epoch is
    'Part of the names of its channels; grows when a member is removed, so that the old channels are dead.';

create table public.conversation_members (
    conversation_id uuid not null references public.conversations on delete cascade,
    user_id uuid not null references auth.users on delete cascade,
    role text not null check (role in ('owner', 'editor', 'viewer')),
    last_read_seq bigint not null default 0,
    pinned boolean not null default false,
    archived boolean not null default false,
    revision bigint not null default 1,
    primary key (conversation_id, user_id)
);
create index conversation_members_user_id on public.conversation_members (user_id, conversation_id);

create table public.messages (
    id uuid primary key,
    conversation_id uuid not null references public.conversations on delete cascade,
    parent_id uuid,
    author_id uuid references auth.users on delete set null,
    role text not null check (role in ('user', 'assistant', 'system')),
    content text not null check (char_length(content) <= 2000000),
    model text check (char_length(model) <= 200),
    usage jsonb,
    status text not null check (status in ('complete', 'streaming', 'interrupted', 'error')),
    error text,
    seq bigint not null,
    revision bigint not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    unique (conversation_id, seq),
    unique (conversation_id, id),
    -- A parent is a message of the same conversation.
    foreign key (conversation_id, parent_id) references public.messages (conversation_id, id),
    check (deleted_at is null or content = '')
);
create index messages_revision on public.messages (conversation_id, revision);
create index messages_parent_id on public.messages (conversation_id, parent_id);
create index messages_author_id on public.messages (author_id);
comment on column public.messages.seq is 'Place in the conversation, given once.';
comment on column public.messages.revision is 'The number of the conversation''s counter that its last change took.';

-- One run of a model, and the lease that lets exactly one instance make it -------------------------------------

create table public.generations (
    id uuid primary key,
    conversation_id uuid not null references public.conversations on delete cascade,
    message_id uuid not null unique references public.messages on delete cascade,
    reply_to uuid not null references public.messages on delete cascade,
    attempt integer not null check (attempt between 0 and 10000),
    holder uuid not null,
    fence bigint not null,
    state text not null check (state in ('running', 'finished', 'stopped', 'failed', 'interrupted')),
    stop_requested boolean not null default false,
    expires_at timestamptz not null,
    unique (reply_to, attempt)
);
create index generations_running on public.generations (conversation_id) where state = 'running';

-- What changed for whom --------------------------------------------------------------------------------------

create table private.user_counters (
    user_id uuid primary key references auth.users on delete cascade,
    revision bigint not null default 0
);

create table public.user_changes (
    user_id uuid not null references auth.users on delete cascade,
    kind text not null check (kind in ('profile', 'conversation', 'membership')),
    entity_id uuid not null,
    entity_revision bigint not null,
    user_revision bigint not null,
    removed boolean not null default false,
    primary key (user_id, kind, entity_id)
);
create index user_changes_user_revision on public.user_changes (user_id, user_revision);
comment on table public.user_changes is
    'The newest change of every entity of a user''s world, kept after removal; user_revision has no holes in time.';

-- Rights: reading for people who are signed in, by the policies of part 2; writing for nobody ------------------

alter table public.profiles enable row level security;
alter table public.conversations enable row level security;
alter table public.conversation_members enable row level security;
alter table public.messages enable row level security;
alter table public.generations enable row level security;
alter table public.user_changes enable row level security;
alter table private.user_counters enable row level security;

-- Older projects grant everything on a new table to everybody.
revoke all on table
    public.profiles, public.conversations, public.conversation_members, public.messages, public.generations,
    public.user_changes, private.user_counters
from public, anon, authenticated, service_role;
grant select on table
    public.profiles, public.conversations, public.conversation_members, public.messages, public.generations,
    public.user_changes
to authenticated;
