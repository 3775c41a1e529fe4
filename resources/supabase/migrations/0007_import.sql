-- ChatDesk, part 7: bringing conversations in from a file.
--
-- The only call that takes times and read marks from its caller, who becomes owner and author of everything.
-- It adds what is not there and changes nothing that is, so that a repeated import has no effect: the ids are
-- derived from the file by the client. It tells every window by one frame whose number leaves a gap; they pull.

-- Nobody can have a conversation open that was not there a moment ago, and whoever has one open that grows is
-- told by the hint: frames for single messages would only be a flood.
drop trigger broadcast_new_message on public.messages;
create trigger broadcast_new_message after insert on public.messages
    for each row when (current_setting('chatdesk.import', true) is distinct from 'on')
    execute function private.broadcast_message();

-- The messages of one conversation of the file, numbered as they stand there.
create function private.import_rows(p_messages jsonb) returns table (
    id uuid, parent_id uuid, replaces uuid, role text, content text, model text, usage jsonb, status text,
    error text, created_at timestamptz, updated_at timestamptz, n bigint
)
language sql stable set search_path = '' as $$
    select g.* from rows from (jsonb_to_recordset(p_messages) as (
        id uuid, parent_id uuid, replaces uuid, role text, content text, model text, usage jsonb, status text,
        error text, created_at timestamptz, updated_at timestamptz
    )) with ordinality as g
$$;

-- A time out of a file: not before 1970 and not in the future.
create function private.import_time(p_time timestamptz, p_otherwise timestamptz) returns timestamptz
language sql stable set search_path = '' as $$
    select least(greatest(coalesce(p_time, p_otherwise), 'epoch'), now())
$$;

-- Takes the next number for the caller without a frame.
create function private.note(p_user_id uuid, p_kind text, p_entity_id uuid, p_entity_revision bigint) returns void
language sql security definer set search_path = '' as $$
    with moved as (
        update private.user_counters c set revision = c.revision + 1
        where c.user_id = p_user_id
        returning c.revision
    )
    insert into public.user_changes as u
        (user_id, kind, entity_id, entity_revision, user_revision, removed)
    select p_user_id, p_kind, p_entity_id, p_entity_revision, moved.revision, false from moved
    on conflict (user_id, kind, entity_id) do update set
        entity_revision = excluded.entity_revision,
        user_revision = excluded.user_revision,
        removed = excluded.removed
$$;

-- Refuses messages that no conversation may hold, with a sentence about the first fault.
create function private.check_import(p_conversation_id uuid, p_messages jsonb) returns void
language plpgsql stable security definer set search_path = '' as $$
begin
    if exists (
        select from private.import_rows(p_messages) g
        where g.id is null or g.content is null
           or g.role is null or g.role not in ('user', 'assistant', 'system')
           or g.status is null or g.status not in ('complete', 'interrupted', 'error')
    ) then
        raise exception 'A message needs an id, a text, a role and a status.' using errcode = '22023';
    end if;
    perform private.check_length('message', g.content, 2000000), private.check_length('model', g.model, 200),
        private.check_length('error', g.error, 2000), private.check_length('usage', g.usage::text, 10000)
    from private.import_rows(p_messages) g;
    if exists (select from private.import_rows(p_messages) g group by g.id having count(*) > 1)
       or exists (
        select from private.import_rows(p_messages) g join public.messages m on m.id = g.id
        where m.conversation_id <> p_conversation_id
    ) then
        raise exception 'The id of a message is taken.' using errcode = '23505';
    end if;
    if exists (
        select from private.import_rows(p_messages) g
        where g.parent_id is not null
          and not exists (
            select from private.import_rows(p_messages) p where p.id = g.parent_id and p.n < g.n)
          and not exists (
            select from public.messages m where m.conversation_id = p_conversation_id and m.id = g.parent_id)
    ) then
        raise exception 'The message that a message answers is not in this conversation.' using errcode = '22023';
    end if;
    if exists (
        select from private.import_rows(p_messages) g
        where g.replaces is not null
          and not exists (
            select from private.import_rows(p_messages) p
            where p.id = g.replaces and p.n < g.n and p.replaces is null
              and p.parent_id is not distinct from g.parent_id)
          and not exists (
            select from public.messages m
            where m.conversation_id = p_conversation_id and m.id = g.replaces and m.replaces is null
              and m.parent_id is not distinct from g.parent_id)
    ) then
        raise exception 'The message that a message replaces is not in the same place.' using errcode = '22023';
    end if;
