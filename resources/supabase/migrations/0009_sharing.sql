-- ChatDesk, part 9: conversations that several people share.
--
-- The owner invites a person, by user name or e-mail address, or makes a link; roles are owner, editor and viewer.
-- Only the owner invites, changes roles and takes people out. What everybody needs to know of the others is one
-- entity, the roster: who is in with which role, and for the owner what is still open. It is told and pulled like
-- every other change.
--
-- Nobody learns from an invitation who has an account: the answer is the same whether or not somebody is reached,
-- and a refusal looks like silence. The table has no policy and no right for anybody: all of it goes through calls.

alter table public.conversations
    add column roster_revision bigint not null default 0,
    add column answers text check (answers in ('always', 'mentioned'));
comment on column public.conversations.roster_revision is 'Grows with every change of the members or the invitations.';
comment on column public.conversations.answers is
    'Whether a model answers every message or only those that mention it; null: every one until somebody joins.';
alter table public.conversation_members add column joined_at timestamptz not null default now();

create table private.invites (
    id uuid primary key,
    conversation_id uuid not null references public.conversations on delete cascade,
    inviter_id uuid references auth.users on delete set null,
    role text not null check (role in ('editor', 'viewer')),
    state text not null default 'open' check (state in ('open', 'accepted', 'declined', 'revoked')),
    -- A person: what was typed, in small letters, and who that is. Nobody, when there is no such person, or no
    -- confirmed address yet, or when they are in the conversation already.
    address text,
    invitee_id uuid references auth.users on delete cascade,
    -- A link: the hash of its secret, which the server never keeps.
    token_hash bytea unique,
    uses integer not null default 0,
    max_uses integer,
    revision bigint not null default 1,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    check ((address is null) <> (token_hash is null))
);
create index invites_conversation_id on private.invites (conversation_id);
create index invites_invitee_id on private.invites (invitee_id) where invitee_id is not null;
create index invites_address on private.invites (address) where state = 'open' and invitee_id is null;
create index invites_inviter_id on private.invites (inviter_id, created_at);

-- Who was taken out does not come back by a link they still have; an invitation to them lifts it.
create table private.barred (
    conversation_id uuid not null references public.conversations on delete cascade,
    user_id uuid not null references auth.users on delete cascade,
    primary key (conversation_id, user_id)
);

alter table private.invites enable row level security;
alter table private.barred enable row level security;
revoke all on table private.invites, private.barred from public, anon, authenticated, service_role;

alter table public.user_changes drop constraint user_changes_kind_check;
alter table public.user_changes add constraint user_changes_kind_check
    check (kind in ('profile', 'conversation', 'membership', 'provider', 'roster', 'invitation'));

-- Rows as clients get them -----------------------------------------------------------------------------------

create or replace function private.record_of(c public.conversations) returns jsonb
language sql stable set search_path = '' as $$
    select jsonb_build_object(
        'id', c.id, 'owner_id', c.owner_id, 'title', c.title, 'model', c.model,
        'system_prompt', c.system_prompt, 'temperature', c.temperature, 'last_seq', c.last_seq,
        'revision', c.revision, 'epoch', c.epoch, 'created_at', c.created_at, 'updated_at', c.updated_at,
        'deleted_at', c.deleted_at, 'answers', c.answers)
$$;

-- The roster as p_reader, who must be a member, gets it: the owner's has the open invitations too. One that was
-- declined stays in it until it expires, as if nobody had seen it.
create function private.roster_of(c public.conversations, p_for_owner boolean) returns jsonb
language sql stable security definer set search_path = '' as $$
    select jsonb_build_object(
        'conversation_id', c.id, 'revision', c.roster_revision,
        'members', coalesce((
            select jsonb_agg(jsonb_build_object(
                'user_id', m.user_id, 'role', m.role, 'joined_at', m.joined_at) order by m.joined_at, m.user_id)
            from public.conversation_members m where m.conversation_id = c.id), '[]'),
        'invites', coalesce((
            select jsonb_agg(jsonb_build_object(
                'id', i.id, 'to', i.address, 'role', i.role, 'uses', i.uses, 'max_uses', i.max_uses,
                'created_at', i.created_at, 'expires_at', i.expires_at) order by i.created_at, i.id)
            from private.invites i
            where p_for_owner and i.conversation_id = c.id and i.expires_at > now()
              and (i.state = 'open' or (i.state = 'declined' and i.address is not null))
              and (i.max_uses is null or i.uses < i.max_uses)), '[]'))
$$;

