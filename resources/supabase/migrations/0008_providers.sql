-- ChatDesk, part 8: the providers of models that a person has set up.
--
-- Name, address and list of models are the same on all devices of a person. Keys, headers and proxies are not
-- here: they are secrets or belong to one device, and stay in its keyring.

create table public.provider_settings (
    user_id uuid not null references auth.users on delete cascade,
    id uuid not null,
    kind text not null check (kind ~ '^[a-z0-9_-]{1,40}$'),
    name text not null check (char_length(name) between 1 and 80),
    base_url text not null check (char_length(base_url) <= 500),
    models jsonb not null default '[]' check (jsonb_typeof(models) = 'array'),
    revision bigint not null default 1,
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    primary key (user_id, id)
);
comment on table public.provider_settings is
    'Where a person''s models are; no secrets. A removed one stays as a tombstone, so that no device keeps it.';

alter table public.provider_settings enable row level security;
revoke all on table public.provider_settings from public, anon, authenticated, service_role;
grant select on table public.provider_settings to authenticated;
create policy "People see their own providers" on public.provider_settings
    for select to authenticated using (user_id = (select auth.uid()));

alter table public.user_changes drop constraint user_changes_kind_check;
alter table public.user_changes add constraint user_changes_kind_check
    check (kind in ('profile', 'conversation', 'membership', 'provider'));

create function private.record_of(p public.provider_settings) returns jsonb
language sql stable set search_path = '' as $$
    select jsonb_build_object(
        'id', p.id, 'kind', p.kind, 'name', p.name, 'base_url', p.base_url, 'models', p.models,
        'revision', p.revision, 'updated_at', p.updated_at, 'deleted_at', p.deleted_at)
$$;

create function private.tell_provider(p public.provider_settings) returns void
language sql security definer set search_path = '' as $$
    select private.tell(array[p.user_id], 'provider', p.id, p.revision, 'entity',
        jsonb_build_object('record', private.frame_record(private.record_of(p))))
$$;

