-- ChatDesk, part 2 of 4: who may see what, and who may listen and speak on which channel.
--
-- The policies ask definer functions, because a policy on the members that reads the members would recurse
-- (42P17). The functions answer about the caller only. With an empty search_path only built-ins have short names.

-- Questions about the caller ---------------------------------------------------------------------------------

create function private.is_member(p_conversation_id uuid) returns boolean
language sql stable security definer set search_path = '' as $$
    select exists (
        select from public.conversation_members m
        join public.conversations c on c.id = m.conversation_id
        where m.conversation_id = p_conversation_id
          and m.user_id = (select auth.uid())
          and c.deleted_at is null
    )
$$;

create function private.shares_conversation(p_user_id uuid) returns boolean
language sql stable security definer set search_path = '' as $$
    select exists (
        select from public.conversation_members mine
        join public.conversations c on c.id = mine.conversation_id
        join public.conversation_members theirs on theirs.conversation_id = mine.conversation_id
        where mine.user_id = (select auth.uid())
          and theirs.user_id = p_user_id
          and c.deleted_at is null
    )
$$;

-- Whether the caller may see this person's profile and avatar.
create function private.knows(p_user_id uuid) returns boolean
language sql stable security definer set search_path = '' as $$
    select p_user_id = (select auth.uid()) or private.shares_conversation(p_user_id)
$$;

-- The owner of a stored avatar: its name is '<user id>/...'; null for any other name.
create function private.avatar_owner(p_name text) returns uuid
language sql immutable set search_path = '' as $$
    select case
        when p_name ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/[^/]'
            then left(p_name, 36)::uuid
    end
$$;

-- Topics: 'user:<id>', 'conversation:<id>:<epoch>' (written by the database only, so nobody can forge a row)
-- and 'conversation:<id>:<epoch>:live' (typing, presence and reply deltas, written by members).
-- p_speak asks about sending, otherwise about receiving; p_extension is 'broadcast' or 'presence'.
create function private.topic_allows(p_topic text, p_extension text, p_speak boolean) returns boolean
language plpgsql stable security definer set search_path = '' as $$
declare
    caller uuid := auth.uid();
    part text[];
    member_role text;
begin
    if caller is null or p_topic is null or p_extension not in ('broadcast', 'presence') then
        return false;
    end if;
    if p_topic = 'user:' || caller then
        return not p_speak or p_extension = 'presence';
    end if;
    part := regexp_match(
        p_topic, '^conversation:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):([1-9][0-9]{0,17})(:live)?$'
    );
    if part is null then
        return false;
    end if;
    select m.role into member_role
    from public.conversation_members m
    join public.conversations c on c.id = m.conversation_id
    where m.conversation_id = part[1]::uuid
      and m.user_id = caller
      and c.epoch = part[2]::bigint
      and c.deleted_at is null;
    if member_role is null then
        return false;
    end if;
    if not p_speak then
        return part[3] is not null or p_extension = 'broadcast';
    end if;
    return part[3] is not null and (p_extension = 'presence' or member_role in ('owner', 'editor'));
end
$$;

-- PostgreSQL lets everybody call a new function.
revoke execute on all functions in schema private from public, anon, authenticated, service_role;
grant execute on function
    private.is_member(uuid), private.knows(uuid), private.avatar_owner(text),
    private.topic_allows(text, text, boolean)
to authenticated;

-- Policies on the tables -------------------------------------------------------------------------------------

create policy "People see themselves and those they share a conversation with" on public.profiles
    for select to authenticated using (private.knows(id));

create policy "Members see their conversations" on public.conversations
    for select to authenticated using (private.is_member(id));

create policy "Members see their own membership" on public.conversation_members
    for select to authenticated using (user_id = (select auth.uid()) and private.is_member(conversation_id));

create policy "Members see the messages" on public.messages
    for select to authenticated using (private.is_member(conversation_id));

create policy "Members see the runs" on public.generations
    for select to authenticated using (private.is_member(conversation_id));

create policy "People see what changed for them" on public.user_changes
    for select to authenticated using (user_id = (select auth.uid()));

-- Policies on the channels -----------------------------------------------------------------------------------

-- Realtime asks these when a channel is joined: reading means receiving, inserting means sending.
create policy "ChatDesk: receive" on realtime.messages
    for select to authenticated
    using (private.topic_allows((select realtime.topic()), extension, false));

create policy "ChatDesk: send" on realtime.messages
    for insert to authenticated
    with check (private.topic_allows((select realtime.topic()), extension, true));

-- Avatars ----------------------------------------------------------------------------------------------------

insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values ('avatars', 'avatars', false, 2097152, array['image/png', 'image/jpeg', 'image/webp'])
on conflict (id) do update set
    public = excluded.public,
    file_size_limit = excluded.file_size_limit,
    allowed_mime_types = excluded.allowed_mime_types;

create policy "ChatDesk: see avatars" on storage.objects
    for select to authenticated
    using (bucket_id = 'avatars' and private.knows(private.avatar_owner(name)));

create policy "ChatDesk: add own avatar" on storage.objects
    for insert to authenticated
    with check (bucket_id = 'avatars' and private.avatar_owner(name) = (select auth.uid()));

create policy "ChatDesk: replace own avatar" on storage.objects
    for update to authenticated
    using (bucket_id = 'avatars' and private.avatar_owner(name) = (select auth.uid()))
    with check (bucket_id = 'avatars' and private.avatar_owner(name) = (select auth.uid()));

create policy "ChatDesk: remove own avatar" on storage.objects
    for delete to authenticated
    using (bucket_id = 'avatars' and private.avatar_owner(name) = (select auth.uid()));
