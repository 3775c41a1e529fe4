-- ChatDesk, part 11: leaving for good, and telling what a project has.

-- Who calls --------------------------------------------------------------------------------------------------

-- As before, and an account that was deleted is one no more: its token lives for up to an hour after it. The
-- REST server makes HTTP 401 of this code, so that every device of it stops at its next word.
create or replace function private.caller() returns uuid
language plpgsql stable security definer set search_path = '' as $$
declare
    caller uuid := auth.uid();
begin
    if caller is null then
        raise exception 'Sign in first.' using errcode = '42501';
    end if;
    if not exists (select from auth.users u where u.id = caller) then
        raise exception 'This account was deleted.' using errcode = 'PT401';
    end if;
    return caller;
end
$$;

-- Many rows at once are told by one frame whose number leaves a gap; whoever has them pulls.
drop trigger broadcast_changed_message on public.messages;
create trigger broadcast_changed_message after update on public.messages
    for each row when (
        old.revision is distinct from new.revision
        and current_setting('chatdesk.import', true) is distinct from 'on')
    execute function private.broadcast_message();

-- Deleting an account ----------------------------------------------------------------------------------------

-- As before, and one's own files in any case: what cannot be seen cannot be removed either.
create or replace function private.may_read_attachment(p_name text, p_owner_id text) returns boolean
language sql stable security definer set search_path = '' as $$
    select p_owner_id = (select auth.uid())::text or (
        private.is_member((private.attachment_place(p_name))[1])
        and exists (
            select from public.messages t
            where t.id = (private.attachment_place(p_name))[2]
              and t.conversation_id = (private.attachment_place(p_name))[1]
              and t.attachments @> jsonb_build_array(jsonb_build_object('path', p_name))
        )
    )
$$;

-- The files that go with a person: avatars, and attachments that no other person has in a conversation.
create function private.files_of(p_user_id uuid) returns table (bucket text, name text)
language sql stable security definer set search_path = '' as $$
    select o.bucket_id, o.name from storage.objects o
    where o.bucket_id = 'avatars' and o.name like p_user_id || '/%'
    union all
    select o.bucket_id, o.name from storage.objects o
    where o.bucket_id = 'attachments' and o.owner_id = p_user_id::text
      and not exists (
        select from public.messages t
        join public.conversations c on c.id = t.conversation_id and c.deleted_at is null
        join public.conversation_members m on m.conversation_id = c.id and m.user_id <> p_user_id
        where t.id = (private.attachment_place(o.name))[2]
          and t.attachments @> jsonb_build_array(jsonb_build_object('path', o.name)))
$$;

-- At most 500 of them: they are removed through the Storage API, or their bytes would stay where they are.
create function private.account_files() returns jsonb
language sql stable security definer set search_path = '' as $$
    select jsonb_build_object('files', coalesce(jsonb_agg(
        jsonb_build_object('bucket', f.bucket, 'name', f.name) order by f.bucket, f.name), '[]'))
    from (select * from private.files_of(private.caller()) order by 1, 2 limit 500) f
$$;

