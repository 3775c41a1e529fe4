-- ChatDesk, part 3 of 4: every change, the numbers it takes, and who is told of it.
--
-- All functions here are definer functions in schema private; the calls of part 4 are the only way to them.
-- Each checks its caller before it locks anything, so that a stranger makes nobody wait, and again afterwards.
--
-- Locks are taken in this order, or two writers wait for each other for ever:
--   1. conversations by id   2. the row itself: membership, profile, message, run
--   3. all user counters the transaction will move, in one go, by user id
-- and never FOR UPDATE, which would also hold up foreign keys.

-- Small parts ------------------------------------------------------------------------------------------------

create function private.caller() returns uuid
language plpgsql stable security definer set search_path = '' as $$
declare
    caller uuid := auth.uid();
begin
    if caller is null then
        raise exception 'Sign in first.' using errcode = '42501';
    end if;
    return caller;
end
$$;

-- Refuses changes that are no JSON object or name something unknown.
create function private.check_updates(p_updates jsonb, p_known text[]) returns void
language plpgsql immutable set search_path = '' as $$
declare
    unknown text;
begin
    if p_updates is null or jsonb_typeof(p_updates) <> 'object' then
        raise exception 'The changes must be a JSON object.' using errcode = '22023';
    end if;
    select key into unknown from jsonb_object_keys(p_updates) as key where key <> all (p_known) limit 1;
    if unknown is not null then
        raise exception '"%" cannot be changed.', left(unknown, 60) using errcode = '22023';
    end if;
end
$$;

-- One value of the changes: as text, or null; refuses other types of JSON. A missing key keeps p_current.
create function private.text_of(p_updates jsonb, p_key text, p_current text, p_limit integer) returns text
language plpgsql immutable set search_path = '' as $$
declare
    value text := p_updates ->> p_key;
begin
    if not p_updates ? p_key then
        return p_current;
    end if;
    if jsonb_typeof(p_updates -> p_key) not in ('string', 'null') then
        raise exception 'The value of "%" must be a text.', p_key using errcode = '22023';
    end if;
    perform private.check_length(p_key, value, p_limit);
    return value;
end
$$;

create function private.check_length(p_name text, p_value text, p_limit integer) returns void
language plpgsql immutable set search_path = '' as $$
begin
    if char_length(p_value) > p_limit then
        raise exception 'The % is longer than % characters.', replace(p_name, '_', ' '), p_limit
            using errcode = '22023';
    end if;
end
$$;

create function private.check_temperature(p_temperature real) returns real
language plpgsql immutable set search_path = '' as $$
begin
    if p_temperature is not null and not p_temperature between 0 and 2 then
        raise exception 'The temperature must be between 0 and 2.' using errcode = '22023';
    end if;
    return p_temperature;
end
$$;

-- Rows as clients get them, in answers, pulls and frames alike ------------------------------------------------

create function private.record_of(p public.profiles) returns jsonb
language sql stable set search_path = '' as $$
    select jsonb_build_object(
        'id', p.id, 'username', p.username, 'display_name', p.display_name, 'avatar_path', p.avatar_path,
        'revision', p.revision, 'updated_at', p.updated_at)
$$;

create function private.record_of(c public.conversations) returns jsonb
language sql stable set search_path = '' as $$
    select jsonb_build_object(
        'id', c.id, 'owner_id', c.owner_id, 'title', c.title, 'model', c.model,
        'system_prompt', c.system_prompt, 'temperature', c.temperature, 'last_seq', c.last_seq,
        'revision', c.revision, 'epoch', c.epoch, 'created_at', c.created_at, 'updated_at', c.updated_at,
        'deleted_at', c.deleted_at)
$$;

create function private.record_of(m public.conversation_members) returns jsonb
language sql stable set search_path = '' as $$
    select jsonb_build_object(
        'conversation_id', m.conversation_id, 'user_id', m.user_id, 'role', m.role,
        'last_read_seq', m.last_read_seq, 'pinned', m.pinned, 'archived', m.archived, 'revision', m.revision)
$$;

