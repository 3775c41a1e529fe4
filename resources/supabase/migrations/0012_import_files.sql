-- ChatDesk, part 12: files of imported messages.
--
-- A message of the file may name files, like one that is sent. Their bytes are in the bucket by then: the client
-- makes the conversation first, then puts the files there, and brings the messages last. 'foreign' marks what
-- somebody wrote who has no account here: it stays without an author.

create or replace function private.import_messages(p_place public.conversations, p_messages jsonb)
returns public.conversations
language plpgsql security definer set search_path = '' as $$
declare
    caller uuid := private.caller();
    added bigint;
begin
    perform private.check_import(p_place.id, p_messages);
    insert into public.messages (
        id, conversation_id, parent_id, author_id, role, content, model, usage, status, error, seq, revision,
        created_at, updated_at, replaces, attachments)
    select
        g.id, p_place.id, g.parent_id, case when given.message @> '{"foreign": true}' then null else caller end,
        g.role, g.content, g.model, g.usage, g.status, g.error,
        p_place.last_seq + row_number() over (order by g.n), p_place.revision + row_number() over (order by g.n),
        private.import_time(g.created_at, p_place.created_at),
        greatest(
            private.import_time(g.created_at, p_place.created_at),
            private.import_time(g.updated_at, g.created_at)),
        g.replaces, private.checked_attachments(p_place.id, g.id, given.message -> 'attachments')
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

-- A client needs the functions of every part up to its own number; each further part says its number here.
create or replace function public.schema_version() returns integer
language sql immutable set search_path = '' as $$ select 12 $$;
