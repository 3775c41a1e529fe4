-- What Auth keeps for mails, codes, links and providers. Run once by supabase_admin after bootstrap.sql, which
-- may have been long ago: the first back ends had none of it.
--
-- The names are near those of the hosted service, where nobody but Auth reads these tables either.

set local role supabase_auth_admin;

alter table auth.users add column if not exists email_change text;

-- One code and one link per purpose: a new mail makes the one before worthless. Only keyed hashes are kept.
create table if not exists auth.one_time_tokens (
    id bigint generated always as identity primary key,
    user_id uuid not null references auth.users on delete cascade,
    kind text not null check (kind in ('confirmation', 'magiclink', 'recovery', 'email_change_new',
                                       'email_change_current', 'reauthentication')),
    address text not null,
    code_hash bytea not null,
    link_hash bytea not null unique,
    challenge text,
    wrong integer not null default 0,
    created_at timestamptz not null default clock_timestamp(),
    unique (user_id, kind)
);

-- The way of one sign-in through a browser: first known by its state, then by the code that ends it.
create table if not exists auth.flow_states (
    id bigint generated always as identity primary key,
    state_hash bytea unique,
    code_hash bytea unique,
    challenge text not null,
    method text not null,
    redirect_to text not null,
    user_id uuid references auth.users on delete cascade,
    created_at timestamptz not null default clock_timestamp()
);

create table if not exists auth.identities (
    provider text not null,
    provider_id text not null,
    user_id uuid not null references auth.users on delete cascade,
    identity_data jsonb not null default '{}',
    created_at timestamptz not null default now(),
    last_sign_in_at timestamptz not null default now(),
    primary key (provider, provider_id)
);
create index if not exists identities_user_id on auth.identities (user_id);

-- Mails never leave this computer: this is where they lie, for the window to show.
create table if not exists auth.mails (
    id bigint generated always as identity primary key,
    user_id uuid not null references auth.users on delete cascade,
    address text not null,
    kind text not null,
    code text not null,
    link text,
    created_at timestamptz not null default clock_timestamp()
);
create index if not exists mails_user_id on auth.mails (user_id, kind, created_at);

reset role;
