"""Faults in who may see which row and be in which channel: the policies, and the functions that they ask."""

from __future__ import annotations

from tests.faults.mutant import DATABASE, FAULTS, Mutant

ACCESS = "resources/supabase/migrations/0002_access.sql"

POLICIES: tuple[Mutant, ...] = (
    Mutant(
        "G15",
        "a policy that says true",
        ACCESS,
        'create policy "Members see the messages" on public.messages\n'
        "    for select to authenticated using (private.is_member(conversation_id));",
        'create policy "Members see the messages" on public.messages\n'
        "    for select to authenticated using (true);",
        f"{FAULTS}/test_g15_no_stranger.py::test_no_foreign_canary_reaches_a_client",
    ),
    Mutant(
        "G15",
        "anybody may join a channel",
        ACCESS,
        "using (private.topic_allows((select realtime.topic()), extension, false));",
        "using (true);",
        f"{FAULTS}/test_g15_no_stranger.py::test_no_foreign_canary_reaches_a_client",
    ),
    Mutant(
        "G15",
        "everybody sees every membership",
        ACCESS,
        "using (user_id = (select auth.uid()) and private.is_member(conversation_id));",
        "using (true);",
        f"{DATABASE}/test_access.py::test_every_verb_on_every_table",
    ),
    Mutant(
        "G15",
        "channels that know no epoch",
        ACCESS,
        "      and c.epoch = part[2]::bigint\n",
        "",
        f"{DATABASE}/test_topics.py::test_a_stale_epoch_is_refused_to_everybody",
    ),
    Mutant(
        "G15",
        "viewers who speak on the live channel",
        ACCESS,
        "(p_extension = 'presence' or member_role in ('owner', 'editor'));",
        "(p_extension = 'presence' or member_role in ('owner', 'editor', 'viewer'));",
        f"{DATABASE}/test_topics.py::test_a_conversations_topics_by_role",
    ),
    Mutant(
        "G15",
        "everybody sees every profile",
        ACCESS,
        "using (private.knows(id));",
        "using (true);",
        f"{DATABASE}/test_access.py::test_every_verb_on_every_table",
    ),
    Mutant(
        "G15",
        "everybody sees every conversation",
        ACCESS,
        "using (private.is_member(id));",
        "using (true);",
        f"{DATABASE}/test_access.py::test_every_verb_on_every_table",
    ),
    Mutant(
        "G15",
        "members see what the others have pinned and read",
        ACCESS,
        "using (user_id = (select auth.uid()) and private.is_member(conversation_id));",
        "using (private.is_member(conversation_id));",
        f"{DATABASE}/test_access.py::test_every_verb_on_every_table",
    ),
    Mutant(
        "G15",
        "a membership is seen after the conversation is gone",
        ACCESS,
        "using (user_id = (select auth.uid()) and private.is_member(conversation_id));",
        "using (user_id = (select auth.uid()));",
        f"{DATABASE}/test_access.py::test_every_verb_on_every_table",
    ),
    Mutant(
        "G15",
        "everybody sees every reply that runs",
        ACCESS,
        'create policy "Members see the runs" on public.generations\n'
        "    for select to authenticated using (private.is_member(conversation_id));",
        'create policy "Members see the runs" on public.generations\n'
        "    for select to authenticated using (true);",
        f"{DATABASE}/test_access.py::test_every_verb_on_every_table",
    ),
    Mutant(
        "G15",
        "everybody sees what changed for everybody",
        ACCESS,
        "on public.user_changes\n    for select to authenticated using (user_id = (select auth.uid()));",
        "on public.user_changes\n    for select to authenticated using (true);",
        f"{DATABASE}/test_access.py::test_every_verb_on_every_table",
    ),
    Mutant(
        "G15",
        "a member of one conversation is one of all",
        ACCESS,
        "    where m.conversation_id = p_conversation_id\n          and m.user_id",
        "    where m.user_id",
        f"{DATABASE}/test_access.py::test_every_verb_on_every_table",
    ),
    Mutant(
        "G15",
        "anybody may speak on any channel",
        ACCESS,
        "with check (private.topic_allows((select realtime.topic()), extension, true));",
        "with check (true);",
        f"{DATABASE}/test_topics.py::test_a_conversations_topics_by_role",
    ),
    Mutant(
        "G15",
        "everybody's own channel is everybody's",
        ACCESS,
        "if p_topic = 'user:' || caller then",
        "if p_topic like 'user:%' then",
        f"{DATABASE}/test_topics.py::test_a_persons_own_topic",
    ),
    Mutant(
        "G15",
        "rows can be forged on one's own channel",
        ACCESS,
        "return not p_speak or p_extension = 'presence';",
        "return true;",
        f"{DATABASE}/test_topics.py::test_a_persons_own_topic",
    ),
    Mutant(
        "G15",
        "strangers join the channels of a conversation",
        ACCESS,
        "      and m.user_id = caller\n",
        "",
        f"{DATABASE}/test_topics.py::test_a_conversations_topics_by_role",
    ),
    Mutant(
        "G15",
        "the channels of a conversation that is gone",
        ACCESS,
        "\n      and c.deleted_at is null;\n    if member_role is null then",
        ";\n    if member_role is null then",
        f"{DATABASE}/test_topics.py::test_a_deleted_conversation_is_silent",
    ),
    Mutant(
        "G15",
        "members forge rows on a conversation's channel",
        ACCESS,
        "return part[3] is not null and (",
        "return (",
        f"{DATABASE}/test_topics.py::test_a_conversations_topics_by_role",
    ),
    Mutant(
        "G15",
        "presence is shown beside the rows",
        ACCESS,
        "return part[3] is not null or p_extension = 'broadcast';",
        "return true;",
        f"{DATABASE}/test_topics.py::test_a_conversations_topics_by_role",
    ),
    Mutant(
        "G15",
        "channels for whatever else Realtime carries",
        ACCESS,
        " or p_extension not in ('broadcast', 'presence') then",
        " then",
        f"{DATABASE}/test_topics.py::test_odd_topics_are_refused_without_an_error",
    ),
)
