"""The faults that ``tests.faults.mutants`` plants, for every guarantee, and the tests that catch them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """``old`` occurs exactly once in ``file`` and becomes ``new``; the pytest node ``test`` must fail."""

    guarantee: str
    name: str
    file: str
    old: str
    new: str
    test: str


FAULTS = "tests/faults"
PEOPLE = "resources/supabase/migrations/0010_people.sql"
PEOPLE_TESTS = "tests/contract/database/test_people.py"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "G1",
        "outbox with synchronous=NORMAL",
        "chatdesk/store/connection.py",
        'wanted = "FULL" if durable else "NORMAL"',
        'wanted = "NORMAL"',
        f"{FAULTS}/test_g01_accepted.py::test_each_accept_waits_for_the_disk",
    ),
    Mutant(
        "G2",
        "no look for the id in send_message",
        "resources/supabase/migrations/0006_attachments.sql",
        "select * into sent from public.messages m where m.id = p_id;",
        "select * into sent from public.messages m where false;",
        "tests/contract/database/test_messages.py::test_a_repeated_send_has_one_effect",
    ),
    Mutant(
        "G2",
        "a new id for every try",
        "chatdesk/backend/tables.py",
        "        answer = await self._call(mutation.kind.value, dict(mutation.args))\n",
        "        from chatdesk.domain.ids import new_id\n\n"
        '        fresh = {"p_id": new_id()} if "p_content" in mutation.args else {}\n'
        "        answer = await self._call(mutation.kind.value, {**mutation.args, **fresh})\n",
        f"{FAULTS}/test_g02_never_doubled.py::test_lost_answers_double_nothing",
    ),
    Mutant(
        "G3",
        "no echo guard: a waiting message beside its own row",
        "chatdesk/store/overlay.py",
        "if server is None or (failed and not is_delivered(entry, server)):",
        "if True:",
        f"{FAULTS}/test_g03_one_bubble.py",
    ),
    Mutant(
        "G4",
        "a final refusal is tried again for ever",
        "chatdesk/sync/outbox_worker.py",
        "self._publish(await self._store.reject(mutation.id, refusal.message))",
        "self._publish(await self._store.mark_waiting(mutation.id))",
        f"{FAULTS}/test_g04_no_poison.py::test_refused_messages_stay_and_the_others_flow",
    ),
    Mutant(
        "G5",
        "a cursor that any event moves",
        "chatdesk/store/events.py",
        "while cursor + 1 in self.here:",
        "while cursor < max(self.here, default=0):",
        "tests/unit/sync/test_catch_up.py",
    ),
    Mutant(
        "G5",
        "a cursor that any event moves, met by the play that is kept",
        "chatdesk/store/events.py",
        "while cursor + 1 in self.here:",
        "while cursor < max(self.here, default=0):",
        "tests/unit/sync/test_engine_machine.py::test_what_failed_once_holds",
    ),
    Mutant(
        "G6",
        "conversations that are behind are not pulled",
        "chatdesk/store/cursors.py",
        "WHERE max(conversations.revision, tail_revision) > cursors.revision ORDER BY",
        "WHERE max(conversations.revision, tail_revision) > cursors.revision + 1000 ORDER BY",
        "tests/unit/sync/test_convergence.py",
    ),
    Mutant(
        "G7",
        "a watchdog that asks nobody",
        "chatdesk/sync/watchdog.py",
        "reason = part.stalled()",
        "reason = None",
        f"{FAULTS}/test_g07_no_stall.py",
    ),
    Mutant(
        "G8",
        "order by the id, which holds the sender's clock",
        "chatdesk/store/messages.py",
        "WHERE conversation_id = ? ORDER BY seq DESC, id DESC LIMIT ?",
        "WHERE conversation_id = ? ORDER BY id DESC LIMIT ?",
        f"{FAULTS}/test_g08_same_order.py::test_wrong_clocks_change_no_order",
    ),
    Mutant(
        "G9",
        "tombstones and newer rows give way to older ones",
        "chatdesk/store/messages.py",
        '" WHERE excluded.revision > messages.revision"',
        '" WHERE excluded.revision > 0"',
        f"{FAULTS}/test_g09_no_going_back.py::test_no_older_text_comes_after_a_newer_one",
    ),
    Mutant(
        "G10",
        "is_connected is trusted, no beat",
        "chatdesk/backend/feed.py",
        "            await self._socket.pulse()\n",
        "            if not self._socket.is_connected:\n                raise ConnectionError\n",
        f"{FAULTS}/test_g10_link_heals.py::test_a_half_open_link_is_found_out",
    ),
    Mutant(
        "G10",
        "nobody looks whether the server is back",
        "chatdesk/sync/link.py",
        "if there and away:",
        "if there and away and seconds < 0:",
        "tests/unit/sync/test_link.py::test_a_server_that_is_back_is_found_soon_after_any_outage",
    ),
    Mutant(
        "G11",
        "a token is used to its end and beyond",
        "chatdesk/backend/sessions.py",
        "return left <= margin",
        "return left <= -margin",
        f"{FAULTS}/test_g11_token_expiry.py::test_g11_token_expiry_is_invisible[300]",
    ),
    Mutant(
        "G12",
        "a renewal without the machine's lock",
        "chatdesk/backend/session_lock.py",
        "lock = FileLock(path, thread_local=False, mode=0o600)",
        'lock = FileLock(f"{path}.{os.getpid()}.{id(self)}", thread_local=False, mode=0o600)',
        "tests/unit/backend/test_sessions.py",
    ),
    Mutant(
        "G12",
        "one session file for every place of the lock",
        "chatdesk/app/session_files.py",
        "self._files[place].write(",
        "self._files[0].write(",
        "tests/unit/app/test_session_files.py",
    ),
    Mutant(
        "G13",
        "an error of the network clears the session",
        "chatdesk/backend/sessions.py",
        "        except (NeedsSignIn, Retryable):\n            raise\n"
        "        except ChatDeskError as error:\n",
        "        except (NeedsSignIn, Retryable):\n            self._storage.clear()\n            raise\n"
        "        except ChatDeskError as error:\n",
        f"{FAULTS}/test_g13_restart.py::test_g13_a_restart_keeps_the_session",
    ),
    Mutant(
        "G14",
        "a channel is left without waiting for the server's word",
        "chatdesk/backend/feed.py",
        "            seat.over = True\n            await self._vacate(seat)\n",
        "            seat.over = True\n            self._free(seat)\n",
        f"{FAULTS}/test_g14_no_leak.py::test_g14_staying_just_long_enough_leaks_nothing_either",
    ),
    Mutant(
        "G15",
        "a policy that says true",
        "resources/supabase/migrations/0002_access.sql",
        'create policy "Members see the messages" on public.messages\n'
        "    for select to authenticated using (private.is_member(conversation_id));",
        'create policy "Members see the messages" on public.messages\n'
        "    for select to authenticated using (true);",
        f"{FAULTS}/test_g15_no_stranger.py::test_no_foreign_canary_reaches_a_client",
    ),
    Mutant(
        "G15",
        "anybody may join a channel",
        "resources/supabase/migrations/0002_access.sql",
        "using (private.topic_allows((select realtime.topic()), extension, false));",
        "using (true);",
        f"{FAULTS}/test_g15_no_stranger.py::test_no_foreign_canary_reaches_a_client",
    ),
    Mutant(
        "G15",
        "everybody sees every membership",
        "resources/supabase/migrations/0002_access.sql",
        "using (user_id = (select auth.uid()) and private.is_member(conversation_id));",
        "using (true);",
        "tests/contract/database/test_access.py::test_every_verb_on_every_table",
    ),
    Mutant(
        "G15",
        "everybody sees every invitation",
        "resources/supabase/migrations/0009_sharing.sql",
        "from public, anon, authenticated, service_role;\n\nalter table public.user_changes",
        "from public;\n"
        'create policy "all" on private.invites for select to authenticated using (true);\n'
        "grant select on private.invites to authenticated;\nalter table public.user_changes",
        "tests/contract/database/test_access.py::test_every_verb_on_every_table",
    ),
    Mutant(
        "G15",
        "a roster for everybody",
        "resources/supabase/migrations/0009_sharing.sql",
        "and m.user_id = (select auth.uid())\n    where c.id = p_conversation_id and c.deleted_at is null",
        "and m.role = 'owner'\n    where c.id = p_conversation_id and c.deleted_at is null",
        "tests/contract/database/test_sharing.py",
    ),
    Mutant(
        "G15",
        "a removal that leaves the channels as they are",
        "resources/supabase/migrations/0009_sharing.sql",
        "epoch = c.epoch + 1, revision = c.revision + 1, roster_revision",
        "revision = c.revision + 1, roster_revision",
        "tests/contract/database/test_topics.py::test_a_stale_epoch_is_refused_to_everybody",
    ),
    Mutant(
        "G15",
        "channels that know no epoch",
        "resources/supabase/migrations/0002_access.sql",
        "      and c.epoch = part[2]::bigint\n",
        "",
        "tests/contract/database/test_topics.py::test_a_stale_epoch_is_refused_to_everybody",
    ),
    Mutant(
        "G15",
        "viewers who speak on the live channel",
        "resources/supabase/migrations/0002_access.sql",
        "(p_extension = 'presence' or member_role in ('owner', 'editor'));",
        "(p_extension = 'presence' or member_role in ('owner', 'editor', 'viewer'));",
        "tests/contract/database/test_topics.py::test_a_conversations_topics_by_role",
    ),
    Mutant(
        "G15",
        "editors who take people out",
        "resources/supabase/migrations/0009_sharing.sql",
        "case when p_user_id = caller then array['editor', 'viewer'] else array['owner'] end);",
        "case when p_user_id = caller then array['editor', 'viewer'] else array['owner', 'editor'] end);",
        "tests/contract/database/test_sharing.py::test_only_the_owner_decides_about_members",
    ),
    Mutant(
        "G15",
        "an invitation that anybody accepts",
        "resources/supabase/migrations/0009_sharing.sql",
        "from private.invites i where i.id = p_id and i.invitee_id = private.caller();",
        "from private.invites i where i.id = p_id;",
        "tests/contract/database/test_sharing.py::test_only_the_owner_decides_about_members",
    ),
    Mutant(
        "G15",
        "a link that never expires",
        "resources/supabase/migrations/0009_sharing.sql",
        "if taken.expires_at <= now() then",
        "if false then",
        "tests/contract/database/test_sharing.py::test_a_link_is_good_for_so_many_people_and_so_long",
    ),
    Mutant(
        "G15",
        "an answer that tells who has an account",
        "resources/supabase/migrations/0009_sharing.sql",
        "    if exists (select from public.conversation_members m\n"
        "               where m.conversation_id = p_conversation_id and m.user_id = person) then\n"
        "        person := null;\n",
        "    if person is null then\n"
        "        raise exception 'Nobody has this address.' using errcode = '22023';\n",
        "tests/contract/database/test_sharing.py::test_nobody_learns_from_an_invitation_who_has_an_account",
    ),
    Mutant(
        "G15",
        "strangers may ask how far members have read",
        PEOPLE,
        "    if not private.is_member(p_conversation_id) then\n",
        "    if false then\n",
        f"{PEOPLE_TESTS}::test_members_see_how_far_the_others_have_read",
    ),
    Mutant(
        "G15",
        "a read mark is shown although its owner shows none",
        PEOPLE,
        "on theirs.id = m.user_id and theirs.shows_reading",
        "on theirs.id = m.user_id",
        f"{PEOPLE_TESTS}::test_a_mark_is_neither_shown_nor_seen_by_whoever_is_off",
    ),
    Mutant(
        "G15",
        "whoever shows no read mark sees those of others",
        PEOPLE,
        "on mine.id = caller and mine.shows_reading",
        "on mine.id = caller",
        f"{PEOPLE_TESTS}::test_a_mark_is_neither_shown_nor_seen_by_whoever_is_off",
    ),
    Mutant(
        "G15",
        "a hint tells that somebody has read who shows no mark",
        PEOPLE,
        "exists (select from public.profiles p where p.id = new.user_id and not p.shows_reading)",
        "false",
        f"{PEOPLE_TESTS}::test_a_mark_is_neither_shown_nor_seen_by_whoever_is_off",
    ),
    Mutant(
        "G14",
        "presence calls without a limit",
        "chatdesk/sync/presence.py",
        "        turn = self._allowance.wait(now, 0 if (feed, topic) in live else RESERVE)\n",
        "        turn = 0.0\n",
        "tests/unit/sync/test_presence.py::test_switching_fast_stays_within_the_limit",
    ),
    Mutant(
        "G14",
        "a broadcast at every key",
        "chatdesk/sync/typing.py",
        "if now - self._told.get(conversation_id, -REPEAT) < REPEAT or not self._allowance.take(now):",
        "if False:",
        "tests/unit/sync/test_typing.py::test_the_others_are_told_at_once_and_not_at_every_key",
    ),
    Mutant(
        "G14",
        "a channel that was left is taken for one on which this instance is still shown",
        "chatdesk/sync/presence.py",
        " if t == self._own_topic or t in live",
        "",
        "tests/unit/sync/test_presence.py::test_people_see_who_looks_at_the_same_conversation",
    ),
    Mutant(
        "G18",
        "damaged files are removed, not set aside",
        "chatdesk/store/files.py",
        'os.replace(f"{database}{suffix}", f"{target}{suffix}")',
        'os.remove(f"{database}{suffix}")',
        f"{FAULTS}/test_g18_bad_local_files.py::test_bad_files_are_survived[4]",
    ),
    Mutant(
        "G18",
        "nothing of a damaged outbox is saved",
        "chatdesk/store/opening.py",
        "saved = salvage.read_remains(path)",
        "saved = salvage.Salvaged()",
        f"{FAULTS}/test_g18_bad_local_files.py::test_bad_files_are_survived",
    ),
    Mutant(
        "G19",
        "a refused message stays in the outbox's file",
        "chatdesk/store/outbox.py",
        "            self.settle()\n            raise\n",
        "            raise\n",
        f"{FAULTS}/test_g19_full_disk.py::test_a_refused_message_is_not_in_the_file_whatever_comes_next",
    ),
    Mutant(
        "G19",
        "a refused message stays in the timeline and is sent",
        "chatdesk/store/outbox.py",
        "            self.settle()\n            raise\n",
        "            for entry in added:\n                self._keep(entry)\n"
        "            self.settle()\n            raise\n",
        f"{FAULTS}/test_g19_full_disk.py::test_a_write_that_fails_is_refused_whole",
    ),
    Mutant(
        "G20",
        "order by created_at",
        "chatdesk/store/messages.py",
        "WHERE conversation_id = ? ORDER BY seq DESC, id DESC LIMIT ?",
        "WHERE conversation_id = ? ORDER BY created_at DESC, id DESC LIMIT ?",
        f"{FAULTS}/test_g20_clocks.py::test_g20_no_order_changes_and_no_storm",
    ),
    Mutant(
        "G21",
        "PostgreSQL acknowledges before it has written",
        "chatdesk/localbackend/postgres.py",
        '    "wal_level": "minimal",\n',
        '    "wal_level": "minimal",\n    "synchronous_commit": "off",\n    "fsync": "off",\n',
        f"{FAULTS}/test_g21_embedded_server.py::"
        "test_no_acknowledged_row_is_lost_when_the_postmaster_is_killed",
    ),
    Mutant(
        "G21",
        "a dead server's port file is believed",
        "chatdesk/backend/local_launcher.py",
        "if child is None and self._server_is_gone():",
        "if child is None and read_port_file(self._home) is None:",
        f"{FAULTS}/test_g21_embedded_server.py::"
        "test_ten_launchers_at_once_get_one_server_whatever_the_last_one_left",
    ),
    Mutant(
        "G23",
        "backoff without jitter",
        "chatdesk/sync/retry.py",
        "delay = self._random.uniform(0, ceiling)",
        "delay = ceiling",
        f"{FAULTS}/test_g23_herd.py::test_two_hundred_links_come_back_one_after_another[30.0]",
    ),
    Mutant(
        "G24",
        "an upgrade that is no transaction",
        "chatdesk/store/migrations.py",
        '        connection.execute("BEGIN IMMEDIATE")\n        try:\n'
        "            for statement in layout.steps[step]:\n                connection.execute(statement)\n",
        "        try:\n"
        "            for statement in layout.steps[step]:\n                connection.execute(statement)\n"
        '            connection.execute("BEGIN IMMEDIATE")\n',
        f"{FAULTS}/test_g24_upgrade.py::test_an_upgrade_of_the_outbox_may_be_killed_at_any_statement",
    ),
    Mutant(
        "G24",
        "a word that is not known spoils the row",
        "chatdesk/backend/wire.py",
        "if unknown is None or not word:",
        "if True:",
        f"{FAULTS}/test_g24_upgrade.py::test_unknown_words_of_a_page_cost_nothing_but_the_word",
    ),
)