create function private.record_of(m public.messages) returns jsonb
language sql stable set search_path = '' as $$
    select jsonb_build_object(
        'id', m.id, 'conversation_id', m.conversation_id, 'parent_id', m.parent_id, 'author_id', m.author_id,
        'role', m.role, 'content', m.content, 'model', m.model, 'usage', m.usage, 'status', m.status,
        'error', m.error, 'seq', m.seq, 'revision', m.revision, 'created_at', m.created_at,
        'updated_at', m.updated_at, 'deleted_at', m.deleted_at)
$$;

create function private.record_of(g public.generations) returns jsonb
language sql stable set search_path = '' as $$
    select jsonb_build_object(
        'id', g.id, 'conversation_id', g.conversation_id, 'message_id', g.message_id, 'reply_to', g.reply_to,
        'attempt', g.attempt, 'holder', g.holder, 'fence', g.fence, 'state', g.state,
        'stop_requested', g.stop_requested, 'expires_at', g.expires_at)
$$;

-- A frame over the smallest hosted limit would vanish: a large record stays out of it and is pulled.
create function private.frame_record(p_record jsonb) returns jsonb
language sql immutable set search_path = '' as $$
    select case when octet_length(p_record::text) <= 65536 then p_record end
$$;

-- Telling ----------------------------------------------------------------------------------------------------

-- Locks the counters of everybody who will be told in this transaction; the last locks it takes.
create function private.lock_counters(p_users uuid[]) returns void
language plpgsql security definer set search_path = '' as $$
begin
    insert into private.user_counters (user_id)
    select missing from unnest(p_users) as missing
    where not exists (select from private.user_counters c where c.user_id = missing)
    order by missing
    on conflict do nothing;
    perform c.user_id from private.user_counters c
    where c.user_id = any (p_users)
    order by c.user_id
    for no key update;
end
$$;

-- Gives each of the users, whose counters are locked, the next number for the entity, and sends the frame.
create function private.tell(
    p_users uuid[], p_kind text, p_entity_id uuid, p_entity_revision bigint, p_event text, p_body jsonb,
    p_removed boolean default false
) returns void
language plpgsql security definer set search_path = '' as $$
declare
    told record;
begin
    for told in
        with moved as (
            update private.user_counters c set revision = c.revision + 1
            where c.user_id = any (p_users)
            returning c.user_id, c.revision
        ), noted as (
            insert into public.user_changes as u
                (user_id, kind, entity_id, entity_revision, user_revision, removed)
            select moved.user_id, p_kind, p_entity_id, p_entity_revision, moved.revision, p_removed from moved
            on conflict (user_id, kind, entity_id) do update set
                entity_revision = excluded.entity_revision,
                user_revision = excluded.user_revision,
                removed = excluded.removed
            returning u.user_id, u.user_revision
        )
        select noted.user_id, noted.user_revision from noted order by noted.user_id
    loop
        perform realtime.send(
            jsonb_build_object(
                'kind', p_kind, 'entity_id', p_entity_id, 'entity_revision', p_entity_revision,
                'user_revision', told.user_revision, 'removed', p_removed) || p_body,
            p_event, 'user:' || told.user_id, true);
    end loop;
end
$$;

create function private.members_of(p_conversation_id uuid) returns uuid[]
language sql stable security definer set search_path = '' as $$
    select coalesce(array_agg(m.user_id order by m.user_id), '{}')
    from public.conversation_members m where m.conversation_id = p_conversation_id
$$;

-- The conversation itself changed.
create function private.tell_conversation(c public.conversations, p_users uuid[]) returns void
language sql security definer set search_path = '' as $$
    select private.tell(p_users, 'conversation', c.id, c.revision, 'entity',
        jsonb_build_object('record', private.frame_record(private.record_of(c))))
$$;

-- One of its messages changed: lists need no more than this, and who has it open gets the message's own frame.
create function private.tell_hint(c public.conversations, p_users uuid[]) returns void
language sql security definer set search_path = '' as $$
    select private.tell(p_users, 'conversation', c.id, c.revision, 'hint',
        jsonb_build_object('last_seq', c.last_seq, 'updated_at', c.updated_at))
$$;

