"""Edits, further replies and branches, from the window's wish to every window's screen."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from chatdesk.domain.errors import Offline
from chatdesk.domain.generation import GenerationState
from chatdesk.domain.message import MessageStatus, Role
from chatdesk.services.deletions import UNDO_SECONDS
from chatdesk.services.loaded import MessageRefused
from chatdesk.services.shown_pages import choices_from
from tests.unit.services.desk import Desk, Office

SOON = 3.0


async def talk(office: Office, *desks: Desk) -> str:
    """A conversation of two turns, open in these windows."""
    first = desks[0]
    conversation_id = first.realtime.create_conversation("Talk", None)
    await office.open_everywhere(conversation_id)
    for text in ("Wy?", "And then?"):
        first.ask(text)
        await office.clock.advance(SOON)
    return conversation_id


async def test_an_edit_is_a_version_with_a_reply_of_its_own(office: Office) -> None:
    a = await office.desk()
    await talk(office, a)
    before = a.shown()
    assert before == ["Wy?", "Answer 1.1", "And then?", "Answer 1.2"]
    old = a.row("Wy?")
    version_id = a.realtime.edit_message(old.id, "Why?")
    a.generation.request_reply(a.realtime.current_conversation, version_id)
    await office.clock.advance(SOON)
    assert a.shown() == ["Why?", "Answer 1.3"]
    assert a.row("Why?").replaces == old.id
    assert [turn.content for turn in a.provider.requests[-1].turns] == ["Why?"]
    a.realtime.switch_branch(old.id)
    await office.clock.advance(SOON)
    assert a.shown() == before
    a.ask("What now?")
    await office.clock.advance(SOON)
    assert a.shown() == [*before, "What now?", "Answer 1.4"]
    assert [turn.content for turn in a.provider.requests[-1].turns] == [*before, "What now?"]
    a.realtime.switch_branch(version_id)
    await office.clock.advance(SOON)
    assert a.shown() == ["Why?", "Answer 1.3"], "what was said in the other branch stays there"


async def test_an_edit_elsewhere_is_announced_and_hides_nothing(office: Office) -> None:
    a, b = await office.desk(), await office.desk()
    await talk(office, a, b)
    before = b.shown()
    old = a.row("Wy?")
    version_id = a.realtime.edit_message(old.id, "Why?")
    await office.clock.advance(SOON)
    assert a.shown() == ["Why?"]
    assert b.shown() == before
    assert b.arrived == [(old.id, version_id)]
    assert a.arrived == []
    b.ask("Go on.")
    await office.clock.advance(SOON)
    assert b.shown() == [*before, "Go on.", "Answer 2.1"], "it answers what its author saw"
    assert a.shown() == ["Why?"]
    b.realtime.switch_branch(version_id)
    a.realtime.switch_branch(old.id)
    await office.clock.advance(SOON)
    assert b.shown() == ["Why?"]
    assert a.shown() == [*before, "Go on.", "Answer 2.1"]


async def test_a_message_sent_as_a_version_arrives_answers_what_was_seen(office: Office) -> None:
    a, b = await office.desk(), await office.desk()
    await talk(office, a, b)
    seen = b.shown()
    a.realtime.edit_message(a.row("Wy?").id, "Why?")
    b.say("At the same moment.")
    await office.clock.advance(SOON)
    assert b.shown() == [*seen, "At the same moment."]


async def test_two_who_write_at_once_are_shown_one_after_the_other(office: Office) -> None:
    a, b = await office.desk(), await office.desk()
    await talk(office, a, b)
    a.say("From A.")
    b.say("From B.")
    await office.clock.advance(SOON)
    assert a.shown() == b.shown()
    assert set(a.shown()[4:]) == {"From A.", "From B."}
    first = a.row("From A.")
    assert first.parent_id == b.row("From B.").parent_id
    assert a.model.versions_of(first.id) is None


async def test_a_reply_is_written_again_beside_the_first(office: Office) -> None:
    a, b = await office.desk(), await office.desk()
    conversation_id = await talk(office, a, b)
    old = a.row("Answer 1.2")
    a.generation.regenerate(conversation_id, old.id)
    await office.clock.advance(SOON)
    for desk in (a, b):
        assert desk.shown() == ["Wy?", "Answer 1.1", "And then?", "Answer 1.3"]
        versions = desk.model.versions_of(desk.row("Answer 1.3").id)
        assert versions is not None
        assert (versions.ids[0], versions.place) == (old.id, 1)
    assert [turn.content for turn in a.provider.requests[-1].turns] == ["Wy?", "Answer 1.1", "And then?"]
    b.realtime.switch_branch(old.id)
    await office.clock.advance(SOON)
    assert b.shown()[-1] == "Answer 1.2"


async def test_several_who_ask_again_at_once_make_one_call(office: Office) -> None:
    desks = [await office.desk() for _ in range(4)]
    conversation_id = await talk(office, *desks)
    old = desks[0].row("Answer 1.2")
    calls = sum(desk.answers for desk in desks)
    for desk in desks:
        desk.generation.regenerate(conversation_id, old.id)
    await office.clock.advance(SOON)
    assert sum(desk.answers for desk in desks) == calls + 1
    shown = {tuple(desk.shown()) for desk in desks}
    assert len(shown) == 1, "all of them show the one that came"
    assert shown.pop()[-1] != "Answer 1.2"


async def test_a_refused_claim_does_not_stand_in_the_way_of_the_next(office: Office) -> None:
    a, b = await office.desk(), await office.desk()
    conversation_id = await talk(office, a, b)
    old = a.row("Answer 1.2")
    for desk in (a, b):
        desk.generation.regenerate(conversation_id, old.id)
    await office.clock.advance(SOON)
    loser = next(desk for desk in (a, b) if desk.answers == (2 if desk is a else 0))
    before = loser.answers
    loser.generation.regenerate(conversation_id, loser.row(loser.shown()[-1]).id)
    await office.clock.advance(SOON)
    assert loser.answers == before + 1
    versions = loser.model.versions_of(loser.row(loser.shown()[-1]).id)
    assert versions is not None
    assert (len(versions.ids), versions.place) == (3, 2)


async def test_attempts_whose_replies_are_gone_here_are_passed_over(office: Office) -> None:
    a = await office.desk()
    conversation_id = await talk(office, a)
    old = a.row("Answer 1.2")
    # Another instance took number 2 before, for a reply that this window knows under another number.
    run = next(run for run in office.backend.server.runs.values() if run.message_id == old.id)
    office.backend.server.runs["x"] = replace(run, id="x", attempt=2)
    a.generation.regenerate(conversation_id, old.id)
    await office.clock.advance(SOON)
    assert a.shown()[-1] == "Answer 1.3"
    assert max(each.attempt for each in office.backend.server.runs.values()) == 3


async def test_a_cut_off_reply_is_continued_as_a_version(office: Office) -> None:
    a = await office.desk()
    conversation_id = await talk(office, a)
    old = a.row("Answer 1.2")
    server = office.backend.server
    run = next(run for run in server.runs.values() if run.message_id == old.id)
    server.runs[run.id] = replace(run, state=GenerationState.RUNNING)
    server.finish(run.id, "interrupted", "Half of ", None)
    await office.clock.advance(SOON)
    assert a.row("Half of ").status is MessageStatus.INTERRUPTED
    a.generation.regenerate(conversation_id, old.id, go_on=True)
    await office.clock.advance(SOON)
    assert a.shown()[-1] == "Half of Answer 1.3"
    turns = a.provider.requests[-1].turns
    assert [turn.role for turn in turns[-2:]] == [Role.ASSISTANT, Role.USER]
    assert turns[-2].content == "Half of "
    a.realtime.switch_branch(old.id)
    await office.clock.advance(SOON)
    assert a.shown()[-1] == "Half of "


async def test_what_a_window_shows_is_its_own_and_outlives_it(office: Office) -> None:
    a = await office.desk("home")
    await talk(office, a)
    old = a.row("Wy?")
    version_id = a.realtime.edit_message(old.id, "Why?")
    await office.clock.advance(SOON)
    a.realtime.switch_branch(old.id)
    await office.clock.advance(SOON)
    office.desks.remove(a)
    await a.close()
    again = await office.desk("home")
    assert again.shown() == ["Wy?", "Answer 1.1", "And then?", "Answer 1.2"]
    versions = again.model.versions_of(old.id)
    assert versions is not None
    assert versions.ids == (old.id, version_id)
    other = await office.desk()
    await office.open_everywhere(again.realtime.current_conversation)
    assert other.shown() == ["Why?"], "a new window shows the newest"


async def test_an_edit_made_offline_is_there_at_once_and_sent_later(office: Office) -> None:
    a, b = await office.desk(), await office.desk()
    await talk(office, a, b)
    old = a.row("Wy?")
    a.client.network.down = True
    version_id = a.realtime.edit_message(old.id, "Why?")
    second = a.realtime.edit_message(version_id, "Why, please?")
    await office.clock.advance(SOON)
    assert a.shown() == ["Why, please?"]
    a.client.network.down = False
    await office.clock.advance(60)
    rows = office.backend.server.messages
    assert (rows[version_id].replaces, rows[second].replaces) == (old.id, old.id)
    versions = b.model.versions_of(old.id)
    assert versions is not None
    assert versions.ids == (old.id, version_id, second)


async def test_an_edit_of_what_is_not_here_keeps_its_text(office: Office) -> None:
    a = await office.desk()
    await talk(office, a)
    refused: list[MessageRefused] = []
    a.realtime.message_refused.connect(refused.append)
    a.realtime.edit_message("0190c0de-0000-7000-8000-00000000dead", "Why?")
    a.realtime.edit_message(a.row("Wy?").id, "   ")
    await office.clock.advance(SOON)
    assert [refusal.content for refusal in refused] == ["Why?", "   "]
    assert len(a.notices) == 2
    assert a.shown()[0] == "Wy?"


async def test_versions_of_a_message_far_above_are_loaded_back_to_it(office: Office) -> None:
    a = await office.desk()
    conversation_id = await talk(office, a)
    for number in range(150):
        a.say(f"More {number}")
        if number % 50 == 0:
            await office.clock.advance(SOON)
    await office.clock.advance(60)
    b = await office.desk()
    await office.open_everywhere(conversation_id)
    assert "Wy?" not in b.shown(), "the first page does not reach so far"
    old = a.row("Wy?")
    version_id = a.realtime.edit_message(old.id, "Why?")
    await office.clock.advance(SOON)
    assert b.shown()[-1] == "More 149", "what is read here stays"
    assert b.arrived == [(old.id, version_id)]
    c = await office.desk()
    await office.open_everywhere(conversation_id)
    assert c.shown() == ["Why?"], "the newest version, and nothing of what hangs below the other"
    c.realtime.switch_branch(old.id)
    await office.clock.advance(SOON)
    assert len(c.shown()) == 154
    await office.clock.advance(SOON)
    b.realtime.switch_branch(version_id)
    await office.clock.advance(SOON)
    assert b.shown() == ["Why?"]


async def test_a_deletion_waits_and_can_be_taken_back(office: Office) -> None:
    a, b = await office.desk(), await office.desk()
    await talk(office, a, b)
    old = a.row("And then?")
    a.realtime.delete_message_soon(old.id)
    await office.clock.advance(UNDO_SECONDS - 1)
    assert a.model.is_leaving(old.id)
    a.realtime.undo_delete(old.id)
    await office.clock.advance(UNDO_SECONDS * 2)
    assert not a.model.is_leaving(old.id)
    assert office.backend.server.messages[old.id].deleted_at is None
    a.realtime.delete_message_soon(old.id)
    a.realtime.delete_message_soon(old.id)
    await office.clock.advance(UNDO_SECONDS + SOON)
    assert office.backend.server.messages[old.id].deleted_at is not None
    assert b.shown() == ["Wy?", "Answer 1.1", "", "Answer 1.2"]
    assert not a.model.is_leaving(old.id)


async def test_a_window_that_closes_sends_the_deletions_that_wait(office: Office) -> None:
    a = await office.desk("home")
    await talk(office, a)
    old = a.row("And then?")
    a.realtime.delete_message_soon(old.id)
    await office.clock.advance(1)
    office.desks.remove(a)
    await a.close()
    await office.desk("home")
    await office.clock.advance(SOON)
    assert office.backend.server.messages[old.id].deleted_at is not None


async def test_a_claim_is_repeated_while_the_server_cannot_be_reached(office: Office) -> None:
    a = await office.desk()
    conversation_id = await talk(office, a)
    a.client.network.next_failures = [Offline("No connection to the server.")] * 2
    a.generation.regenerate(conversation_id, a.row("Answer 1.2").id)
    await office.clock.advance(30)
    await asyncio.sleep(0)
    assert a.shown()[-1] == "Answer 1.3"
    assert a.answers == 3


def test_choices_are_read_whatever_was_kept() -> None:
    assert choices_from(None) == {}
    assert choices_from('{"a": "b", "c": 1}') == {"a": "b"}
    for broken in ("", "[1]", "{", "null", '"x"'):
        assert choices_from(broken) == {}