end
$$;

-- The conversation with those of the messages added that were not there; it must be locked or new.
create function private.import_messages(p_place public.conversations, p_messages jsonb)
returns public.conversations
language plpgsql security definer set search_path = '' as $$
declare
    caller uuid := private.caller();
    added bigint;
begin
    perform private.check_import(p_place.id, p_messages);
    insert into public.messages (
        id, conversation_id, parent_id, author_id, role, content, model, usage, status, error, seq, revision,
        created_at, updated_at, replaces)
    select
        g.id, p_place.id, g.parent_id, caller, g.role, g.content, g.model, g.usage, g.status, g.error,
        p_place.last_seq + row_number() over (order by g.n), p_place.revision + row_number() over (order by g.n),
        private.import_time(g.created_at, p_place.created_at),
        greatest(
            private.import_time(g.created_at, p_place.created_at),
            private.import_time(g.updated_at, g.created_at)),
        g.replaces
    from private.import_rows(p_messages) g
    where not exists (select from public.messages m where m.id = g.id);
    get diagnostics added = row_count;
    if added > 0 then
        -- It keeps its place in the list: nothing in it is news.
        update public.conversations c set revision = c.revision + added, last_seq = c.last_seq + added
        where c.id = p_place.id
        returning * into p_place;
    end if;
    return p_place;
end
$$;