-- What somebody wrote in a conversation, which is locked, stays there without their name; nobody is told yet.
create function private.forget_author(p_conversation_id uuid, p_user_id uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare
    start bigint;
    changed bigint;
begin
    perform private.end_runs_of(p_conversation_id, p_user_id);
    select c.revision into start from public.conversations c where c.id = p_conversation_id;
    with own as (
        select m.id, row_number() over (order by m.seq) as n from public.messages m
        where m.conversation_id = p_conversation_id and m.author_id = p_user_id
    )
    update public.messages m set author_id = null, revision = start + own.n
    from own where m.id = own.id;
    get diagnostics changed = row_count;
    update public.conversations c set revision = c.revision + changed where c.id = p_conversation_id;
end
$$;

-- p_user_id is said once more by the caller, so that a session that was exchanged meanwhile deletes nobody.
-- Leaving the conversations, handing on those that others are in, and telling these is done by the trigger of
-- part 9 on the end of an account, whoever ends it.
create function private.delete_account(p_user_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    caller uuid := private.caller();
    place public.conversations;
    person public.profiles;
    counter bigint;
    left_before uuid[] := '{}';
    circle uuid[] := '{}';
begin
    if p_user_id is distinct from caller then
        raise exception 'This is not the account that is signed in.' using errcode = '22023';
    end if;
    if exists (select from private.files_of(caller)) then
        raise exception 'Files of this account are still stored.' using errcode = '55000';
    end if;
    perform set_config('chatdesk.import', 'on', true);
    for place in
        select * from public.conversations c
        where exists (
            select from public.conversation_members m where m.conversation_id = c.id and m.user_id = caller)
           or exists (select from public.messages m where m.conversation_id = c.id and m.author_id = caller)
        order by c.id for no key update
    loop
        -- What nobody else is in goes altogether.
        continue when private.members_of(place.id) <@ array[caller];
        perform private.forget_author(place.id, caller);
        continue when place.deleted_at is not null;
        circle := circle || array_remove(private.members_of(place.id), caller);
        if not caller = any (private.members_of(place.id)) then
            left_before := array_append(left_before, place.id);
        end if;
    end loop;
    perform set_config('chatdesk.import', '', true);
    select * into person from public.profiles p where p.id = caller for no key update;
    perform private.lock_counters(array_append(circle, caller));
    for place in select * from public.conversations c where c.id = any (left_before) order by c.id loop
        perform private.tell_conversation(place, private.members_of(place.id));
    end loop;
    if person.id is not null and cardinality(circle) > 0 then
        perform private.tell(
            array(select distinct unnest(circle)), 'profile', caller, person.revision + 1, 'entity',
            '{"record": null}', true);
    end if;
    -- The other devices ask what this frame leaves out, and learn that there is nobody to ask for any more.
    select c.revision into counter from private.user_counters c where c.user_id = caller;
    perform realtime.send(
        jsonb_build_object(
            'kind', 'profile', 'entity_id', caller, 'entity_revision', coalesce(person.revision, 0) + 1,
            'user_revision', counter + 1, 'removed', false, 'record', null),
        'entity', 'user:' || caller, true);
    delete from auth.users u where u.id = caller;
    return jsonb_build_object('deleted', true);
end
$$;

create function public.account_files() returns jsonb
language sql stable set search_path = '' as $$ select private.account_files() $$;

create function public.delete_account(p_user_id uuid) returns jsonb
language sql set search_path = '' as $$ select private.delete_account(p_user_id) $$;

-- What a project has -----------------------------------------------------------------------------------------

-- Asked before anybody signs in, so for everybody; it names nothing but ChatDesk's own parts.
create function public.schema_state() returns jsonb
language sql stable security definer set search_path = '' as $$
    select jsonb_build_object(
        'version', public.schema_version(),
        'policies', (
            select coalesce(jsonb_agg(p.schemaname || '.' || p.tablename || ': ' || p.policyname order by 1), '[]')
            from pg_catalog.pg_policies p
            where p.schemaname in ('realtime', 'storage') and p.policyname like 'ChatDesk: %'),
        'buckets', (
            select coalesce(jsonb_agg(b.id order by b.id), '[]') from storage.buckets b
            where b.id in ('avatars', 'attachments')))
$$;

-- Sends a word back over the caller's own channel: whoever listens there knows that live changes arrive.
create function private.echo(p_word uuid) returns void
language plpgsql security definer set search_path = '' as $$
begin
    perform realtime.send(
        jsonb_build_object('word', p_word), 'echo', 'user:' || private.caller(), true);
end
$$;

create function public.echo(p_word uuid) returns void
language sql set search_path = '' as $$ select private.echo(p_word) $$;

-- PostgreSQL lets everybody call a new function, and older projects name the roles as well.
revoke execute on function
    private.caller(), private.may_read_attachment(text, text), private.files_of(uuid), private.account_files(),
    private.forget_author(uuid, uuid), private.delete_account(uuid),
    private.echo(uuid),
    public.account_files(), public.delete_account(uuid), public.schema_state(), public.echo(uuid)
from public, anon, authenticated, service_role;
grant execute on function
    private.may_read_attachment(text, text), private.account_files(), private.delete_account(uuid),
    private.echo(uuid), public.account_files(), public.delete_account(uuid), public.echo(uuid)
to authenticated;
grant execute on function public.schema_state() to anon, authenticated;

create or replace function public.schema_version() returns integer
language sql immutable set search_path = '' as $$ select 11 $$;
