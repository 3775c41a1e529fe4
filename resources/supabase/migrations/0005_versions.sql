-- ChatDesk, part 5: versions of messages.
--
-- An edit, or one more reply to the same question, is a message of its own beside the one it replaces; nothing
-- is deleted or rewritten. Siblings that replace nothing were written at the same moment and are all shown.

alter table public.messages add column replaces uuid;
alter table public.messages add constraint messages_replaces_fkey
    foreign key (conversation_id, replaces) references public.messages (conversation_id, id);
create index messages_replaces on public.messages (conversation_id, replaces) where replaces is not null;
comment on column public.messages.replaces is
    'The first of the messages that this one is another version of; that one replaces nothing itself.';

create or replace function private.record_of(m public.messages) returns jsonb
language sql stable set search_path = '' as $$
    select jsonb_build_object(
        'id', m.id, 'conversation_id', m.conversation_id, 'parent_id', m.parent_id, 'author_id', m.author_id,
        'role', m.role, 'content', m.content, 'model', m.model, 'usage', m.usage, 'status', m.status,
        'error', m.error, 'seq', m.seq, 'revision', m.revision, 'created_at', m.created_at,
        'updated_at', m.updated_at, 'deleted_at', m.deleted_at, 'replaces', m.replaces)
$$;

-- The call for sending, with one argument more. A second function of the same name would leave it open which
-- of them is meant, so the old one goes.
drop function public.send_message(uuid, uuid, uuid, text, text, text);
drop function private.send_message(uuid, uuid, uuid, text, text, text);

create function private.send_message(
    p_id uuid, p_conversation_id uuid, p_parent_id uuid, p_role text, p_content text, p_model text,
    p_replaces uuid
) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    caller uuid := private.caller();
    place public.conversations;
    sent public.messages;
    replaced public.messages;
    member public.conversation_members;
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
           or (sent.content <> p_content and sent.deleted_at is null) then
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
            created_at, updated_at, replaces)
        values (
            p_id, p_conversation_id, p_parent_id, caller, p_role, p_content, p_model, 'complete',
            place.last_seq, place.revision, place.updated_at, place.updated_at,
            coalesce(replaced.replaces, replaced.id))
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
    p_replaces uuid default null
) returns jsonb
language sql set search_path = '' as $$
    select private.send_message(p_id, p_conversation_id, p_parent_id, p_role, p_content, p_model, p_replaces)
$$;

-- As before, but each further run for the same question makes a version of the first one's reply.
create or replace function private.claim_generation(
    p_id uuid, p_message_id uuid, p_reply_to uuid, p_attempt integer, p_holder uuid, p_model text
) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    caller uuid := private.caller();
    question public.messages;
    place public.conversations;
    reply public.messages;
    run public.generations;
begin
    if p_id is null or p_message_id is null or p_holder is null
       or p_attempt is null or p_attempt not between 0 and 10000 then
        raise exception 'A run needs its ids, its holder and an attempt from 0 to 10000.' using errcode = '22023';
    end if;
    perform private.check_length('model', p_model, 200);
    select * into question from public.messages m where m.id = p_reply_to;
    place := private.lock_conversation(question.conversation_id, array['owner', 'editor']);

    select * into run from public.generations g where g.reply_to = p_reply_to and g.attempt = p_attempt;
    if run.id is not null then
        select * into reply from public.messages m where m.id = run.message_id;
        if run.id <> p_id or run.holder <> p_holder or reply.author_id is distinct from caller then
            return jsonb_build_object('claimed', false, 'generation', private.record_of(run));
        end if;
    else
        if exists (select from public.messages m where m.id = p_reply_to and m.deleted_at is not null) then
            raise exception 'The message to reply to was deleted.' using errcode = '22023';
        end if;
        if exists (select from public.generations g where g.id = p_id)
           or exists (select from public.messages m where m.id = p_message_id) then
            raise exception 'The id of this reply is taken.' using errcode = '23505';
        end if;
        place := private.next_place(question.conversation_id);
        insert into public.messages (
            id, conversation_id, parent_id, author_id, role, content, model, status, seq, revision,
            created_at, updated_at, replaces)
        values (
            p_message_id, place.id, p_reply_to, caller, 'assistant', '', p_model, 'streaming',
            place.last_seq, place.revision, place.updated_at, place.updated_at,
            (select coalesce(m.replaces, m.id)
             from public.generations g join public.messages m on m.id = g.message_id
             where g.reply_to = p_reply_to order by m.seq limit 1))
        returning * into reply;
        insert into public.generations (
            id, conversation_id, message_id, reply_to, attempt, holder, fence, state, expires_at)
        values (
            p_id, place.id, p_message_id, p_reply_to, p_attempt, p_holder, place.revision, 'running',
            private.lease_end())
        returning * into run;
        perform private.tell_members_hint(place);
    end if;
    return jsonb_build_object(
        'claimed', true, 'generation', private.record_of(run), 'message', private.record_of(reply),
        'conversation', private.record_of(place));
end
$$;

-- PostgreSQL lets everybody call a new function, and older projects name the roles as well.
revoke execute on function
    public.send_message(uuid, uuid, uuid, text, text, text, uuid),
    private.send_message(uuid, uuid, uuid, text, text, text, uuid)
from public, anon, authenticated, service_role;
grant execute on function
    public.send_message(uuid, uuid, uuid, text, text, text, uuid),
    private.send_message(uuid, uuid, uuid, text, text, text, uuid)
to authenticated;