-- An invitation as the invited person gets it; null when it is not open any more.
create function private.invitation_of(i private.invites) returns jsonb
language sql stable security definer set search_path = '' as $$
    select jsonb_build_object(
        'id', i.id, 'conversation_id', c.id, 'title', c.title, 'role', i.role,
        'inviter', coalesce(nullif(p.display_name, ''), p.username),
        'revision', i.revision, 'created_at', i.created_at, 'expires_at', i.expires_at)
    from public.conversations c
    left join public.profiles p on p.id = i.inviter_id
    where c.id = i.conversation_id and c.deleted_at is null and i.state = 'open' and i.expires_at > now()
$$;

-- Telling ----------------------------------------------------------------------------------------------------

-- The counters of p_users must be locked.
create function private.tell_roster(c public.conversations, p_users uuid[]) returns void
language plpgsql security definer set search_path = '' as $$
begin
    perform private.tell(array_remove(p_users, c.owner_id), 'roster', c.id, c.roster_revision, 'entity',
        jsonb_build_object('record', private.frame_record(private.roster_of(c, false))));
    if c.owner_id = any (p_users) then
        perform private.tell(array[c.owner_id], 'roster', c.id, c.roster_revision, 'entity',
            jsonb_build_object('record', private.frame_record(private.roster_of(c, true))));
    end if;
end
$$;

-- Tells the invited person, if there is one; their counter must be locked.
create function private.tell_invitation(i private.invites) returns void
language plpgsql security definer set search_path = '' as $$
declare
    shown jsonb := private.invitation_of(i);
begin
    if i.invitee_id is not null then
        perform private.tell(array[i.invitee_id], 'invitation', i.id, i.revision, 'entity',
            jsonb_build_object('record', shown), shown is null);
    end if;
end
$$;

-- Moves the roster's number; the conversation must be locked.
create function private.next_roster(p_conversation_id uuid) returns public.conversations
language sql security definer set search_path = '' as $$
    update public.conversations c set roster_revision = c.roster_revision + 1
    where c.id = p_conversation_id
    returning c.*
$$;

-- Coming in --------------------------------------------------------------------------------------------------

-- Makes p_user_id a member; the conversation must be locked, and whoever calls has checked the right to it.
create function private.admit(p_conversation_id uuid, p_user_id uuid, p_role text)
returns public.conversation_members
language plpgsql security definer set search_path = '' as $$
declare
    joined public.conversations;
    member public.conversation_members;
    person public.profiles;
    members uuid[];
begin
    if (select count(*) from public.conversation_members m where m.conversation_id = p_conversation_id) >= 100 then
        raise exception 'This conversation has 100 members, which is the most there can be.' using errcode = '55000';
    end if;
    joined := private.next_roster(p_conversation_id);
    -- Who comes back goes on counting where they left, so that nobody takes the news for old.
    insert into public.conversation_members (conversation_id, user_id, role, last_read_seq, revision)
    values (p_conversation_id, p_user_id, p_role, joined.last_seq, 1 + coalesce((
        select u.entity_revision from public.user_changes u
        where u.user_id = p_user_id and u.kind = 'membership' and u.entity_id = p_conversation_id), 0))
    returning * into member;
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
    perform private.tell_roster(joined, members);
    return member;
end
$$;

-- As before; what is new is in private.admit().
create or replace function private.add_member(p_conversation_id uuid, p_user_id uuid, p_role text) returns jsonb
language plpgsql security definer set search_path = '' as $$
begin
    perform private.lock_conversation(p_conversation_id, array['owner']);
    if p_role is null or p_role not in ('editor', 'viewer') then
        raise exception 'A new member is an editor or a viewer.' using errcode = '22023';
    end if;
    if exists (select from public.conversation_members m
               where m.conversation_id = p_conversation_id and m.user_id = p_user_id) then
        raise exception 'This person is a member already.' using errcode = '23505';
    end if;
    return jsonb_build_object(
        'membership', private.record_of(private.admit(p_conversation_id, p_user_id, p_role)));
end
$$;

-- What a member's call answers: the conversation, their own membership and the roster as they may see it.
create function private.place_of_caller(p_conversation_id uuid) returns jsonb
language sql stable security definer set search_path = '' as $$
    select jsonb_build_object(
        'conversation', private.record_of(c), 'membership', private.record_of(m),
        'roster', private.roster_of(c, c.owner_id is not distinct from m.user_id))
    from public.conversations c
    join public.conversation_members m on m.conversation_id = c.id and m.user_id = (select auth.uid())
    where c.id = p_conversation_id and c.deleted_at is null
