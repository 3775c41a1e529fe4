-- ChatDesk, part 10: what people see of each other: who is here, who is typing, who has read how far.
--
-- Each of the three has a switch in the profile that works both ways: who shows nothing sees nothing. Read marks
-- are withheld here. Presence and typing are never stored: they pass on channels whose rights Realtime keeps
-- until the next token, so their switches are honoured by the clients.

alter table public.profiles
    add column shows_presence boolean not null default true,
    add column shows_typing boolean not null default true,
    add column shows_reading boolean not null default true;

create or replace function private.record_of(p public.profiles) returns jsonb
language sql stable set search_path = '' as $$
    select jsonb_build_object(
        'id', p.id, 'username', p.username, 'display_name', p.display_name, 'avatar_path', p.avatar_path,
        'shows_presence', p.shows_presence, 'shows_typing', p.shows_typing, 'shows_reading', p.shows_reading,
        'revision', p.revision, 'updated_at', p.updated_at)
$$;

-- The switch of one key as it will be: true or false, never null.
create function private.switch_of(p_updates jsonb, p_key text, p_current boolean) returns boolean
language plpgsql immutable set search_path = '' as $$
begin
    if not p_updates ? p_key then
        return p_current;
    end if;
    if jsonb_typeof(p_updates -> p_key) <> 'boolean' then
        raise exception 'The value of "%" must be true or false.', p_key using errcode = '22023';
    end if;
    return (p_updates ->> p_key)::boolean;
end
$$;

-- As before, and the three switches.
create or replace function private.update_profile(p_updates jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    caller uuid := private.caller();
    before public.profiles;
    after public.profiles;
    audience uuid[];
begin
    perform private.check_updates(p_updates, array[
        'username', 'display_name', 'avatar_path', 'shows_presence', 'shows_typing', 'shows_reading']);
    perform private.ensure_profile();
    select * into before from public.profiles p where p.id = caller for no key update;
    after := before;
    after.username := private.text_of(p_updates, 'username', before.username, 30);
    after.display_name := coalesce(private.text_of(p_updates, 'display_name', before.display_name, 80), '');
    after.avatar_path := private.text_of(p_updates, 'avatar_path', before.avatar_path, 300);
    after.shows_presence := private.switch_of(p_updates, 'shows_presence', before.shows_presence);
    after.shows_typing := private.switch_of(p_updates, 'shows_typing', before.shows_typing);
    after.shows_reading := private.switch_of(p_updates, 'shows_reading', before.shows_reading);
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
            shows_presence = after.shows_presence, shows_typing = after.shows_typing,
            shows_reading = after.shows_reading,
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

-- Read marks -------------------------------------------------------------------------------------------------

-- How many members a conversation has, and how far those have read who show it, for a member who shows it too.
-- The caller's own mark is in their membership.
create function private.member_marks(p_conversation_id uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
    caller uuid := private.caller();
begin
    if not private.is_member(p_conversation_id) then
        raise exception 'You are not a member of this conversation.' using errcode = '42501';
    end if;
    return jsonb_build_object(
        'conversation_id', p_conversation_id,
        'members', (
            select count(*) from public.conversation_members m where m.conversation_id = p_conversation_id),
        'marks', coalesce((
            select jsonb_agg(
                jsonb_build_object('user_id', m.user_id, 'last_read_seq', m.last_read_seq)
                order by m.user_id)
            from public.conversation_members m
            join public.profiles theirs on theirs.id = m.user_id and theirs.shows_reading
            join public.profiles mine on mine.id = caller and mine.shows_reading
            where m.conversation_id = p_conversation_id and m.user_id <> caller), '[]'));
end
$$;

create function public.member_marks(p_conversation_id uuid) returns jsonb
language sql stable set search_path = '' as $$ select private.member_marks(p_conversation_id) $$;

-- Tells those who have a shared conversation open that a mark moved or that members came or went. The frame
-- says neither who nor how far: whoever may know asks. A mark that is not shown is not told of, nor one that
-- moved to the member's own message: that they know what they wrote is told by the message.
create function private.broadcast_marks() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
    place uuid := coalesce(new.conversation_id, old.conversation_id);
    epoch bigint;
begin
    if tg_op = 'UPDATE' and (
        exists (select from public.profiles p where p.id = new.user_id and not p.shows_reading)
        or exists (
            select from public.messages m
            where m.conversation_id = place and m.seq = new.last_read_seq and m.author_id = new.user_id))
    then
        return null;
    end if;
    select c.epoch into epoch from public.conversations c
    where c.id = place and c.deleted_at is null and exists (
        select from public.conversation_members m
        where m.conversation_id = place and m.user_id <> coalesce(new.user_id, old.user_id));
    if epoch is not null then
        perform realtime.send(
            jsonb_build_object('conversation_id', place), 'marks',
            'conversation:' || place || ':' || epoch, true);
    end if;
    return null;
end
$$;
create trigger broadcast_members after insert or delete on public.conversation_members
    for each row execute function private.broadcast_marks();
create trigger broadcast_marks after update on public.conversation_members
    for each row when (old.last_read_seq is distinct from new.last_read_seq)
    execute function private.broadcast_marks();

revoke execute on function
    private.switch_of(jsonb, text, boolean), private.member_marks(uuid), private.broadcast_marks(),
    public.member_marks(uuid)
from public, anon, authenticated, service_role;
grant execute on function private.member_marks(uuid), public.member_marks(uuid) to authenticated;

-- A client needs the functions of every part up to its own number; each further part says its number here.
create or replace function public.schema_version() returns integer
language sql immutable set search_path = '' as $$ select 10 $$;
