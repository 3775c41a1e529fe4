"""G3: one bubble, whatever comes first: the answer, the event, only one of them, or neither until a pull."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chatdesk.domain.change import MessageChange, RowBatch, Verb
from chatdesk.domain.message import DeliveryState
from chatdesk.domain.mutation import Mutation
from tests.support.fake_faults import Faults
from tests.unit.sync.conftest import room_of
from tests.unit.sync.desk import Desk, Room

__all__ = ["room_of"]

CASES = ("answer first", "event first", "answer only", "event only", "neither until a pull")
SHORT = 60


async def one_bubble(room: Room, case: str, times: int) -> list[str]:
    """Send ``times`` messages, each meeting the case; return what was wrong on the screen."""
    desk = await room.started()
    answered = _hold_answers(room, desk, 2.0 if case == "event first" else 0.0)
    talk = room.talk()
    desk.engine.open_conversation(talk)
    await room.clock.until(lambda: len(desk.client.network.feed.joined) == 3)
    wrong: list[str] = []
    for number in range(times):
        network = desk.network
        network.faults = Faults(
            drop_frame=float(case in ("answer only", "neither until a pull")),
            reorder_frame=float(case == "answer first"),
        )
        network.lose_next_responses = 1 if case in ("event only", "neither until a pull") else 0
        sending = room.send(talk, f"{case} {number}")
        seen = len(desk.mirror.changes)
        await desk.engine.submit(sending)
        sent_at: list[float] = []

        def confirmed(key: str = sending.entity_id, since: int = seen, at: list[float] = sent_at) -> bool:
            if not at and any(c.message.seq for c in _changes(desk, key, since)):
                at.append(room.clock.monotonic())
            return desk.mirror.states[-1].pending == 0

        await room.clock.until(confirmed, within=120, step=0.001)
        answer_came = answered.get(sending.entity_id)
        if case == "event first":
            assert answer_came is not None
            assert sent_at[0] < answer_came - 1
        network.faults = Faults()
        await room.clock.advance(3)
        wrong += _judge(desk, sending.entity_id, seen)
    shown = await desk.store.messages(talk, limit=10_000)
    assert [m.seq for m in shown] == list(range(1, times + 1)), case
    return wrong


def _hold_answers(room: Room, desk: Desk, seconds: float) -> dict[str, float]:
    """Let each answer to a push come ``seconds`` late; return when each came."""
    answered: dict[str, float] = {}
    push = desk.client.remote.push

    async def late(mutation: Mutation) -> RowBatch:
        rows = await push(mutation)
        await room.clock.sleep(seconds)
        answered[mutation.entity_id] = room.clock.monotonic()
        return rows

    setattr(desk.client.remote, "push", late)  # noqa: B010  (a method is replaced on purpose)
    return answered


def _changes(desk: Desk, key: str, since: int) -> list[MessageChange]:
    return [c for batch in desk.mirror.changes[since:] for c in batch.messages if c.message.id == key]


def _judge(desk: Desk, key: str, since: int) -> list[str]:
    changes = _changes(desk, key, since)
    wrong = [fault for fault in desk.mirror.faults if key in fault]
    if [c.verb for c in changes].count(Verb.ADDED) != 1 or any(c.verb is Verb.REMOVED for c in changes):
        wrong.append(f"{key}: {[c.verb.value for c in changes]}")
    if sum("seq" in c.fields for c in changes) != 1:
        wrong.append(f"{key}: its place changed other than once")
    sent = [c.message.delivery is DeliveryState.SENT for c in changes]
    if not sent[-1] or sent != sorted(sent):
        wrong.append(f"{key}: sent, then waiting again")
    return wrong


@pytest.mark.parametrize("case", CASES)
async def test_a_message_is_one_bubble(room_of: Callable[[int], Room], case: str) -> None:
    room = room_of(CASES.index(case))
    assert await one_bubble(room, case, SHORT) == []
    await room.close()