$$;

-- Inviting ---------------------------------------------------------------------------------------------------

-- Refuses what no invitation may be, and too many of them: nobody asks for addresses by the thousand.
create function private.check_invite(p_id uuid, p_conversation_id uuid, p_role text) returns void
language plpgsql stable security definer set search_path = '' as $$
begin
    if p_id is null or p_role is null or p_role not in ('editor', 'viewer') then
        raise exception 'A new member is an editor or a viewer.' using errcode = '22023';
    end if;
    if exists (select from private.invites i where i.id = p_id) then
        raise exception 'The id of this invitation is taken.' using errcode = '23505';
    end if;
    if (select count(*) from private.invites i
        where i.inviter_id = private.caller() and i.created_at > now() - interval '1 hour') >= 60
       or (select count(*) from private.invites i where i.conversation_id = p_conversation_id
           and i.state in ('open', 'declined') and i.expires_at > now()) >= 100 then
        raise exception 'There are too many invitations at once.' using errcode = '55000';
    end if;
end
$$;

-- Invites somebody by user name ('@' in front allowed) or e-mail address, for 30 days. The same address again
-- is the same invitation, with the role of the last call.
create function private.invite_person(p_id uuid, p_conversation_id uuid, p_to text, p_role text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    caller uuid := private.caller();
    place public.conversations := private.lock_conversation(p_conversation_id, array['owner']);
    wish text := lower(btrim(coalesce(p_to, '')));
    person uuid;
    made private.invites;
begin
    if exists (select from private.invites i where i.id = p_id and i.conversation_id = p_conversation_id) then
        return private.place_of_caller(p_conversation_id);
    end if;
    if wish ~ '^[^@[:space:]]+@[^@[:space:]]+$' and char_length(wish) <= 254 then
        select u.id into person from auth.users u
        where lower(u.email) = wish and u.email_confirmed_at is not null;
    elsif ltrim(wish, '@') ~ '^[a-z0-9_]{3,30}$' then
        wish := ltrim(wish, '@');
        select p.id into person from public.profiles p where p.username = wish;
    else
        raise exception 'This is neither a user name nor an e-mail address.' using errcode = '22023';
    end if;
    if exists (select from public.conversation_members m
               where m.conversation_id = p_conversation_id and m.user_id = person) then
        person := null;
    end if;
    select * into made from private.invites i
    where i.conversation_id = p_conversation_id and i.address = wish and i.state in ('open', 'declined')
      and i.expires_at > now()
    order by i.created_at limit 1
    for no key update;
    if made.id is null then
        perform private.check_invite(p_id, p_conversation_id, p_role);
        insert into private.invites (id, conversation_id, inviter_id, role, address, invitee_id, expires_at)
        values (p_id, p_conversation_id, caller, p_role, wish, person, now() + interval '30 days')
        returning * into made;
    elsif p_role is distinct from made.role and p_role in ('editor', 'viewer') then
        update private.invites i set role = p_role, revision = i.revision + 1 where i.id = made.id
        returning * into made;
    else
        return private.place_of_caller(p_conversation_id);
    end if;
    place := private.next_roster(p_conversation_id);
    perform private.lock_counters(array_remove(array[caller, made.invitee_id], null));
    perform private.tell_roster(place, array[caller]);
    perform private.tell_invitation(made);
    return private.place_of_caller(p_conversation_id);
end
$$;

-- A link: the client makes 32 random bytes and says only the SHA-256 of what it hands out, in hex.
create function private.create_link(
    p_id uuid, p_conversation_id uuid, p_role text, p_token_hash text, p_hours integer, p_max_uses integer
) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    caller uuid := private.caller();
    place public.conversations := private.lock_conversation(p_conversation_id, array['owner']);
begin
    if p_token_hash is null or p_token_hash !~ '^[0-9a-f]{64}$'
       or p_hours is null or p_hours not between 1 and 720 or p_max_uses not between 1 and 100 then
        raise exception 'A link needs the hash of its secret, 1 to 720 hours, and 1 to 100 uses if they are limited.'
            using errcode = '22023';
    end if;
    if exists (select from private.invites i where i.id = p_id and i.conversation_id = p_conversation_id
               and i.token_hash = decode(p_token_hash, 'hex')) then
        return private.place_of_caller(p_conversation_id);
    end if;
    perform private.check_invite(p_id, p_conversation_id, p_role);
    begin
        insert into private.invites (id, conversation_id, inviter_id, role, token_hash, max_uses, expires_at)
        values (p_id, p_conversation_id, caller, p_role, decode(p_token_hash, 'hex'), p_max_uses,
            now() + make_interval(hours => p_hours));
    exception when unique_violation then
        raise exception 'The id of this invitation is taken.' using errcode = '23505';
    end;
    place := private.next_roster(p_conversation_id);
    perform private.lock_counters(array[caller]);
    perform private.tell_roster(place, array[caller]);
    return private.place_of_caller(p_conversation_id);
end
$$;

create function private.revoke_invite(p_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    caller uuid := private.caller();
    gone private.invites;
    place public.conversations;
begin
    select * into gone from private.invites i where i.id = p_id;
    -- Also refuses, in the same words, an id that does not exist.
    place := private.lock_conversation(gone.conversation_id, array['owner']);
    update private.invites i set state = 'revoked', revision = i.revision + 1
    where i.id = p_id and i.state in ('open', 'declined')
    returning * into gone;
    if gone.id is not null then
        place := private.next_roster(place.id);
        perform private.lock_counters(array_remove(array[caller, gone.invitee_id], null));
        perform private.tell_roster(place, array[caller]);
        perform private.tell_invitation(gone);
    end if;
    return private.place_of_caller(place.id);
end
$$;

-- Somebody whose address is confirmed now finds what was waiting for it. A user name does not work this way:
-- whoever takes a name that somebody mistyped must not get what was meant for another. Nothing that goes wrong
-- here may stop somebody from signing up.
create function private.on_confirmed_address() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
    waiting private.invites;
    found_ones private.invites[] := '{}';
begin
    for waiting in
        update private.invites i set invitee_id = new.id, revision = i.revision + 1
        where i.id in (
            select w.id from private.invites w
            where w.address = lower(new.email) and w.invitee_id is null and w.state = 'open' and w.expires_at > now()
              and not exists (select from public.conversation_members m
                              where m.conversation_id = w.conversation_id and m.user_id = new.id)
            order by w.id for no key update)
        returning i.*
    loop
        found_ones := array_append(found_ones, waiting);
    end loop;
    if cardinality(found_ones) > 0 then
        perform private.lock_counters(array[new.id]);
        foreach waiting in array found_ones loop
            perform private.tell_invitation(waiting);
        end loop;
    end if;
    return null;
exception when others then
    raise warning 'Invitations of % were not found: %', new.id, sqlerrm;
    return null;
end
$$;
create trigger chatdesk_on_confirmed_address after insert or update of email, email_confirmed_at on auth.users
    for each row when (new.email is not null and new.email_confirmed_at is not null)
    execute function private.on_confirmed_address();

-- Answering --------------------------------------------------------------------------------------------------

-- Brings the caller in by p_invite, whose conversation is locked here; said again, it answers the same.
create function private.take_up(p_invite private.invites) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    caller uuid := private.caller();
    place public.conversations;
    taken private.invites;
    by_link boolean := p_invite.token_hash is not null;
begin
    select * into place from public.conversations c where c.id = p_invite.conversation_id for no key update;
    select * into taken from private.invites i where i.id = p_invite.id for no key update;
    if place.deleted_at is not null or taken.state = 'revoked' or taken.id is null then
        raise exception 'This invitation was withdrawn.' using errcode = '55000';
    end if;
    if exists (select from public.conversation_members m
               where m.conversation_id = place.id and m.user_id = caller) then
        if not by_link and taken.state = 'open' then
            update private.invites i set state = 'accepted', revision = i.revision + 1 where i.id = taken.id
            returning * into taken;
            perform private.lock_counters(array[caller]);
            perform private.tell_invitation(taken);
        end if;
        return private.place_of_caller(place.id);
    end if;
    if taken.expires_at <= now() then
        raise exception 'This invitation has expired.' using errcode = '55000';
    end if;
    if by_link and taken.uses >= taken.max_uses then
        raise exception 'This link was used as often as it may be.' using errcode = '55000';
    end if;
    if not by_link and taken.state <> 'open' then
        raise exception 'This invitation was answered already.' using errcode = '55000';
    end if;
    if by_link then
        if exists (select from private.barred b where b.conversation_id = place.id and b.user_id = caller) then
            raise exception 'The owner took you out of this conversation.' using errcode = '42501';
        end if;
        update private.invites i set uses = i.uses + 1, revision = i.revision + 1 where i.id = taken.id;
    else
        delete from private.barred b where b.conversation_id = place.id and b.user_id = caller;
        update private.invites i set state = 'accepted', revision = i.revision + 1 where i.id = taken.id
        returning * into taken;
    end if;
    -- Further invitations to the same person have nothing left to offer.
    update private.invites i set state = 'accepted', revision = i.revision + 1
    where i.conversation_id = place.id and i.invitee_id = caller and i.state in ('open', 'declined')
      and i.id <> taken.id;
    perform private.admit(place.id, caller, taken.role);
    perform private.tell_invitation(i) from private.invites i
    where i.conversation_id = place.id and i.invitee_id = caller and i.state = 'accepted'
      and i.expires_at > now();
    return private.place_of_caller(place.id);
end
$$;

create function private.accept_invite(p_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    invite private.invites;
begin
    select * into invite from private.invites i where i.id = p_id and i.invitee_id = private.caller();
    if invite.id is null then
        raise exception 'This invitation is not for you.' using errcode = '42501';
    end if;
    return private.take_up(invite);
end
$$;

create function private.join_by_link(p_token text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    invite private.invites;
begin
    perform private.caller();
    select * into invite from private.invites i
    where i.token_hash = sha256(convert_to(coalesce(p_token, ''), 'UTF8'));
    if invite.id is null then
        raise exception 'This is not a link or code of a conversation.' using errcode = '22023';
    end if;
    return private.take_up(invite);
end
$$;

-- The inviter is not told: to them it is as if nobody had seen it.
create function private.decline_invite(p_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    caller uuid := private.caller();
    declined private.invites;
begin
    if not exists (select from private.invites i where i.id = p_id and i.invitee_id = caller) then
        raise exception 'This invitation is not for you.' using errcode = '42501';
    end if;
    update private.invites i set state = 'declined', revision = i.revision + 1
    where i.id = p_id and i.state = 'open'
    returning * into declined;
    if declined.id is not null then
        perform private.lock_counters(array[caller]);
        perform private.tell_invitation(declined);
    end if;
    return '{}';
end
$$;

-- Roles, leaving, handing over -------------------------------------------------------------------------------

-- Ends the replies that somebody's instance is writing: who may not write any more must not go on. The
-- conversation must be locked.
create function private.end_runs_of(p_conversation_id uuid, p_user_id uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare
    cut uuid;
    place public.conversations;
begin
    for cut in
        update public.generations g set state = 'interrupted', stop_requested = true
        from public.messages m
        where g.conversation_id = p_conversation_id and g.state = 'running'
          and m.id = g.message_id and m.author_id = p_user_id
        returning g.message_id
    loop
        place := private.next_revision(p_conversation_id);
        update public.messages m set
            status = 'interrupted', revision = place.revision, updated_at = clock_timestamp()
        where m.id = cut;
    end loop;
end
$$;

-- The old channels still have somebody in them who may do less now; the others move on to new ones.
create function private.next_epoch(p_conversation_id uuid) returns public.conversations
language sql security definer set search_path = '' as $$
    update public.conversations c set
        epoch = c.epoch + 1, revision = c.revision + 1, roster_revision = c.roster_revision + 1
    where c.id = p_conversation_id
    returning c.*
$$;

create function private.set_member_role(p_conversation_id uuid, p_user_id uuid, p_role text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    place public.conversations := private.lock_conversation(p_conversation_id, array['owner']);
    member public.conversation_members;
    members uuid[];
begin
    if p_role is null or p_role not in ('editor', 'viewer') then
        raise exception 'A member is an editor or a viewer. To make somebody the owner, hand the conversation over.'
            using errcode = '22023';
    end if;
    if p_user_id = private.caller() then
        raise exception 'Hand the conversation over first.' using errcode = '55000';
    end if;
    update public.conversation_members m set role = p_role, revision = m.revision + 1
    where m.conversation_id = p_conversation_id and m.user_id = p_user_id and m.role <> p_role
    returning * into member;
    if member.user_id is null then
        if not exists (select from public.conversation_members m
                       where m.conversation_id = p_conversation_id and m.user_id = p_user_id) then
            raise exception 'This person is not a member any more.' using errcode = '55000';
        end if;
        return private.place_of_caller(p_conversation_id);
    end if;
    if p_role = 'viewer' then
        perform private.end_runs_of(p_conversation_id, p_user_id);
        place := private.next_epoch(p_conversation_id);
    else
        -- New rights on the live channel are asked for when it is joined again, so there must be a new one.
        place := private.next_epoch(p_conversation_id);
    end if;
    members := private.members_of(p_conversation_id);
    perform private.lock_counters(members);
    perform private.tell_conversation(place, members);
    perform private.tell_membership(member);
    perform private.tell_roster(place, members);
    return private.place_of_caller(p_conversation_id);
end
$$;

-- Takes somebody out (the owner does) or leaves (anybody but the owner).
create or replace function private.remove_member(p_conversation_id uuid, p_user_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    caller uuid := private.caller();
    left_one public.conversations;
    member public.conversation_members;
    members uuid[];
    nothing jsonb := '{"record": null}';
begin
    if p_user_id = caller and not exists (
        select from public.conversation_members m
        where m.conversation_id = p_conversation_id and m.user_id = caller) then
        return '{}';  -- Left already, or never been there: the same answer.
    end if;
    left_one := private.lock_conversation(
        p_conversation_id,
        case when p_user_id = caller then array['editor', 'viewer'] else array['owner'] end);
    delete from public.conversation_members m
    where m.conversation_id = p_conversation_id and m.user_id = p_user_id
    returning * into member;
    if member.user_id is null then
        return private.place_of_caller(p_conversation_id);
    end if;
    if p_user_id <> caller then
        insert into private.barred (conversation_id, user_id) values (p_conversation_id, p_user_id)
        on conflict do nothing;
    end if;
    left_one := private.next_epoch(p_conversation_id);
    perform private.end_runs_of(p_conversation_id, p_user_id);
    select * into left_one from public.conversations c where c.id = p_conversation_id;
    members := private.members_of(p_conversation_id);
    perform private.lock_counters(array_append(members, p_user_id));
    perform private.tell_conversation(left_one, members);
    perform private.tell_roster(left_one, members);
    perform private.tell(
        array[p_user_id], 'conversation', left_one.id, left_one.revision, 'entity', nothing, true);
    perform private.tell(
        array[p_user_id], 'membership', left_one.id, member.revision + 1, 'entity', nothing, true);
    return coalesce(
        private.place_of_caller(p_conversation_id),
        jsonb_build_object('conversation', null, 'roster', null));
end
$$;

-- The caller becomes an editor and p_user_id the owner; said again by the one who did it, it answers the same.
create function private.hand_over(p_conversation_id uuid, p_user_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    caller uuid := private.caller();
    place public.conversations := private.lock_conversation(p_conversation_id, array['owner', 'editor', 'viewer']);
    member public.conversation_members;
    changed public.conversation_members[] := '{}';
    members uuid[];
begin
    if place.owner_id is distinct from caller then
        if place.owner_id = p_user_id then
            return private.place_of_caller(p_conversation_id);
        end if;
        raise exception 'You may not do this in this conversation.' using errcode = '42501';
    end if;
    if not exists (select from public.conversation_members m
                   where m.conversation_id = p_conversation_id and m.user_id = p_user_id) then
        raise exception 'This person is not a member any more.' using errcode = '55000';
    end if;
    if p_user_id = caller then
        return private.place_of_caller(p_conversation_id);
    end if;
    for member in
        update public.conversation_members m set
            role = case when m.user_id = caller then 'editor' else 'owner' end, revision = m.revision + 1
        where m.conversation_id = p_conversation_id and m.user_id in (caller, p_user_id)
        returning m.*
    loop
        changed := array_append(changed, member);
    end loop;
    -- A viewer who owns it now may speak on the live channel: there must be a new one to join.
    update public.conversations c set owner_id = p_user_id where c.id = p_conversation_id;
    place := private.next_epoch(p_conversation_id);
    members := private.members_of(p_conversation_id);
    perform private.lock_counters(members);
    perform private.tell_conversation(place, members);
    foreach member in array changed loop
        perform private.tell_membership(member);
    end loop;
    perform private.tell_roster(place, members);
    return private.place_of_caller(p_conversation_id);
end
$$;

-- Before an account ends: what nobody else is in goes, what it shares is handed to the member who is there longest,
-- an editor if there is one. The rows of the account itself go with it, so nobody tells its own devices. Whoever
-- took the memberships away already, in the same transaction, need not know of rosters: they are told here.
create function private.leave_everywhere(p_user_id uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare
    place public.conversations;
    places public.conversations[] := '{}';
    empty_ones uuid[] := '{}';
    member public.conversation_members;
    heirs public.conversation_members[] := '{}';
    invite private.invites;
    withdrawn private.invites[] := '{}';
    audience uuid[] := '{}';
    members uuid[];
begin
    for place in
        select c.* from public.conversations c
        where exists (
            select from public.conversation_members m where m.conversation_id = c.id and m.user_id = p_user_id)
           or exists (
            select from public.user_changes u
            where u.user_id = p_user_id and u.kind = 'conversation' and u.entity_id = c.id and not u.removed)
        order by c.id
        for no key update
    loop
        delete from public.conversation_members m
        where m.conversation_id = place.id and m.user_id = p_user_id;
        if not found then
            if place.deleted_at is null then
                place := private.next_roster(place.id);
                audience := audience || private.members_of(place.id);
                places := array_append(places, place);
            end if;
            continue;
        end if;
        if not exists (select from public.conversation_members m where m.conversation_id = place.id) then
            empty_ones := array_append(empty_ones, place.id);
            continue;
        end if;
        continue when place.deleted_at is not null;
        perform private.end_runs_of(place.id, p_user_id);
        if place.owner_id = p_user_id then
            select * into member from public.conversation_members m
            where m.conversation_id = place.id
            order by m.role = 'viewer', m.joined_at, m.user_id limit 1;
            update public.conversations c set owner_id = member.user_id where c.id = place.id;
            update public.conversation_members m set role = 'owner', revision = m.revision + 1
            where m.conversation_id = place.id and m.user_id = member.user_id
            returning * into member;
            heirs := array_append(heirs, member);
        end if;
        place := private.next_epoch(place.id);
        audience := audience || private.members_of(place.id);
        places := array_append(places, place);
    end loop;
    for invite in
        update private.invites i set state = 'revoked', revision = i.revision + 1
        where i.conversation_id = any (empty_ones) and i.state = 'open' and i.invitee_id is not null
        returning i.*
    loop
        withdrawn := array_append(withdrawn, invite);
        audience := array_append(audience, invite.invitee_id);
    end loop;
    perform private.lock_counters(array(select distinct one from unnest(audience) one where one <> p_user_id));
    foreach place in array places loop
        members := private.members_of(place.id);
        perform private.tell_conversation(place, members);
        perform private.tell_roster(place, members);
    end loop;
    foreach member in array heirs loop
        perform private.tell_membership(member);
    end loop;
    foreach invite in array withdrawn loop
        perform private.tell_invitation(invite);
    end loop;
    delete from public.conversations c where c.id = any (empty_ones);
end
$$;

create function private.on_account_end() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    perform private.leave_everywhere(old.id);
    return old;
exception when others then
    raise warning 'The conversations of % were not handed over: %', old.id, sqlerrm;
    return old;
end
$$;
create trigger chatdesk_on_account_end before delete on auth.users
    for each row execute function private.on_account_end();

-- Calls that know more now -----------------------------------------------------------------------------------

-- As before, and whether a model answers every message.
create or replace function private.update_conversation(p_id uuid, p_updates jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    before public.conversations;
    after public.conversations;
    members uuid[];
begin
    perform private.check_updates(p_updates, array['title', 'model', 'system_prompt', 'temperature', 'answers']);
    before := private.lock_conversation(p_id, array['owner', 'editor']);
    after := before;
    after.title := private.text_of(p_updates, 'title', before.title, 300);
    after.model := private.text_of(p_updates, 'model', before.model, 200);
    after.system_prompt := private.text_of(p_updates, 'system_prompt', before.system_prompt, 100000);
    after.answers := private.text_of(p_updates, 'answers', before.answers, 20);
    if after.title is null then
        raise exception 'A conversation needs a title.' using errcode = '22023';
    end if;
    if after.answers not in ('always', 'mentioned') then
        raise exception 'A model answers always or when it is mentioned.' using errcode = '22023';
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
            temperature = after.temperature, answers = after.answers, revision = c.revision + 1,
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

-- As before, and nobody can be invited to it any more.
create or replace function private.delete_conversation(p_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    gone public.conversations := private.lock_conversation(p_id, array['owner'], true);
    members uuid[];
    invite private.invites;
    withdrawn private.invites[] := '{}';
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
        for invite in
            update private.invites i set state = 'revoked', revision = i.revision + 1
            where i.conversation_id = p_id and i.state = 'open'
            returning i.*
        loop
            withdrawn := array_append(withdrawn, invite);
        end loop;
        members := private.members_of(p_id);
        perform private.lock_counters(array(
            select distinct one from unnest(members || array(select (w).invitee_id from unnest(withdrawn) w)) one
            where one is not null));
        perform private.tell_conversation(gone, members);
        foreach invite in array withdrawn loop
            perform private.tell_invitation(invite);
        end loop;
    end if;
    return jsonb_build_object('conversation', private.record_of(gone));
end
$$;

-- The record behind one line of user_changes as the caller may see it now; null when they may not. A later part
-- with a new kind replaces this function, not the reading of pages around it.
create function private.changed_record(p_kind text, p_entity_id uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
    caller uuid := private.caller();
    found_one jsonb;
begin
    case p_kind
        when 'profile' then
            select private.record_of(p) into found_one
            from public.profiles p where p.id = p_entity_id and private.knows(p.id);
        when 'conversation' then
            select private.record_of(c) into found_one
            from public.conversations c
            join public.conversation_members m on m.conversation_id = c.id and m.user_id = caller
            where c.id = p_entity_id;
        when 'membership' then
            select private.record_of(m) into found_one
            from public.conversation_members m
            where m.conversation_id = p_entity_id and m.user_id = caller;
        when 'provider' then
            select private.record_of(p) into found_one
            from public.provider_settings p where p.user_id = caller and p.id = p_entity_id;
        when 'roster' then
            found_one := private.place_of_caller(p_entity_id) -> 'roster';
        when 'invitation' then
            select private.invitation_of(i) into found_one
            from private.invites i where i.id = p_entity_id and i.invitee_id = caller;
        else
            found_one := null;
    end case;
    return found_one;
end
$$;

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
        record_now := case when not change.removed
            then private.changed_record(change.kind, change.entity_id) end;
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

-- The public calls -------------------------------------------------------------------------------------------

create function public.invite_person(p_id uuid, p_conversation_id uuid, p_to text, p_role text) returns jsonb
language sql set search_path = '' as $$ select private.invite_person(p_id, p_conversation_id, p_to, p_role) $$;

create function public.create_link(
    p_id uuid, p_conversation_id uuid, p_role text, p_token_hash text, p_hours integer,
    p_max_uses integer default null
) returns jsonb
language sql set search_path = '' as $$
    select private.create_link(p_id, p_conversation_id, p_role, p_token_hash, p_hours, p_max_uses)
$$;

create function public.revoke_invite(p_id uuid) returns jsonb
language sql set search_path = '' as $$ select private.revoke_invite(p_id) $$;

create function public.accept_invite(p_id uuid) returns jsonb
language sql set search_path = '' as $$ select private.accept_invite(p_id) $$;

create function public.decline_invite(p_id uuid) returns jsonb
language sql set search_path = '' as $$ select private.decline_invite(p_id) $$;

create function public.join_by_link(p_token text) returns jsonb
language sql set search_path = '' as $$ select private.join_by_link(p_token) $$;

create function public.set_member_role(p_conversation_id uuid, p_user_id uuid, p_role text) returns jsonb
language sql set search_path = '' as $$ select private.set_member_role(p_conversation_id, p_user_id, p_role) $$;

create function public.remove_member(p_conversation_id uuid, p_user_id uuid) returns jsonb
language sql set search_path = '' as $$ select private.remove_member(p_conversation_id, p_user_id) $$;

create function public.hand_over(p_conversation_id uuid, p_user_id uuid) returns jsonb
language sql set search_path = '' as $$ select private.hand_over(p_conversation_id, p_user_id) $$;

-- Rights -----------------------------------------------------------------------------------------------------

revoke execute on function
    private.roster_of(public.conversations, boolean), private.invitation_of(private.invites),
    private.tell_roster(public.conversations, uuid[]), private.tell_invitation(private.invites),
    private.next_roster(uuid), private.admit(uuid, uuid, text), private.place_of_caller(uuid),
    private.check_invite(uuid, uuid, text), private.on_confirmed_address(), private.take_up(private.invites),
    private.end_runs_of(uuid, uuid), private.next_epoch(uuid), private.leave_everywhere(uuid),
    private.on_account_end(), private.changed_record(text, uuid)
from public, anon, authenticated, service_role;
do $$
declare
    door record;
begin
    for door in
        select f.oid::regprocedure as one
        from pg_catalog.pg_proc f
        where f.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
          and f.proname in (
            'invite_person', 'create_link', 'revoke_invite', 'accept_invite', 'decline_invite', 'join_by_link',
            'set_member_role', 'remove_member', 'hand_over')
    loop
        execute format('revoke execute on function %s from public, anon, service_role', door.one);
        execute format('grant execute on function %s to authenticated', door.one);
    end loop;
end
$$;

-- A client needs the functions of every part up to its own number; each further part says its number here.
create or replace function public.schema_version() returns integer
language sql immutable set search_path = '' as $$ select 9 $$;
