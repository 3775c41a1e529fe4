-- ChatDesk, part 6: files on messages.
--
-- The bytes lie in the private bucket 'attachments' under '<conversation id>/<message id>/<place>.<kind>'; the
-- message names them. They are uploaded first and the message is sent afterwards, so that no message names a
-- file that is not there. Whoever reads the message may read its files; until it is sent, its author only.

alter table public.messages add column attachments jsonb not null default '[]'
    check (jsonb_typeof(attachments) = 'array');
comment on column public.messages.attachments is
    'Files in the bucket of the same name: [{name, path, media_type, size, width, height}].';

-- The conversation and the message that a file belongs to; null for any other name.
create function private.attachment_place(p_name text) returns uuid[]
language sql immutable set search_path = '' as $$
    select case
        when p_name ~ '^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/){2}[0-9]{1,2}[.](png|jpg|webp|gif|txt)$'
            then array[left(p_name, 36)::uuid, substr(p_name, 38, 36)::uuid]
    end
$$;

-- The list as it is stored; raises 22023 for anything that is not one.
create function private.checked_attachments(
    p_conversation_id uuid, p_message_id uuid, p_attachments jsonb
) returns jsonb
language plpgsql immutable set search_path = '' as $$
declare
    one jsonb;
    kept jsonb := '[]';
    paths text[] := '{}';
    total bigint := 0;
    sound boolean;
begin
    if p_attachments is null or p_attachments = 'null'::jsonb then
        return kept;
    end if;
    if jsonb_typeof(p_attachments) <> 'array' or jsonb_array_length(p_attachments) > 10 then
        raise exception 'A message takes a list of at most 10 files.' using errcode = '22023';
    end if;
    for one in select * from jsonb_array_elements(p_attachments) loop
        sound := jsonb_typeof(one) = 'object'
            and jsonb_typeof(one -> 'name') = 'string' and char_length(one ->> 'name') between 1 and 200
            and jsonb_typeof(one -> 'path') = 'string' and not (one ->> 'path') = any (paths)
            and private.attachment_place(one ->> 'path') = array[p_conversation_id, p_message_id]
            and (one ->> 'media_type') in ('image/png', 'image/jpeg', 'image/webp', 'image/gif', 'text/plain')
            and jsonb_typeof(one -> 'size') = 'number' and (one ->> 'size') ~ '^[0-9]{1,8}$'
            and coalesce(one ->> 'width', '1') ~ '^[0-9]{1,6}$'
            and coalesce(one ->> 'height', '1') ~ '^[0-9]{1,6}$';
        if sound is not true then
            raise exception 'One of the files of this message is not described as it must be.'
                using errcode = '22023';
        end if;
        paths := paths || (one ->> 'path');
        total := total + (one ->> 'size')::bigint;
        kept := kept || jsonb_build_array(jsonb_build_object(
            'name', one -> 'name', 'path', one -> 'path', 'media_type', one -> 'media_type',
            'size', one -> 'size', 'width', (one ->> 'width')::integer, 'height', (one ->> 'height')::integer));
    end loop;
    if total > 20971520 then
        raise exception 'The files of a message are 20 MB at most.' using errcode = '22023';
    end if;
    return kept;
end
$$;

-- A deleted message names no files, whichever call deleted it.
create function private.drop_attachments() returns trigger
language plpgsql set search_path = '' as $$
begin
    new.attachments := '[]';
    return new;
end
$$;
create trigger deleted_message_names_no_files before update on public.messages
    for each row when (new.deleted_at is not null and new.attachments <> '[]')
    execute function private.drop_attachments();

create or replace function private.record_of(m public.messages) returns jsonb
language sql stable set search_path = '' as $$
    select jsonb_build_object(
        'id', m.id, 'conversation_id', m.conversation_id, 'parent_id', m.parent_id, 'author_id', m.author_id,
        'role', m.role, 'content', m.content, 'model', m.model, 'usage', m.usage, 'status', m.status,
        'error', m.error, 'seq', m.seq, 'revision', m.revision, 'created_at', m.created_at,
        'updated_at', m.updated_at, 'deleted_at', m.deleted_at, 'replaces', m.replaces,
        'attachments', m.attachments)
$$;

-- The call for sending, with one argument more; as before, the old one goes.
drop function public.send_message(uuid, uuid, uuid, text, text, text, uuid);
drop function private.send_message(uuid, uuid, uuid, text, text, text, uuid);

create function private.send_message(
    p_id uuid, p_conversation_id uuid, p_parent_id uuid, p_role text, p_content text, p_model text,
    p_replaces uuid, p_attachments jsonb
) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    caller uuid := private.caller();
    place public.conversations;
    sent public.messages;
    replaced public.messages;
    member public.conversation_members;
    files jsonb := private.checked_attachments(p_conversation_id, p_id, p_attachments);
