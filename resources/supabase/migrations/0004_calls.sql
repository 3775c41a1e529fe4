-- ChatDesk, part 4 of 4: messages, runs of a model, reading, and the public calls.
--
-- Each public function is a thin door that runs as its caller; its counterpart in schema private does the work.
-- Their arguments and answers are the wire of ChatDesk: rows are JSON objects as private.record_of() makes them.

-- Messages ---------------------------------------------------------------------------------------------------

-- The conversation with its next revision taken; it must be locked.
create function private.next_revision(p_conversation_id uuid) returns public.conversations
language sql security definer set search_path = '' as $$
    update public.conversations c set revision = c.revision + 1 where c.id = p_conversation_id returning c.*
$$;

-- The conversation with its next revision and place taken; it must be locked.
create function private.next_place(p_conversation_id uuid) returns public.conversations
language sql security definer set search_path = '' as $$
    update public.conversations c set
        revision = c.revision + 1, last_seq = c.last_seq + 1, updated_at = clock_timestamp()
    where c.id = p_conversation_id
    returning c.*
$$;

create function private.tell_members_hint(c public.conversations) returns void
language plpgsql security definer set search_path = '' as $$
declare
    members uuid[] := private.members_of(c.id);
begin
    perform private.lock_counters(members);
    perform private.tell_hint(c, members);
end
$$;

create function private.send_message(
    p_id uuid, p_conversation_id uuid, p_parent_id uuid, p_role text, p_content text, p_model text
) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    caller uuid := private.caller();
    place public.conversations;
    sent public.messages;
    member public.conversation_members;
begin
    if p_id is null or p_content is null or p_role is null or p_role not in ('user', 'assistant', 'system') then
        raise exception 'A message needs an id, a text, and a role: user, assistant or system.'
            using errcode = '22023';
    end if;
    perform private.check_length('message', p_content, 2000000);
    perform private.check_length('model', p_model, 200);
    place := private.lock_conversation(p_conversation_id, array['owner', 'editor']);

    select * into sent from public.messages m where m.id = p_id;
    if sent.id is not null then
        -- Sent again, perhaps after its deletion: answered, but nothing happens.
        if sent.author_id is distinct from caller
           or sent.conversation_id <> p_conversation_id
           or sent.parent_id is distinct from p_parent_id
           or sent.role <> p_role
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
        place := private.next_place(p_conversation_id);
        insert into public.messages (
            id, conversation_id, parent_id, author_id, role, content, model, status, seq, revision,
            created_at, updated_at)
        values (
            p_id, p_conversation_id, p_parent_id, caller, p_role, p_content, p_model, 'complete',
            place.last_seq, place.revision, place.updated_at, place.updated_at)
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