create function private.tell_membership(m public.conversation_members) returns void
language sql security definer set search_path = '' as $$
    select private.tell(array[m.user_id], 'membership', m.conversation_id, m.revision, 'entity',
        jsonb_build_object('record', private.record_of(m)))
$$;

create function private.tell_profile(p public.profiles, p_users uuid[]) returns void
language sql security definer set search_path = '' as $$
    select private.tell(p_users, 'profile', p.id, p.revision, 'entity',
        jsonb_build_object('record', private.frame_record(private.record_of(p))))
$$;

-- Every message that takes a number goes to those who have the conversation open.
create function private.broadcast_message() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
    epoch bigint;
begin
    select c.epoch into epoch from public.conversations c where c.id = new.conversation_id;
    perform realtime.send(
        jsonb_build_object(
            'conversation_id', new.conversation_id, 'message_id', new.id, 'revision', new.revision,
            'record', private.frame_record(private.record_of(new))),
        'message', 'conversation:' || new.conversation_id || ':' || epoch, true);
    return null;
end
$$;
create trigger broadcast_new_message after insert on public.messages
    for each row execute function private.broadcast_message();
create trigger broadcast_changed_message after update on public.messages
    for each row when (old.revision is distinct from new.revision) execute function private.broadcast_message();

-- People -----------------------------------------------------------------------------------------------------

create function private.make_profile(p_user_id uuid, p_traits jsonb) returns public.profiles
language plpgsql security definer set search_path = '' as $$
declare
    made public.profiles;
    name text := coalesce(p_traits ->> 'display_name', p_traits ->> 'full_name', p_traits ->> 'name', '');
    wish text := lower(coalesce(p_traits ->> 'username', p_traits ->> 'user_name'));
begin
    name := left(btrim(regexp_replace(name, '[[:cntrl:]]', ' ', 'g')), 80);
    if wish is null or wish !~ '^[a-z0-9_]{3,30}$' then
        wish := null;
    end if;
    -- A name that is taken gets a suffix; the last try goes without one.
    foreach wish in array array[
        wish, left(wish, 23) || '_' || left(md5(p_user_id::text), 6), null
    ] loop
        begin
            insert into public.profiles (id, username, display_name) values (p_user_id, wish, name)
            on conflict (id) do nothing
            returning * into made;
            exit;
        exception when unique_violation then
            continue;
        end;
    end loop;
    if made.id is not null then
        perform private.lock_counters(array[p_user_id]);
        perform private.tell_profile(made, array[p_user_id]);
    else
        select * into made from public.profiles p where p.id = p_user_id;
    end if;
    return made;
end
$$;

-- Nothing that goes wrong here may stop somebody from signing up; ensure_profile() makes up for it.
create function private.on_sign_up() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    perform private.make_profile(new.id, new.raw_user_meta_data);
    return null;
exception when others then
    raise warning 'The profile of % was not made: %', new.id, sqlerrm;
    return null;
end
$$;
create trigger chatdesk_on_sign_up after insert on auth.users
    for each row execute function private.on_sign_up();

create function private.ensure_profile() returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    caller uuid := private.caller();
    found_profile public.profiles;
    traits jsonb;
begin
    select * into found_profile from public.profiles p where p.id = caller;
    if found_profile.id is null then
        select coalesce(u.raw_user_meta_data, '{}') into traits from auth.users u where u.id = caller;
        if traits is null then
            raise exception 'This account no longer exists.' using errcode = '42501';
        end if;
        found_profile := private.make_profile(caller, traits);
    end if;
    return jsonb_build_object('profile', private.record_of(found_profile));
end
$$;

