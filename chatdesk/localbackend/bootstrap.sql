-- What a hosted Supabase project has before its owner runs the first migration, so far as ChatDesk meets it.
--
-- Run once per database, as the superuser supabase_admin, in one transaction, on PostgreSQL 15 or newer.
-- It grants as little as the hosted service does and copies its habits that bite: postgres is no superuser,
-- auth, storage and realtime belong to others, new tables in public are readable by nobody, realtime.send()
-- turns every error into a warning, and realtime.messages has no partition until somebody joined a channel.

-- Roles ------------------------------------------------------------------------------------------------------

-- Roles belong to the whole cluster: a second database of it finds them made, the launcher has made those that
-- have a password, and both only get their attributes here.
do $$
declare
    role record;
begin
    for role in
        select * from (values
            ('anon', 'nologin noinherit'),
            ('authenticated', 'nologin noinherit'),
            ('service_role', 'nologin noinherit bypassrls'),
            ('authenticator', 'login noinherit'),
            ('supabase_auth_admin', 'login noinherit'),
            ('supabase_storage_admin', 'login noinherit'),
            ('supabase_realtime_admin', 'nologin noinherit'),
            ('postgres', 'login inherit nosuperuser createdb createrole bypassrls')
        ) as wanted (name, attributes)
    loop
        if not exists (select from pg_catalog.pg_roles where rolname = role.name) then
            execute format('create role %I', role.name);
        end if;
        execute format('alter role %I with %s', role.name, role.attributes);
    end loop;
end
$$;
grant anon, authenticated, service_role to authenticator;
grant anon, authenticated, service_role to postgres;

do $$
begin
    execute format('alter database %I owner to postgres', current_database());
    execute format('revoke connect, temporary on database %I from public', current_database());
    execute format('grant connect on database %I to authenticator, supabase_auth_admin, supabase_storage_admin',
                   current_database());
end
$$;
alter schema public owner to pg_database_owner;
revoke all on schema public from public;
grant usage on schema public to anon, authenticated, service_role;
grant create, usage on schema public to postgres;

-- auth -------------------------------------------------------------------------------------------------------

create schema auth authorization supabase_auth_admin;
grant usage on schema auth to anon, authenticated, service_role, postgres;

set role supabase_auth_admin;

create table auth.users (
    id uuid primary key default gen_random_uuid(),
    aud text not null default 'authenticated',
    role text not null default 'authenticated',
    email text,
    phone text,
    encrypted_password text,
    email_confirmed_at timestamptz,
    last_sign_in_at timestamptz,
    raw_app_meta_data jsonb not null default '{}',
    raw_user_meta_data jsonb not null default '{}',
    is_anonymous boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz
);
create unique index users_email_key on auth.users (lower(email));

create table auth.sessions (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users on delete cascade,
    created_at timestamptz not null default now(),
    refreshed_at timestamptz not null default now(),
    user_agent text
);
create index sessions_user_id on auth.sessions (user_id);

-- Only the hash of a refresh token is kept.
create table auth.refresh_tokens (
    id bigint generated always as identity primary key,
    token_hash bytea not null unique,
    parent bigint references auth.refresh_tokens on delete set null,
    session_id uuid not null references auth.sessions on delete cascade,
    user_id uuid not null references auth.users on delete cascade,
    revoked_at timestamptz,
    created_at timestamptz not null default now()
);
create index refresh_tokens_session_id on auth.refresh_tokens (session_id);

create function auth.jwt() returns jsonb language sql stable as $$
    select coalesce(
        nullif(current_setting('request.jwt.claim', true), ''),
        nullif(current_setting('request.jwt.claims', true), '')
    )::jsonb
$$;
create function auth.uid() returns uuid language sql stable as $$
    select coalesce(
        nullif(current_setting('request.jwt.claim.sub', true), ''),
        nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'
    )::uuid
$$;
create function auth.role() returns text language sql stable as $$
    select coalesce(
        nullif(current_setting('request.jwt.claim.role', true), ''),
        nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role'
    )
$$;
grant execute on function auth.jwt(), auth.uid(), auth.role() to anon, authenticated, service_role, postgres;
grant select, insert, update, delete, references, trigger on auth.users to postgres;

reset role;

-- realtime ---------------------------------------------------------------------------------------------------

create schema realtime;
grant usage on schema realtime to anon, authenticated, service_role, postgres, supabase_realtime_admin;

create table realtime.messages (
    id uuid not null default gen_random_uuid(),
    topic text not null,
    extension text not null,
    payload jsonb,
    event text,
    private boolean default false,
    updated_at timestamp without time zone not null default (now() at time zone 'utc'),
    inserted_at timestamp without time zone not null default (now() at time zone 'utc'),
    primary key (id, inserted_at)
) partition by range (inserted_at);
alter table realtime.messages owner to supabase_realtime_admin;
alter table realtime.messages enable row level security;
grant select, insert, update on realtime.messages to anon, authenticated, service_role, postgres;