begin
    if p_id is null or p_content is null or p_role is null or p_role not in ('user', 'assistant', 'system') then
        raise exception 'A message needs an id, a text, and a role: user, assistant or system.'
            using errcode = '22023';
    end if;
    perform private.check_length('message', p_content, 2000000);
    perform private.check_length('model', p_model, 200);
    place := private.lock_conversation(p_conversation_id, array['owner', 'editor']);

    select * into replaced from public.messages m
    where m.conversation_id = p_conversation_id and m.id = p_replaces;
    select * into sent from public.messages m where m.id = p_id;
    if sent.id is not null then
        -- Sent again, perhaps after its deletion: answered, but nothing happens.
        if sent.author_id is distinct from caller
           or sent.conversation_id <> p_conversation_id
           or sent.parent_id is distinct from p_parent_id
           or sent.role <> p_role
           or sent.replaces is distinct from coalesce(replaced.replaces, replaced.id)
           or ((sent.content <> p_content or sent.attachments <> files) and sent.deleted_at is null) then
            raise exception 'The id of this message is taken.' using errcode = '23505';
        end if;
        select * into member from public.conversation_members m
        where m.conversation_id = p_conversation_id and m.user_id = caller;
    else
        if p_parent_id is not null and not exists (
            select from public.messages m where m.conversation_id = p_conversation_id and m.id = p_parent_id
        ) then
            raise exception 'The message that this one answers is not in this conversation.'
                using errcode = '22023';
        end if;
        -- A version stands where the other one stands, or it would take away what is not its own.
        if p_replaces is not null and (
            replaced.id is null
            or replaced.role <> p_role
            or replaced.parent_id is distinct from p_parent_id
        ) then
            raise exception 'The message that this one replaces is not in the same place.'
                using errcode = '22023';
        end if;
        place := private.next_place(p_conversation_id);
        insert into public.messages (
            id, conversation_id, parent_id, author_id, role, content, model, status, seq, revision,
            created_at, updated_at, replaces, attachments)
        values (
            p_id, p_conversation_id, p_parent_id, caller, p_role, p_content, p_model, 'complete',
            place.last_seq, place.revision, place.updated_at, place.updated_at,
            coalesce(replaced.replaces, replaced.id), files)
        returning * into sent;
        -- Who writes has read what is above.
        update public.conversation_members m set last_read_seq = place.last_seq, revision = m.revision + 1
        where m.conversation_id = p_conversation_id and m.user_id = caller
        returning * into member;
        perform private.tell_members_hint(place);
        perform private.tell_membership(member);
    end if;
    return jsonb_build_object(
        'message', private.record_of(sent), 'conversation', private.record_of(place),
        'membership', private.record_of(member));
end
$$;

create function public.send_message(
    p_id uuid, p_conversation_id uuid, p_parent_id uuid, p_role text, p_content text, p_model text default null,
    p_replaces uuid default null, p_attachments jsonb default null
) returns jsonb
language sql set search_path = '' as $$
    select private.send_message(p_id, p_conversation_id, p_parent_id, p_role, p_content, p_model, p_replaces,
        p_attachments)
$$;

-- Who may do what with the files -----------------------------------------------------------------------------

-- Whether the caller may put a file there: as one who writes in the conversation, for a message of their own.
create function private.may_write_attachment(p_name text) returns boolean
language sql stable security definer set search_path = '' as $$
    select exists (
        select from public.conversation_members m
        join public.conversations c on c.id = m.conversation_id
        where m.conversation_id = (private.attachment_place(p_name))[1]
          and m.user_id = (select auth.uid())
          and m.role in ('owner', 'editor')
          and c.deleted_at is null
    ) and not exists (
        select from public.messages t
        where t.id = (private.attachment_place(p_name))[2]
          and (t.author_id is distinct from (select auth.uid())
               or t.conversation_id <> (private.attachment_place(p_name))[1])
    )
$$;

-- Whether the caller may read it: a member of the conversation, and the message names it or it is their own.
create function private.may_read_attachment(p_name text, p_owner_id text) returns boolean
language sql stable security definer set search_path = '' as $$
    select private.is_member((private.attachment_place(p_name))[1]) and (
        p_owner_id = (select auth.uid())::text
        or exists (
            select from public.messages t
            where t.id = (private.attachment_place(p_name))[2]
              and t.conversation_id = (private.attachment_place(p_name))[1]
              and t.attachments @> jsonb_build_array(jsonb_build_object('path', p_name))
        )
    )
$$;

insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values (
    'attachments', 'attachments', false, 20971520,
    array['image/png', 'image/jpeg', 'image/webp', 'image/gif', 'text/plain'])
on conflict (id) do update set
    public = excluded.public,
    file_size_limit = excluded.file_size_limit,
    allowed_mime_types = excluded.allowed_mime_types;

create policy "ChatDesk: see attachments" on storage.objects
    for select to authenticated
    using (bucket_id = 'attachments' and private.may_read_attachment(name, owner_id));

create policy "ChatDesk: add attachments" on storage.objects
    for insert to authenticated
    with check (bucket_id = 'attachments' and owner_id = (select auth.uid())::text
        and private.may_write_attachment(name));

create policy "ChatDesk: replace own attachments" on storage.objects
    for update to authenticated
    using (bucket_id = 'attachments' and owner_id = (select auth.uid())::text
        and private.may_write_attachment(name))
    with check (bucket_id = 'attachments' and owner_id = (select auth.uid())::text
        and private.may_write_attachment(name));

create policy "ChatDesk: remove own attachments" on storage.objects
    for delete to authenticated
    using (bucket_id = 'attachments' and owner_id = (select auth.uid())::text);

-- PostgreSQL lets everybody call a new function, and older projects name the roles as well.
revoke execute on function
    public.send_message(uuid, uuid, uuid, text, text, text, uuid, jsonb),
    private.send_message(uuid, uuid, uuid, text, text, text, uuid, jsonb),
    private.attachment_place(text), private.checked_attachments(uuid, uuid, jsonb), private.drop_attachments(),
    private.may_write_attachment(text), private.may_read_attachment(text, text)
from public, anon, authenticated, service_role;
grant execute on function
    public.send_message(uuid, uuid, uuid, text, text, text, uuid, jsonb),
    private.send_message(uuid, uuid, uuid, text, text, text, uuid, jsonb),
    private.may_write_attachment(text), private.may_read_attachment(text, text)
to authenticated;