create function private.update_profile(p_updates jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    caller uuid := private.caller();
    before public.profiles;
    after public.profiles;
    audience uuid[];
begin
    perform private.check_updates(p_updates, array['username', 'display_name', 'avatar_path']);
    perform private.ensure_profile();
    select * into before from public.profiles p where p.id = caller for no key update;
    after := before;
    after.username := private.text_of(p_updates, 'username', before.username, 30);
    after.display_name := coalesce(private.text_of(p_updates, 'display_name', before.display_name, 80), '');
    after.avatar_path := private.text_of(p_updates, 'avatar_path', before.avatar_path, 300);
    if after.username !~ '^[a-z0-9_]{3,30}$' then
        raise exception 'A user name has 3 to 30 of a-z, 0-9 and _.' using errcode = '22023';
    end if;
    if after.avatar_path is distinct from before.avatar_path
       and private.avatar_owner(after.avatar_path) is distinct from caller and after.avatar_path is not null then
        raise exception 'The avatar must be in your own folder.' using errcode = '22023';
    end if;
    if after is not distinct from before then
        return jsonb_build_object('profile', private.record_of(before));
    end if;
    begin
        update public.profiles p set
            username = after.username, display_name = after.display_name, avatar_path = after.avatar_path,
            revision = p.revision + 1, updated_at = clock_timestamp()
        where p.id = caller
        returning * into after;
    exception when unique_violation then
        raise exception 'The user name "%" is taken.', after.username using errcode = '23505';
    end;
    select array_agg(distinct m.user_id) into audience
    from public.conversation_members mine
    join public.conversations c on c.id = mine.conversation_id and c.deleted_at is null
    join public.conversation_members m on m.conversation_id = mine.conversation_id
    where mine.user_id = caller;
    audience := array_append(array_remove(audience, caller), caller);
    perform private.lock_counters(audience);
    perform private.tell_profile(after, audience);
    return jsonb_build_object('profile', private.record_of(after));
end
$$;

-- Conversations ----------------------------------------------------------------------------------------------

-- The conversation, locked, when the caller is a member with one of the roles; 42501 otherwise, with the same
-- words for one that does not exist. A deleted one is refused unless p_deleted.
create function private.lock_conversation(p_id uuid, p_roles text[], p_deleted boolean default false)
returns public.conversations
language plpgsql security definer set search_path = '' as $$
declare
    caller uuid := private.caller();
    locked public.conversations;
    member_role text;
begin
    for look in 1 .. 2 loop
        select m.role into member_role from public.conversation_members m
        where m.conversation_id = p_id and m.user_id = caller;
        if member_role is null then
            raise exception 'You are not a member of this conversation.' using errcode = '42501';
        end if;
        if member_role <> all (p_roles) then
            raise exception 'You may not do this in this conversation.' using errcode = '42501';
        end if;
        if look = 1 then
            select * into locked from public.conversations c where c.id = p_id for no key update;
        end if;
    end loop;
    if locked.deleted_at is not null and not p_deleted then
        raise exception 'This conversation was deleted.' using errcode = '42501';
    end if;
    return locked;
end
$$;

create function private.create_conversation(
    p_id uuid, p_title text, p_model text, p_system_prompt text, p_temperature real
) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    caller uuid := private.caller();
    made public.conversations;
    member public.conversation_members;
begin
    if p_id is null or p_title is null then
        raise exception 'A conversation needs an id and a title.' using errcode = '22023';
    end if;
    perform private.check_length('title', p_title, 300);
    perform private.check_length('model', p_model, 200);
    perform private.check_length('system_prompt', p_system_prompt, 100000);
    insert into public.conversations (id, owner_id, title, model, system_prompt, temperature)
    values (p_id, caller, p_title, p_model, p_system_prompt, private.check_temperature(p_temperature))
    on conflict (id) do nothing
    returning * into made;
    if made.id is null then
        -- Sent again: the same person's id is the same conversation, whatever has become of it since.
        select * into made from public.conversations c where c.id = p_id and c.owner_id = caller;
        select * into member from public.conversation_members m
        where m.conversation_id = p_id and m.user_id = caller;
        if made.id is null or member.user_id is null then
            raise exception 'The id of this conversation is taken.' using errcode = '23505';
        end if;
    else
        insert into public.conversation_members (conversation_id, user_id, role)
        values (p_id, caller, 'owner') returning * into member;
        perform private.lock_counters(array[caller]);
        perform private.tell_conversation(made, array[caller]);
        perform private.tell_membership(member);
    end if;
    return jsonb_build_object(
        'conversation', private.record_of(made), 'membership', private.record_of(member));
end
$$;

create function private.update_conversation(p_id uuid, p_updates jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    before public.conversations;
    after public.conversations;
    members uuid[];
begin
    perform private.check_updates(p_updates, array['title', 'model', 'system_prompt', 'temperature']);
    before := private.lock_conversation(p_id, array['owner', 'editor']);
    after := before;
    after.title := private.text_of(p_updates, 'title', before.title, 300);
    after.model := private.text_of(p_updates, 'model', before.model, 200);
    after.system_prompt := private.text_of(p_updates, 'system_prompt', before.system_prompt, 100000);
    if after.title is null then
        raise exception 'A conversation needs a title.' using errcode = '22023';
    end if;
    if p_updates ? 'temperature' then
        if jsonb_typeof(p_updates -> 'temperature') not in ('number', 'null') then
            raise exception 'The temperature must be a number.' using errcode = '22023';
        end if;
        after.temperature := private.check_temperature((p_updates ->> 'temperature')::real);
    end if;
    if after is distinct from before then
        update public.conversations c set
            title = after.title, model = after.model, system_prompt = after.system_prompt,
            temperature = after.temperature, revision = c.revision + 1,
            -- It orders the list, so only what people see as news moves it.
            updated_at = case when after.title = before.title then c.updated_at
                              else clock_timestamp() end
        where c.id = p_id
        returning * into after;
        members := private.members_of(p_id);
        perform private.lock_counters(members);
        perform private.tell_conversation(after, members);
    end if;
    return jsonb_build_object('conversation', private.record_of(after));
end
$$;

create function private.delete_conversation(p_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    gone public.conversations := private.lock_conversation(p_id, array['owner'], true);
    members uuid[];
begin
    if gone.deleted_at is null then
        update public.conversations c set
            title = '', system_prompt = null, revision = c.revision + 1,
            deleted_at = clock_timestamp(), updated_at = clock_timestamp()
        where c.id = p_id
        returning * into gone;
        update public.generations g set state = 'stopped', stop_requested = true
        where g.conversation_id = p_id and g.state = 'running';
        -- No words stay behind. The messages take no numbers: nobody may read them any more.
        update public.messages m set
            content = '', usage = null, error = null, deleted_at = gone.deleted_at,
            status = case when m.status = 'streaming' then 'interrupted' else m.status end
        where m.conversation_id = p_id and m.deleted_at is null;
        members := private.members_of(p_id);
        perform private.lock_counters(members);
        perform private.tell_conversation(gone, members);
    end if;
    return jsonb_build_object('conversation', private.record_of(gone));
end
$$;

-- Members ----------------------------------------------------------------------------------------------------

create function private.update_membership(p_conversation_id uuid, p_updates jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    caller uuid := private.caller();
    before public.conversation_members;
    after public.conversation_members;
    key text;
begin
    perform private.check_updates(p_updates, array['pinned', 'archived', 'last_read_seq']);
    foreach key in array array['pinned', 'archived'] loop
        if p_updates ? key and jsonb_typeof(p_updates -> key) <> 'boolean' then
            raise exception 'The value of "%" must be true or false.', key using errcode = '22023';
        end if;
    end loop;
    if p_updates ? 'last_read_seq' and jsonb_typeof(p_updates -> 'last_read_seq') <> 'number' then
        raise exception 'The value of "last_read_seq" must be a number.' using errcode = '22023';
    end if;
    if not private.is_member(p_conversation_id) then
        raise exception 'You are not a member of this conversation.' using errcode = '42501';
    end if;
    select * into before from public.conversation_members m
    where m.conversation_id = p_conversation_id and m.user_id = caller
    for no key update;
    if before.user_id is null then
        raise exception 'You are not a member of this conversation.' using errcode = '42501';
    end if;
    after := before;
    after.pinned := coalesce((p_updates ->> 'pinned')::boolean, before.pinned);
    after.archived := coalesce((p_updates ->> 'archived')::boolean, before.archived);
    -- Reading goes forward only, and not past the end.
    if p_updates ? 'last_read_seq' then
        after.last_read_seq := greatest(before.last_read_seq, least(
            trunc((p_updates ->> 'last_read_seq')::numeric),
            (select c.last_seq from public.conversations c where c.id = p_conversation_id)));
    end if;
    if after is distinct from before then
        update public.conversation_members m set
            pinned = after.pinned, archived = after.archived, last_read_seq = after.last_read_seq,
            revision = m.revision + 1
        where m.conversation_id = p_conversation_id and m.user_id = caller
        returning * into after;
        perform private.lock_counters(array[caller]);
        perform private.tell_membership(after);
    end if;
    return jsonb_build_object('membership', private.record_of(after));
end
$$;

-- No call leads here yet: invitations will.
create function private.add_member(p_conversation_id uuid, p_user_id uuid, p_role text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    joined public.conversations := private.lock_conversation(p_conversation_id, array['owner']);
    member public.conversation_members;
    person public.profiles;
    members uuid[];
begin
    if p_role is null or p_role not in ('editor', 'viewer') then
        raise exception 'A new member is an editor or a viewer.' using errcode = '22023';
    end if;
    -- Who comes back goes on counting where they left, so that nobody takes the news for old.
    insert into public.conversation_members (conversation_id, user_id, role, last_read_seq, revision)
    select p_conversation_id, p_user_id, p_role, joined.last_seq, 1 + coalesce((
        select u.entity_revision from public.user_changes u
        where u.user_id = p_user_id and u.kind = 'membership' and u.entity_id = p_conversation_id), 0)
    on conflict do nothing
    returning * into member;
    if member.user_id is null then
        raise exception 'This person is a member already.' using errcode = '23505';
    end if;
    members := private.members_of(p_conversation_id);
    -- Held until the end: a profile that changes meanwhile is told to the new circle by its own change.
    perform p.id from public.profiles p where p.id = any (members) order by p.id for share;
    perform private.lock_counters(members);
    perform private.tell_conversation(joined, array[p_user_id]);
    perform private.tell_membership(member);
    for person in select * from public.profiles p where p.id = any (members) and p.id <> p_user_id order by p.id loop
        perform private.tell_profile(person, array[p_user_id]);
    end loop;
    select * into person from public.profiles p where p.id = p_user_id;
    if person.id is not null then
        perform private.tell_profile(person, array_remove(members, p_user_id));
    end if;
    return jsonb_build_object('membership', private.record_of(member));
end
$$;

-- Takes somebody out (the owner does) or leaves (anybody but the owner). No call leads here yet.
create function private.remove_member(p_conversation_id uuid, p_user_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    caller uuid := private.caller();
    left_one public.conversations := private.lock_conversation(
        p_conversation_id,
        case when p_user_id = caller then array['editor', 'viewer'] else array['owner'] end);
    member public.conversation_members;
    members uuid[];
    nothing jsonb := '{"record": null}';
begin
    delete from public.conversation_members m
    where m.conversation_id = p_conversation_id and m.user_id = p_user_id
    returning * into member;
    if member.user_id is null then
        return jsonb_build_object('conversation', private.record_of(left_one));
    end if;
    -- The old channels still have the removed person in them; the others move on to new ones.
    update public.conversations c set epoch = c.epoch + 1, revision = c.revision + 1
    where c.id = p_conversation_id
    returning * into left_one;
    members := private.members_of(p_conversation_id);
    perform private.lock_counters(array_append(members, p_user_id));
    perform private.tell_conversation(left_one, members);
    perform private.tell(
        array[p_user_id], 'conversation', left_one.id, left_one.revision, 'entity', nothing, true);
    perform private.tell(
        array[p_user_id], 'membership', left_one.id, member.revision + 1, 'entity', nothing, true);
    return jsonb_build_object('conversation', private.record_of(left_one));
end
$$;

-- People who signed up before ChatDesk came ------------------------------------------------------------------

do $$
begin
    perform private.make_profile(u.id, u.raw_user_meta_data)
    from auth.users u
    where not exists (select from public.profiles p where p.id = u.id);
end
$$;

-- Nobody calls these but the calls of part 4.
revoke execute on all functions in schema private from public, anon, service_role;