create function realtime.topic() returns text language sql stable as $$
    select nullif(current_setting('realtime.topic', true), '')
$$;

-- Runs as its caller, like the hosted one: without INSERT on the table, or without a partition for today, the
-- message is gone and only a warning tells.
create function realtime.send(payload jsonb, event text, topic text, private boolean default true)
returns void language plpgsql as $$
declare
    message_id uuid := gen_random_uuid();
begin
    begin
        perform set_config('realtime.topic', topic, true);
        insert into realtime.messages (id, payload, event, topic, private, extension)
        values (
            message_id,
            case when payload ? 'id' then payload else jsonb_set(payload, '{id}', to_jsonb(message_id)) end,
            event, topic, private, 'broadcast'
        );
    exception when others then
        raise warning 'ErrorSendingBroadcastMessage: %', sqlerrm;
    end;
end
$$;
grant execute on function realtime.topic(), realtime.send(jsonb, text, text, boolean)
    to anon, authenticated, service_role, postgres;

-- How the server hears of them: announcements.sql.

-- The server calls this when a channel is joined and once a day: makes the partitions of today and the next
-- three days and drops those older than 72 hours.
create function realtime.maintain_partitions() returns void language plpgsql security definer
set search_path = '' as $$
declare
    today date := (pg_catalog.now() at time zone 'utc')::date;
    day date;
    old record;
begin
    perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('realtime.maintain_partitions'));
    for offset_days in 0 .. 3 loop
        day := today + offset_days;
        if pg_catalog.to_regclass(format('realtime.%I', 'messages_' || pg_catalog.to_char(day, 'YYYY_MM_DD'))) is null then
            execute format(
                'create table realtime.%I partition of realtime.messages for values from (%L) to (%L)',
                'messages_' || pg_catalog.to_char(day, 'YYYY_MM_DD'), day, day + 1
            );
        end if;
    end loop;
    for old in
        select c.relname from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'realtime.messages'::regclass
          and c.relname < 'messages_' || pg_catalog.to_char(today - 3, 'YYYY_MM_DD')
    loop
        execute format('drop table realtime.%I', old.relname);
    end loop;
end
$$;
revoke execute on function realtime.maintain_partitions() from public;

-- storage ----------------------------------------------------------------------------------------------------

create schema storage authorization supabase_storage_admin;
grant usage on schema storage to anon, authenticated, service_role, postgres;

set role supabase_storage_admin;

create table storage.buckets (
    id text primary key,
    name text not null unique,
    owner uuid,
    owner_id text,
    public boolean default false,
    file_size_limit bigint,
    allowed_mime_types text[],
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);
create table storage.objects (
    id uuid primary key default gen_random_uuid(),
    bucket_id text references storage.buckets,
    name text,
    owner uuid,
    owner_id text,
    version text,
    metadata jsonb,
    user_metadata jsonb,
    path_tokens text[] generated always as (string_to_array(name, '/')) stored,
    created_at timestamptz default now(),
    updated_at timestamptz default now(),
    last_accessed_at timestamptz default now()
);
create unique index bucketid_objname on storage.objects (bucket_id, name);
alter table storage.buckets enable row level security;
alter table storage.objects enable row level security;

create function storage.foldername(name text) returns text[] language sql immutable as $$
    select (string_to_array(name, '/'))[1 : array_length(string_to_array(name, '/'), 1) - 1]
$$;
create function storage.filename(name text) returns text language sql immutable as $$
    select (string_to_array(name, '/'))[array_length(string_to_array(name, '/'), 1)]
$$;
grant select, insert, update, delete on storage.buckets, storage.objects
    to anon, authenticated, service_role, postgres;

reset role;

-- What postgres may do there ---------------------------------------------------------------------------------

-- Policies need the owner's role; the guard takes back everything else that the membership would allow.
grant supabase_realtime_admin, supabase_storage_admin to postgres;

create function public.chatdesk_guard() returns event_trigger language plpgsql as $$
declare
    command record;
begin
    if current_user <> 'postgres' then
        return;
    end if;
    for command in select * from pg_event_trigger_ddl_commands() loop
        if command.schema_name in ('auth', 'realtime', 'storage')
           and command.command_tag not in ('CREATE POLICY', 'ALTER POLICY', 'CREATE TRIGGER', 'COMMENT') then
            raise exception 'must be owner of %', command.object_identity using errcode = '42501';
        end if;
    end loop;
end
$$;
alter function public.chatdesk_guard() set schema realtime;
revoke execute on function realtime.chatdesk_guard() from public;
create event trigger chatdesk_guard on ddl_command_end execute function realtime.chatdesk_guard();
