-- ChatDesk, part 13: names of people whose words were brought along.
--
-- Whoever copies or imports a chat may say what the people were called who wrote in it and have no account here.
-- Such a name is a text: the message has no author, so that it is nobody's here and is never anybody's by a call.

alter table public.messages add column author_name text check (
    author_name is null or (author_id is null and role = 'user' and char_length(author_name) between 1 and 80));

create or replace function private.record_of(m public.messages) returns jsonb
language sql stable set search_path = '' as $$
    select jsonb_build_object(
        'id', m.id, 'conversation_id', m.conversation_id, 'parent_id', m.parent_id, 'author_id', m.author_id,
        'role', m.role, 'content', m.content, 'model', m.model, 'usage', m.usage, 'status', m.status,
        'error', m.error, 'seq', m.seq, 'revision', m.revision, 'created_at', m.created_at,
        'updated_at', m.updated_at, 'deleted_at', m.deleted_at, 'replaces', m.replaces,
        'attachments', m.attachments, 'author_name', m.author_name)
$$;

-- As before, with the name of who wrote a message that is 'foreign'. One's own messages carry none.
create or replace function private.import_messages(p_place public.conversations, p_messages jsonb)
returns public.conversations
language plpgsql security definer set search_path = '' as $$
declare
    caller uuid := private.caller();
    added bigint;
begin
    perform private.check_import(p_place.id, p_messages);
    if exists (
        select from jsonb_array_elements(p_messages) e (message)
        where e.message ->> 'author_name' is not null and not e.message @> '{"foreign": true, "role": "user"}'
    ) then
        raise exception 'Only words of somebody else carry a name.' using errcode = '22023';
    end if;
    if exists (
        select from jsonb_array_elements(p_messages) e (message)
        where e.message ->> 'author_name' is not null and (
            char_length(e.message ->> 'author_name') not between 1 and 80
            or e.message ->> 'author_name' <> btrim(e.message ->> 'author_name')
            -- What is shown beside a name stays where it is: nothing breaks the line or turns its direction.
            or e.message ->> 'author_name'
                ~ '[\u0001-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff]')
    ) then
        raise exception 'This cannot be the name of somebody.' using errcode = '22023';
    end if;
    insert into public.messages (
        id, conversation_id, parent_id, author_id, role, content, model, usage, status, error, seq, revision,
        created_at, updated_at, replaces, attachments, author_name)
    select
        g.id, p_place.id, g.parent_id, case when given.message @> '{"foreign": true}' then null else caller end,
        g.role, g.content, g.model, g.usage, g.status, g.error,
        p_place.last_seq + row_number() over (order by g.n),
        p_place.revision + row_number() over (order by g.n),
        private.import_time(g.created_at, p_place.created_at),
        greatest(
            private.import_time(g.created_at, p_place.created_at),
            private.import_time(g.updated_at, g.created_at)),
        g.replaces, private.checked_attachments(p_place.id, g.id, given.message -> 'attachments'),
        given.message ->> 'author_name'
    from private.import_rows(p_messages) g
    join jsonb_array_elements(p_messages) with ordinality as given (message, n) on given.n = g.n
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

create or replace function public.schema_version() returns integer
language sql immutable set search_path = '' as $$ select 13 $$;