create function private.delete_message(p_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    caller uuid := private.caller();
    gone public.messages;
    place public.conversations;
begin
    select * into gone from public.messages m where m.id = p_id;
    -- Also refuses, in the same words, an id that does not exist.
    place := private.lock_conversation(gone.conversation_id, array['owner', 'editor']);
    select * into gone from public.messages m where m.id = p_id;
    if gone.author_id is distinct from caller and place.owner_id is distinct from caller then
        raise exception 'Only its author or the owner of the conversation can delete a message.'
            using errcode = '42501';
    end if;
    if gone.deleted_at is null then
        place := private.next_revision(gone.conversation_id);
        -- A run that still writes finds its lease ended, so it cannot bring the text back.
        update public.generations g set state = 'stopped', stop_requested = true
        where g.message_id = p_id and g.state = 'running';
        update public.messages m set
            content = '', usage = null, error = null, revision = place.revision,
            status = case when m.status = 'streaming' then 'interrupted' else m.status end,
            deleted_at = clock_timestamp(), updated_at = clock_timestamp()
        where m.id = p_id
        returning * into gone;
        perform private.tell_members_hint(place);
    end if;
    return jsonb_build_object('message', private.record_of(gone));
end
$$;

-- Runs of a model --------------------------------------------------------------------------------------------

-- The lease: whoever inserts (reply_to, attempt) first holds it for 25 seconds of the server's time, renews it,
-- and sends its fence along. Nobody takes an expired one over: its message becomes 'interrupted'.
create function private.lease_end() returns timestamptz
language sql volatile set search_path = '' as $$ select clock_timestamp() + interval '25 seconds' $$;

create function private.claim_generation(
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
            created_at, updated_at)
        values (
            p_message_id, place.id, p_reply_to, caller, 'assistant', '', p_model, 'streaming',
            place.last_seq, place.revision, place.updated_at, place.updated_at)
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

-- The run, when it is the caller's and the caller may still write there.
create function private.own_run(p_id uuid) returns public.generations
language sql stable security definer set search_path = '' as $$
    select g from public.generations g
    join public.messages m on m.id = g.message_id and m.author_id = (select auth.uid())
    join public.conversation_members w on w.conversation_id = g.conversation_id
        and w.user_id = (select auth.uid()) and w.role in ('owner', 'editor')
    where g.id = p_id
$$;

-- The same, locked; 42501 when it is not theirs, 55000 when the fence is another's.
create function private.lock_run(p_id uuid, p_fence bigint) returns public.generations
language plpgsql security definer set search_path = '' as $$
declare
    run public.generations := private.own_run(p_id);
begin
    if run.id is null then
        raise exception 'This reply is not yours.' using errcode = '42501';
    end if;
    select * into run from public.generations g where g.id = p_id for no key update;
    if run.fence is distinct from p_fence then
        raise exception 'Another instance holds this reply.' using errcode = '55000';
    end if;
    return run;
end
$$;

create function private.renew_generation(p_id uuid, p_fence bigint, p_content text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    run public.generations := private.own_run(p_id);
    place public.conversations;
    reply public.messages;
begin
    perform private.check_length('message', p_content, 2000000);
    if p_content is not null then
        perform private.lock_conversation(run.conversation_id, array['owner', 'editor'], true);
    end if;
    run := private.lock_run(p_id, p_fence);
    if run.state <> 'running' or run.expires_at <= clock_timestamp() then
        raise exception 'This reply has ended.' using errcode = '55000';
    end if;
    update public.generations g set expires_at = private.lease_end() where g.id = p_id returning * into run;
    if p_content is null then
        return jsonb_build_object('generation', private.record_of(run));
    end if;
    -- A checkpoint moves no user's counter: only who has the conversation open cares, and gets one frame.
    select * into reply from public.messages m where m.id = run.message_id;
    if reply.content <> p_content then
        place := private.next_revision(run.conversation_id);
        update public.messages m set
            content = p_content, revision = place.revision, updated_at = clock_timestamp()
        where m.id = run.message_id
        returning * into reply;
    end if;
    return jsonb_build_object(
        'generation', private.record_of(run), 'message', private.record_of(reply));
end
$$;

-- An expired lease can still be finished, as long as nobody ended it: no other holder is possible, and a text
-- that is there is better than its last checkpoint.
create function private.finish_generation(
    p_id uuid, p_fence bigint, p_status text, p_content text, p_usage jsonb, p_error text
) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    run public.generations := private.own_run(p_id);
    place public.conversations;
    reply public.messages;
begin
    if p_status is null or p_status not in ('complete', 'interrupted', 'error') then
        raise exception 'A reply ends as complete, interrupted or error.' using errcode = '22023';
    end if;
    if octet_length(p_usage::text) > 10000 then
        raise exception 'The usage is longer than 10000 characters.' using errcode = '22023';
    end if;
    perform private.check_length('message', p_content, 2000000);
    place := private.lock_conversation(run.conversation_id, array['owner', 'editor'], true);
    run := private.lock_run(p_id, p_fence);
    select * into reply from public.messages m where m.id = run.message_id;
    if run.state <> 'running' then
        -- The same end, sent again: answered, but nothing happens.
        if reply.status <> p_status or reply.content <> coalesce(p_content, reply.content)
           or reply.deleted_at is not null then
            raise exception 'This reply has ended.' using errcode = '55000';
        end if;
    else
        place := private.next_revision(run.conversation_id);
        update public.generations g set
            state = case p_status
                when 'complete' then 'finished'
                when 'error' then 'failed'
                else case when g.stop_requested then 'stopped' else 'interrupted' end
            end
        where g.id = p_id
        returning * into run;
        update public.messages m set
            status = p_status, content = coalesce(p_content, m.content), usage = p_usage,
            error = left(p_error, 2000), revision = place.revision,
            updated_at = clock_timestamp()
        where m.id = run.message_id
        returning * into reply;
        perform private.tell_members_hint(place);
    end if;
    return jsonb_build_object(
        'generation', private.record_of(run), 'message', private.record_of(reply),
        'conversation', private.record_of(place));
end
$$;

-- The holder learns of it from its next renewal.
create function private.stop_generation(p_message_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    run public.generations;
begin
    select * into run from public.generations g where g.message_id = p_message_id;
    perform private.lock_conversation(run.conversation_id, array['owner', 'editor']);
    update public.generations g set stop_requested = true
    where g.message_id = p_message_id and g.state = 'running' and not g.stop_requested;
    select * into run from public.generations g where g.message_id = p_message_id;
    return jsonb_build_object('generation', private.record_of(run));
end
$$;

create function private.reap_generations(p_conversation_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
    place public.conversations := private.lock_conversation(p_conversation_id, array['owner', 'editor']);
    dead uuid;
    reply public.messages;
    reaped jsonb := '[]';
begin
    for dead in
        update public.generations g set state = 'interrupted'
        where g.conversation_id = p_conversation_id and g.state = 'running'
          and g.expires_at <= clock_timestamp()
        returning g.message_id
    loop
        place := private.next_revision(p_conversation_id);
        update public.messages m set
            status = 'interrupted', revision = place.revision, updated_at = clock_timestamp()
        where m.id = dead
        returning * into reply;
        reaped := reaped || private.record_of(reply);
    end loop;
    if jsonb_array_length(reaped) > 0 then
        perform private.tell_members_hint(place);
    end if;
    return jsonb_build_object('messages', reaped, 'conversation', private.record_of(place));
end
$$;

-- Reading ----------------------------------------------------------------------------------------------------

-- All of these are STABLE: every statement in them sees the one snapshot of the call, so a cursor that is
-- answered together with rows cannot have overtaken any of them. A page ends after p_limit rows or about 1 MB.

create function private.page_limit(p_limit integer) returns integer
language sql immutable set search_path = '' as $$ select greatest(1, least(coalesce(p_limit, 200), 1000)) $$;

create function private.pull_changes(p_after bigint, p_limit integer) returns jsonb
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
        record_now := null;
        if not change.removed then
            case change.kind
                when 'profile' then
                    select private.record_of(p) into record_now
                    from public.profiles p where p.id = change.entity_id and private.knows(p.id);
                when 'conversation' then
                    select private.record_of(c) into record_now
                    from public.conversations c
                    join public.conversation_members m on m.conversation_id = c.id and m.user_id = caller
                    where c.id = change.entity_id;
                when 'membership' then
                    select private.record_of(m) into record_now
                    from public.conversation_members m
                    where m.conversation_id = change.entity_id and m.user_id = caller;
            end case;
        end if;
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

create function private.pull_messages(p_conversation_id uuid, p_after bigint, p_limit integer) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
    place public.conversations;
    page jsonb;
    reached bigint;
    rows_taken bigint;
    more boolean;
begin
    perform private.caller();
    if not private.is_member(p_conversation_id) then
        raise exception 'You are not a member of this conversation.' using errcode = '42501';
    end if;
    select * into place from public.conversations c where c.id = p_conversation_id;
    with sized as (
        select m.id, m.revision,
            sum(octet_length(m.content) + 500) over (order by m.revision)
                - octet_length(m.content) as bytes_before
        from public.messages m
        where m.conversation_id = p_conversation_id and m.revision > coalesce(p_after, 0)
        order by m.revision
        limit private.page_limit(p_limit)
    )
    select jsonb_agg(private.record_of(m) order by m.revision), max(m.revision), count(*)
    into page, reached, rows_taken
    from sized join public.messages m on m.id = sized.id
    where sized.bytes_before < 1000000;
    more := rows_taken > 0 and exists (
        select from public.messages m where m.conversation_id = p_conversation_id and m.revision > reached);
    return jsonb_build_object(
        'messages', coalesce(page, '[]'), 'conversation', private.record_of(place),
        'cursor', case when more then reached else place.revision end, 'more', more);
end
$$;

create function private.page_messages(p_conversation_id uuid, p_before_seq bigint, p_limit integer) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
    place public.conversations;
    page jsonb;
    reached bigint;
begin
    perform private.caller();
    if not private.is_member(p_conversation_id) then
        raise exception 'You are not a member of this conversation.' using errcode = '42501';
    end if;
    select * into place from public.conversations c where c.id = p_conversation_id;
    with sized as (
        select m.id, m.seq,
            sum(octet_length(m.content) + 500) over (order by m.seq desc)
                - octet_length(m.content) as bytes_before
        from public.messages m
        where m.conversation_id = p_conversation_id and (p_before_seq is null or m.seq < p_before_seq)
        order by m.seq desc
        limit private.page_limit(p_limit)
    )
    select jsonb_agg(private.record_of(m) order by m.seq), min(m.seq)
    into page, reached
    from sized join public.messages m on m.id = sized.id
    where sized.bytes_before < 1000000;
    return jsonb_build_object(
        'messages', coalesce(page, '[]'), 'conversation', private.record_of(place), 'cursor', place.revision,
        'more', reached is not null and exists (
            select from public.messages m where m.conversation_id = p_conversation_id and m.seq < reached));
end
$$;

-- The public calls -------------------------------------------------------------------------------------------

create function public.ensure_profile() returns jsonb
language sql set search_path = '' as $$ select private.ensure_profile() $$;

create function public.update_profile(p_updates jsonb) returns jsonb
language sql set search_path = '' as $$ select private.update_profile(p_updates) $$;

create function public.create_conversation(
    p_id uuid, p_title text, p_model text default null, p_system_prompt text default null,
    p_temperature real default null
) returns jsonb
language sql set search_path = '' as $$
    select private.create_conversation(p_id, p_title, p_model, p_system_prompt, p_temperature)
$$;

create function public.update_conversation(p_id uuid, p_updates jsonb) returns jsonb
language sql set search_path = '' as $$ select private.update_conversation(p_id, p_updates) $$;

create function public.delete_conversation(p_id uuid) returns jsonb
language sql set search_path = '' as $$ select private.delete_conversation(p_id) $$;

create function public.update_membership(p_conversation_id uuid, p_updates jsonb) returns jsonb
language sql set search_path = '' as $$ select private.update_membership(p_conversation_id, p_updates) $$;

create function public.send_message(
    p_id uuid, p_conversation_id uuid, p_parent_id uuid, p_role text, p_content text, p_model text default null
) returns jsonb
language sql set search_path = '' as $$
    select private.send_message(p_id, p_conversation_id, p_parent_id, p_role, p_content, p_model)
$$;

create function public.delete_message(p_id uuid) returns jsonb
language sql set search_path = '' as $$ select private.delete_message(p_id) $$;

create function public.claim_generation(
    p_id uuid, p_message_id uuid, p_reply_to uuid, p_attempt integer, p_holder uuid, p_model text
) returns jsonb
language sql set search_path = '' as $$
    select private.claim_generation(p_id, p_message_id, p_reply_to, p_attempt, p_holder, p_model)
$$;

create function public.renew_generation(p_id uuid, p_fence bigint, p_content text default null) returns jsonb
language sql set search_path = '' as $$ select private.renew_generation(p_id, p_fence, p_content) $$;

create function public.finish_generation(
    p_id uuid, p_fence bigint, p_status text, p_content text, p_usage jsonb default null,
    p_error text default null
) returns jsonb
language sql set search_path = '' as $$
    select private.finish_generation(p_id, p_fence, p_status, p_content, p_usage, p_error)
$$;

create function public.stop_generation(p_message_id uuid) returns jsonb
language sql set search_path = '' as $$ select private.stop_generation(p_message_id) $$;

create function public.reap_generations(p_conversation_id uuid) returns jsonb
language sql set search_path = '' as $$ select private.reap_generations(p_conversation_id) $$;

create function public.pull_changes(p_after bigint, p_limit integer default 200) returns jsonb
language sql stable set search_path = '' as $$ select private.pull_changes(p_after, p_limit) $$;

create function public.pull_messages(
    p_conversation_id uuid, p_after bigint, p_limit integer default 200
) returns jsonb
language sql stable set search_path = '' as $$
    select private.pull_messages(p_conversation_id, p_after, p_limit)
$$;

create function public.page_messages(
    p_conversation_id uuid, p_before_seq bigint default null, p_limit integer default 100
) returns jsonb
language sql stable set search_path = '' as $$
    select private.page_messages(p_conversation_id, p_before_seq, p_limit)
$$;

-- Grows when a client that knows only the older calls would do harm.
create function public.schema_version() returns integer
language sql immutable set search_path = '' as $$ select 1 $$;

-- Rights -----------------------------------------------------------------------------------------------------

-- PostgreSQL lets everybody call a new function, and older projects name the roles as well.
revoke execute on all functions in schema private from public, anon, authenticated, service_role;
do $$
declare
    door record;
begin
    for door in
        select f.oid::regprocedure as public_one, g.oid::regprocedure as private_one
        from pg_catalog.pg_proc f
        left join pg_catalog.pg_proc g
            on g.pronamespace = 'private'::regnamespace and g.proname = f.proname
        where f.pronamespace = 'public'::regnamespace
          and f.proname in (
            'ensure_profile', 'update_profile', 'create_conversation', 'update_conversation',
            'delete_conversation', 'update_membership', 'send_message', 'delete_message', 'claim_generation',
            'renew_generation', 'finish_generation', 'stop_generation', 'reap_generations', 'pull_changes',
            'pull_messages', 'page_messages', 'schema_version')
    loop
        execute format('revoke execute on function %s from public, anon, service_role', door.public_one);
        execute format('grant execute on function %s to authenticated', door.public_one);
        if door.private_one is not null then
            execute format('grant execute on function %s to authenticated', door.private_one);
        end if;
    end loop;
end
$$;
-- What the policies ask.
grant execute on function
    private.is_member(uuid), private.knows(uuid), private.avatar_owner(text),
    private.topic_allows(text, text, boolean)
to authenticated;