-- p_conversations: [{id, title, model, system_prompt, temperature, created_at, updated_at, pinned, archived,
-- messages: [{id, parent_id, replaces, role, content, model, usage, status, error, created_at, updated_at}]}],
-- at most 200 conversations and 500 messages. A conversation may come in several calls. The answer names what
-- became of each: 'made', 'grown', 'same', 'gone' (deleted here before) or 'taken' (somebody else's id), with
-- the rows of those made.
create function private.import_conversations(p_conversations jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    caller uuid := private.caller();
    given record;
    place public.conversations;
    member public.conversation_members;
    last_revision bigint;
    state text;
    fates jsonb := '[]';
    written jsonb := '[]';
    made public.conversation_members[] := '{}';
    made_revisions bigint[] := '{}';
    grown public.conversations[] := '{}';
    readers public.conversation_members[] := '{}';
    audience uuid[] := array[caller];
begin
    if p_conversations is null or jsonb_typeof(p_conversations) <> 'array' then
        raise exception 'The conversations must be a JSON array.' using errcode = '22023';
    end if;
    if jsonb_array_length(p_conversations) > 200 or exists (
        select from jsonb_array_elements(p_conversations) c
        where jsonb_typeof(c) <> 'object' or coalesce(jsonb_typeof(c -> 'messages'), '') <> 'array'
    ) or (
        select sum(jsonb_array_length(c -> 'messages')) from jsonb_array_elements(p_conversations) c
    ) > 500 then
        raise exception 'The conversations must have messages, at most 500 in one call.' using errcode = '22023';
    end if;
    perform set_config('chatdesk.import', 'on', true);
    -- By id: two imports at once lock in the same order.
    for given in
        select r.*, c -> 'messages' as messages
        from jsonb_array_elements(p_conversations) with ordinality as e (c, n), jsonb_to_record(c) as r (
            id uuid, title text, model text, system_prompt text, temperature real, created_at timestamptz,
            updated_at timestamptz, pinned boolean, archived boolean)
        order by r.id, n
    loop
        if given.id is null or given.title is null then
            raise exception 'A conversation needs an id and a title.' using errcode = '22023';
        end if;
        perform private.check_length('title', given.title, 300);
        perform private.check_length('model', given.model, 200);
        perform private.check_length('system_prompt', given.system_prompt, 100000);
        place := null;
        member := null;
        insert into public.conversations (
            id, owner_id, title, model, system_prompt, temperature, created_at, updated_at)
        values (
            given.id, caller, given.title, given.model, given.system_prompt,
            private.check_temperature(given.temperature), private.import_time(given.created_at, now()),
            greatest(
                private.import_time(given.created_at, now()),
                private.import_time(given.updated_at, given.created_at)))
        on conflict (id) do nothing
        returning * into place;
        if place.id is not null then
            state := 'made';
            place := private.import_messages(place, given.messages);
            insert into public.conversation_members (
                conversation_id, user_id, role, last_read_seq, pinned, archived)
            values (
                place.id, caller, 'owner', place.last_seq, coalesce(given.pinned, false),
                coalesce(given.archived, false))
            returning * into member;
            made := array_append(made, member);
            made_revisions := array_append(made_revisions, place.revision);
            written := written || coalesce((
                select jsonb_agg(private.record_of(m) order by m.seq)
                from public.messages m where m.conversation_id = place.id), '[]');
        else
            select * into place from public.conversations c where c.id = given.id for no key update;
            select * into member from public.conversation_members m
            where m.conversation_id = given.id and m.user_id = caller;
            if place.owner_id is distinct from caller or member.user_id is null then
                state := 'taken';
            elsif place.deleted_at is not null then
                state := 'gone';
            else
                last_revision := place.revision;
                place := private.import_messages(place, given.messages);
                state := case when place.revision = last_revision then 'same' else 'grown' end;
            end if;
            if state = 'grown' then
                update public.conversation_members m set
                    last_read_seq = place.last_seq, revision = m.revision + 1
                where m.conversation_id = place.id and m.user_id = caller
                returning * into member;
                grown := array_append(grown, place);
                readers := array_append(readers, member);
                audience := audience || private.members_of(place.id);
            end if;
        end if;
        fates := fates || (jsonb_build_object('id', given.id, 'state', state) || case
            when state in ('made', 'grown', 'same') then jsonb_build_object(
                'conversation', private.record_of(place), 'membership', private.record_of(member))
            else '{}' end);
    end loop;
    perform set_config('chatdesk.import', '', true);
    if cardinality(made) + cardinality(grown) > 0 then
        perform private.lock_counters(array(select distinct unnest(audience)));
    end if;
    for each_one in 1 .. cardinality(made) loop
        member := made[each_one];
        perform private.note(caller, 'conversation', member.conversation_id, made_revisions[each_one]);
        if each_one < cardinality(made) then
            perform private.note(caller, 'membership', member.conversation_id, member.revision);
        else
            perform private.tell_membership(member);
        end if;
    end loop;
    for each_one in 1 .. cardinality(grown) loop
        place := grown[each_one];
        perform private.tell_hint(place, private.members_of(place.id));
        perform private.tell_membership(readers[each_one]);
    end loop;
    return jsonb_build_object('conversations', fates, 'messages', written);
end
$$;

create function public.import_conversations(p_conversations jsonb) returns jsonb
language sql set search_path = '' as $$ select private.import_conversations(p_conversations) $$;

-- PostgreSQL lets everybody call a new function, and older projects name the roles as well.
revoke execute on function
    public.import_conversations(jsonb), private.import_conversations(jsonb), private.import_rows(jsonb),
    private.import_time(timestamptz, timestamptz), private.note(uuid, text, uuid, bigint),
    private.check_import(uuid, jsonb), private.import_messages(public.conversations, jsonb)
from public, anon, authenticated, service_role;
grant execute on function public.import_conversations(jsonb), private.import_conversations(jsonb) to authenticated;