-- The list of models as it may be stored: up to 500 names of 1 to 160 characters.
create function private.check_models(p_models jsonb) returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
    if p_models is null or jsonb_typeof(p_models) <> 'array' or jsonb_array_length(p_models) > 500 then
        raise exception 'The models must be a list of up to 500 names.' using errcode = '22023';
    end if;
    if exists (
        select from jsonb_array_elements(p_models) as one(model)
        where jsonb_typeof(one.model) <> 'string' or char_length(one.model #>> '{}') not between 1 and 160
    ) then
        raise exception 'The name of a model has 1 to 160 characters.' using errcode = '22023';
    end if;
    return p_models;
end
$$;

-- Adds a provider or changes one: keys kind, name, base_url, models. A removed one stays removed, whatever a
-- device that did not know of it wanted to change: its tombstone is answered.
create function private.save_provider(p_id uuid, p_settings jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    caller uuid := private.caller();
    before public.provider_settings;
    after public.provider_settings;
begin
    perform private.check_updates(p_settings, array['kind', 'name', 'base_url', 'models']);
    if p_id is null then
        raise exception 'A provider needs an id.' using errcode = '22023';
    end if;
    select * into before from public.provider_settings p
    where p.user_id = caller and p.id = p_id for no key update;
    if before.deleted_at is not null then
        return jsonb_build_object('provider', private.record_of(before));
    end if;
    after := before;
    after.kind := private.text_of(p_settings, 'kind', before.kind, 40);
    after.name := private.text_of(p_settings, 'name', before.name, 80);
    after.base_url := private.text_of(p_settings, 'base_url', before.base_url, 500);
    after.models := private.check_models(coalesce(p_settings -> 'models', before.models, '[]'));
    if after.kind is null or after.kind !~ '^[a-z0-9_-]{1,40}$' or coalesce(after.name, '') = ''
       or after.base_url is null then
        raise exception 'A provider needs a kind, a name and an address.' using errcode = '22023';
    end if;
    if before.id is null then
        if (select count(*) from public.provider_settings p
            where p.user_id = caller and p.deleted_at is null) >= 100 then
            raise exception 'There are 100 providers already.' using errcode = '22023';
        end if;
        insert into public.provider_settings (user_id, id, kind, name, base_url, models)
        values (caller, p_id, after.kind, after.name, after.base_url, after.models)
        on conflict do nothing
        returning * into after;
        if after.id is null then
            -- Another device was quicker with the same one.
            return private.save_provider(p_id, p_settings);
        end if;
    elsif after is distinct from before then
        update public.provider_settings p set
            kind = after.kind, name = after.name, base_url = after.base_url, models = after.models,
            revision = p.revision + 1, updated_at = clock_timestamp()
        where p.user_id = caller and p.id = p_id
        returning * into after;
    else
        return jsonb_build_object('provider', private.record_of(before));
    end if;
    perform private.lock_counters(array[caller]);
    perform private.tell_provider(after);
    return jsonb_build_object('provider', private.record_of(after));
end
$$;

create function private.delete_provider(p_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    caller uuid := private.caller();
    gone public.provider_settings;
begin
    select * into gone from public.provider_settings p
    where p.user_id = caller and p.id = p_id for no key update;
    if gone.id is null then
        raise exception 'There is no such provider.' using errcode = '42501';
    end if;
    if gone.deleted_at is null then
        update public.provider_settings p set
            models = '[]', revision = p.revision + 1, updated_at = clock_timestamp(),
            deleted_at = clock_timestamp()
        where p.user_id = caller and p.id = p_id
        returning * into gone;
        perform private.lock_counters(array[caller]);
        perform private.tell_provider(gone);
    end if;
    return jsonb_build_object('provider', private.record_of(gone));
end
$$;

create function public.save_provider(p_id uuid, p_settings jsonb) returns jsonb
language sql set search_path = '' as $$ select private.save_provider(p_id, p_settings) $$;

create function public.delete_provider(p_id uuid) returns jsonb
language sql set search_path = '' as $$ select private.delete_provider(p_id) $$;

-- As before, and providers.
create or replace function private.pull_changes(p_after bigint, p_limit integer) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
    caller uuid := private.caller();
    counter bigint;
    change record;
    record_now jsonb;
    changes jsonb[] := '{}';
    reached bigint := coalesce(p_after, 0);
    bytes bigint := 0;
    more boolean := false;
begin
    select c.revision into counter from private.user_counters c where c.user_id = caller;
    for change in
        select u.kind, u.entity_id, u.entity_revision, u.user_revision, u.removed
        from public.user_changes u
        where u.user_id = caller and u.user_revision > coalesce(p_after, 0)
        order by u.user_revision
        limit private.page_limit(p_limit) + 1
    loop
        if cardinality(changes) >= private.page_limit(p_limit) or bytes > 1000000 then
            more := true;
            exit;
        end if;
        record_now := null;
        if not change.removed then
            case change.kind
                when 'profile' then
                    select private.record_of(p) into record_now
                    from public.profiles p where p.id = change.entity_id and private.knows(p.id);
                when 'conversation' then
                    select private.record_of(c) into record_now
                    from public.conversations c
                    join public.conversation_members m on m.conversation_id = c.id and m.user_id = caller
                    where c.id = change.entity_id;
                when 'membership' then
                    select private.record_of(m) into record_now
                    from public.conversation_members m
                    where m.conversation_id = change.entity_id and m.user_id = caller;
                when 'provider' then
                    select private.record_of(p) into record_now
                    from public.provider_settings p where p.user_id = caller and p.id = change.entity_id;
            end case;
        end if;
        changes := array_append(changes, jsonb_build_object(
            'kind', change.kind, 'entity_id', change.entity_id, 'entity_revision', change.entity_revision,
            'user_revision', change.user_revision,
            -- What the caller may not see any more is gone for them, whoever took it away.
            'removed', change.removed or record_now is null,
            'record', record_now));
        bytes := bytes + coalesce(octet_length(record_now::text), 0) + 200;
        reached := change.user_revision;
    end loop;
    return jsonb_build_object(
        'changes', to_jsonb(changes),
        'cursor', case when more then reached else coalesce(counter, 0) end,
        'more', more);
end
$$;

revoke execute on function
    private.record_of(public.provider_settings), private.tell_provider(public.provider_settings),
    private.check_models(jsonb), private.save_provider(uuid, jsonb), private.delete_provider(uuid),
    public.save_provider(uuid, jsonb), public.delete_provider(uuid)
from public, anon, authenticated, service_role;
grant execute on function
    private.save_provider(uuid, jsonb), private.delete_provider(uuid),
    public.save_provider(uuid, jsonb), public.delete_provider(uuid)
to authenticated;

-- A client needs the functions of every part up to its own number; each further part says its number here.
create or replace function public.schema_version() returns integer
language sql immutable set search_path = '' as $$ select 8 $$;
