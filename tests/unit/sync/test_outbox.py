"""The road out: durable, in order, once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from chatdesk.domain.change import ChangeSet, RowBatch
from chatdesk.domain.errors import NeedsSignIn, Offline, Retryable
from chatdesk.domain.message import DeliveryState
from chatdesk.domain.mutation import Mutation, OutboxEntry
from chatdesk.domain.session import LinkState
from chatdesk.store.worker import Worker
from tests.unit.sync.desk import ANNA, Desk, Room, deliveries, texts

SENT, FAILED, PENDING = DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.PENDING


async def _idle(room: Room, desk: Desk, within: float = 120) -> None:
    await room.clock.until(lambda: desk.mirror.states[-1].pending == 0, within)


async def test_a_message_is_sent_and_its_echo_changes_nothing(room: Room) -> None:
    conversation = room.talk("one")
    desk, other = await room.started(), await room.started()
    for each in (desk, other):
        each.engine.open_conversation(conversation)
    await room.clock.advance(1)
    await desk.engine.submit(room.send(conversation, "two"))
    assert desk.mirror.states[-1].pending == 1
    await _idle(room, desk)
    answered = len(desk.mirror.changes)
    await room.clock.advance(5)
    late = [change for changes in desk.mirror.changes[answered:] for change in changes.messages]
    assert late == []
    assert await texts(desk, conversation) == await texts(other, conversation) == ["one", "two"]
    assert await deliveries(desk, conversation) == [SENT, SENT]
    assert not desk.mirror.faults


async def test_what_is_written_offline_is_sent_later_in_order(room: Room) -> None:
    desk = await room.desk()
    desk.network.down = True
    await desk.engine.start()
    creation = room.create("Offline")
    await desk.engine.submit(creation)
    for number in range(5):
        await desk.engine.submit(room.send(creation.entity_id, f"text {number}"))
    await room.clock.advance(60)
    assert desk.mirror.states[-1].pending == 6
    assert len(await texts(desk, creation.entity_id)) == 5
    desk.network.down = False
    await room.clock.until(lambda: desk.mirror.link is LinkState.CONNECTED, within=40)
    await _idle(room, desk, within=1)
    held = [room.server.messages[key].content for key in room.server.by_conversation[creation.entity_id]]
    assert held == [f"text {number}" for number in range(5)]
    assert await texts(desk, creation.entity_id) == held


async def test_an_answer_lost_after_the_commit_has_one_effect(room: Room) -> None:
    conversation = room.talk()
    desk = await room.started()
    desk.engine.open_conversation(conversation)
    await room.clock.advance(1)
    desk.network.lose_next_responses = 3
    await desk.engine.submit(room.send(conversation, "once"))
    await _idle(room, desk)
    await room.clock.advance(1)
    assert len(room.server.by_conversation[conversation]) == 1
    assert await texts(desk, conversation) == ["once"]
    assert not desk.mirror.faults


async def test_the_echo_may_come_before_the_answer(room: Room) -> None:
    conversation = room.talk()
    desk = await room.started()
    desk.engine.open_conversation(conversation)
    await room.clock.advance(1)
    shown: list[list[str]] = []
    desk.network.lose_next_responses = 1
    await desk.engine.submit(room.send(conversation, "once"))
    for _ in range(100):
        await room.clock.advance(0.05)
        shown.append(await texts(desk, conversation))
    assert {tuple(row) for row in shown} == {("once",)}
    assert await deliveries(desk, conversation) == [SENT]


async def test_a_refused_change_is_visible_and_the_others_flow(room: Room) -> None:
    bad, good = room.talk(), room.talk()
    desk = await room.started()
    room.server.poison.add("poison")
    pill = room.send(bad, "poison")
    await desk.engine.submit(pill)
    await desk.engine.submit(room.send(bad, "after the pill"))
    await desk.engine.submit(room.send(good, "elsewhere"))
    await room.clock.advance(1)
    failed = await desk.store.message(pill.entity_id)
    assert failed is not None
    assert (failed.content, failed.delivery) == ("poison", FAILED)
    assert failed.failure == "The server does not accept this value."
    assert desk.mirror.states[-1].failed == 1
    assert desk.mirror.states[-1].pending == 0
    assert sorted(m.content for m in room.server.messages.values()) == ["after the pill", "elsewhere"]

    room.server.poison.clear()
    await desk.engine.retry(pill.entity_id)
    await room.clock.advance(1)
    assert desk.mirror.states[-1].failed == 0
    assert room.server.messages[pill.entity_id].content == "poison"


async def test_what_depends_on_a_refused_change_waits_and_follows(room: Room) -> None:
    desk = await room.started()
    room.server.poison.add("Refused title")
    creation = room.create("Refused title")
    await desk.engine.submit(creation)
    await desk.engine.submit(room.send(creation.entity_id, "first"))
    await desk.engine.submit(room.send(creation.entity_id, "second"))
    await room.clock.advance(60)
    assert room.server.messages == {}
    assert desk.mirror.states[-1].failed == 1
    room.server.poison.clear()
    await desk.engine.retry(creation.entity_id)
    await _idle(room, desk)
    assert [m.content for m in room.server.messages.values()] == ["first", "second"]


async def test_discarding_a_refused_parent_lets_the_child_go(room: Room) -> None:
    conversation = room.talk("root")
    root = room.server.by_conversation[conversation][0]
    desk = await room.started()
    room.server.poison.add("poison")
    pill = room.send(conversation, "poison", parent=root)
    child = room.send(conversation, "child", parent=pill.entity_id)
    await desk.engine.submit(pill)
    await desk.engine.submit(child)
    await room.clock.advance(5)
    assert child.entity_id not in room.server.messages
    await desk.engine.discard(pill.entity_id)
    await room.clock.advance(5)
    assert room.server.messages[child.entity_id].parent_id == root
    assert desk.mirror.states[-1].failed == desk.mirror.states[-1].pending == 0


async def test_one_lane_in_trouble_does_not_hold_up_another(room: Room) -> None:
    slow, quick = room.talk(), room.talk()
    desk = await room.started()
    desk.network.next_failures = [Retryable("The server is busy.", retry_after=20.0)]
    await desk.engine.submit(room.send(slow, "slow"))
    await room.clock.advance(0.5)
    await desk.engine.submit(room.send(quick, "quick"))
    await room.clock.advance(1)
    assert [m.content for m in room.server.messages.values()] == ["quick"]
    assert desk.mirror.states[-1].pending == 1
    await room.clock.advance(17)
    assert len(room.server.messages) == 1, "the server's wish is honoured"
    await _idle(room, desk)
    assert len(room.server.messages) == 2


async def test_a_server_in_trouble_is_asked_less_and_less(room: Room) -> None:
    conversation = room.talk()
    desk = await room.started()
    desk.network.next_failures = [Retryable("The server has a problem.") for _ in range(8)]
    desk.network.requests.clear()
    await desk.engine.submit(room.send(conversation, "text"))
    await _idle(room, desk, within=300)
    assert desk.network.requests["push"] <= 9


async def test_a_lost_session_stops_all_lanes_until_there_is_a_new_one(room: Room) -> None:
    first, second = room.talk(), room.talk()
    desk = await room.started()
    desk.network.next_failures = [NeedsSignIn("The session ended.", "Sign in again.")]
    desk.client.tokens.over = True
    await desk.engine.submit(room.send(first, "one"))
    await desk.engine.submit(room.send(second, "two"))
    await room.clock.advance(90)
    assert desk.mirror.link is LinkState.NEEDS_SIGN_IN
    assert desk.mirror.states[-1].reason == "The session ended."
    assert desk.mirror.states[-1].pending == 2
    assert room.server.messages == {}
    asked = desk.network.requests.total()
    await room.clock.advance(300)
    desk.engine.wake()
    await room.clock.advance(30)
    assert desk.network.requests.total() == asked, "nothing is asked without a session"

    desk.client.tokens.over = False
    desk.engine.signed_in_again()
    await room.clock.until(lambda: desk.mirror.link is LinkState.CONNECTED)
    await _idle(room, desk)
    assert sorted(m.content for m in room.server.messages.values()) == ["one", "two"]


async def test_a_restart_sends_what_the_last_run_could_not(room: Room) -> None:
    conversation = room.talk()
    desk = await room.started(home="home")
    desk.network.latency = 3
    await desk.engine.submit(room.send(conversation, "cut off in mid-air"))
    await room.clock.advance(1)
    await desk.close()
    again = await room.started(home="home")
    await _idle(room, again)
    assert await texts(again, conversation) == ["cut off in mid-air"]
    assert len(room.server.messages) == 1


async def test_a_push_that_never_ends_is_given_up_and_repeated(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = room.talk()
    desk = await room.started()
    push = desk.client.remote.push
    hung: list[Mutation] = []

    async def hang_once(mutation: Mutation) -> RowBatch:
        if not hung:
            hung.append(mutation)
            await room.clock.sleep(10_000)
        return await push(mutation)

    monkeypatch.setattr(desk.client.remote, "push", hang_once)
    await desk.engine.submit(room.send(conversation, "text"))
    await _idle(room, desk, within=70)
    assert len(room.server.messages) == 1


@pytest.mark.errors_expected
async def test_an_adapter_that_fails_in_an_unknown_way_loses_nothing(
    room: Room, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    conversation, other = room.talk(), room.talk()
    desk = await room.started()
    push = desk.client.remote.push
    failures: list[Mutation] = []

    async def fail_thrice(mutation: Mutation) -> RowBatch:
        if mutation.args.get("p_content") == "text" and len(failures) < 3:
            failures.append(mutation)
            raise KeyError("a fault of the adapter")
        return await push(mutation)

    monkeypatch.setattr(desk.client.remote, "push", fail_thrice)
    await desk.engine.submit(room.send(conversation, "text"))
    await desk.engine.submit(room.send(other, "elsewhere"))
    await room.clock.advance(0.5)
    assert [m.content for m in room.server.messages.values()] == ["elsewhere"]
    await _idle(room, desk)
    assert len(failures) == 3
    assert len(room.server.messages) == 2
    assert len([record for record in caplog.records if record.name.startswith("chatdesk.sync")]) == 1


async def test_offline_lanes_are_probed_gently(room: Room) -> None:
    talks = [room.talk() for _ in range(20)]
    desk = await room.started()
    desk.network.next_failures = [Offline("No connection to the server.") for _ in range(10_000)]
    desk.network.requests.clear()
    for conversation in talks:
        await desk.engine.submit(room.send(conversation, "text"))
    await room.clock.advance(300)
    assert desk.network.requests["push"] <= 40
    desk.network.next_failures = []
    desk.engine.wake()
    await room.clock.advance(2)
    assert len(room.server.messages) == 20


async def test_profile_and_title_take_the_same_road(room: Room) -> None:
    conversation = room.talk("one")
    desk, other = await room.started(), await room.started()
    await desk.engine.submit(room.profile("Anna B."))
    await desk.engine.submit(room.rename(conversation, "New title"))
    await room.clock.advance(1)
    entry, person = await other.store.entry(conversation), await other.store.profile(ANNA)
    assert entry is not None
    assert person is not None
    assert (entry.conversation.title, person.display_name) == ("New title", "Anna B.")


async def test_a_link_that_comes_back_ends_every_wait(room: Room) -> None:
    conversation = room.talk()
    desk = await room.started()
    for number in range(5):
        desk.network.down = True
        desk.network.feed.kill()
        await desk.engine.submit(room.send(conversation, f"text {number}"))
        await room.clock.advance(90)
        desk.network.down = False
        await room.clock.until(lambda: desk.mirror.link is LinkState.CONNECTED, within=40)
        await _idle(room, desk, within=0.2)
    assert len(room.server.messages) == 5


async def test_a_request_does_not_wait_until_the_store_has_marked_it(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = room.talk()
    desk = await room.started()
    mark, may_mark = desk.store.mark_sending, asyncio.Event()

    async def slowly(mutation_id: str) -> ChangeSet:
        await may_mark.wait()
        return await mark(mutation_id)

    monkeypatch.setattr(desk.store, "mark_sending", slowly)
    await desk.engine.submit(room.send(conversation, "at once"))
    await room.clock.until(lambda: len(room.server.by_conversation[conversation]) == 1, within=5)
    assert desk.mirror.states[-1].pending == 1, "acknowledged in order: marked first"
    may_mark.set()
    await _idle(room, desk)
    assert await deliveries(desk, conversation) == [SENT]
    assert not desk.mirror.faults


async def test_what_may_be_sent_is_asked_for_before_the_window_shows_the_change(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = room.talk()
    desk = await room.started()
    happened: list[str] = []
    ask, tell = desk.store.next_entries, desk.mirror.changes_applied

    async def asked() -> tuple[OutboxEntry, ...]:
        found = await ask()
        happened.append(f"{len(found)} may be sent")
        return found

    def told(changes: ChangeSet) -> None:
        happened.append("shown")
        tell(changes)

    monkeypatch.setattr(desk.store, "next_entries", asked)
    monkeypatch.setattr(desk.mirror, "changes_applied", told)
    queued: list[str] = []
    store_in_step = Worker.run

    async def noted(self: Worker, work: Callable[..., Any], *args: Any) -> Any:
        queued.append("shown" if "shown" in happened else "not shown")
        return await store_in_step(self, work, *args)

    monkeypatch.setattr(Worker, "run", noted)
    await desk.engine.submit(room.send(conversation, "at once"))
    assert queued[:2] == ["not shown", "not shown"], "the change, and the question what may be sent"
    await _idle(room, desk)
    assert happened[:2] == ["shown", "1 may be sent"], "the answer comes after the change was told"
    assert not desk.mirror.faults
