"""Typing: told at once, not too often, and ended when it has ended."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from chatdesk.domain.ephemeral import Typing
from chatdesk.sync.typing import CALL_SECONDS, MOST_CALLS, REPEAT, TypingPace
from tests.support.virtual_clock import VirtualClock
from tests.unit.sync.desk import ANNA, BEN, Desk, Room
from tests.unit.sync.test_presence import present, shared


def told(desk: Desk) -> list[bool]:
    return [each.active for each in desk.mirror.ephemerals if isinstance(each, Typing)]


async def test_the_others_are_told_at_once_and_not_at_every_key(room: Room) -> None:
    conversation = shared(room, "one")
    anna, ben = await present(room, ANNA, conversation), await present(room, BEN, conversation)
    for _ in range(100):
        ben.engine.company.type(conversation)
        await room.clock.advance(0.1)
    assert told(anna) == [True] * 4, "ten seconds of typing"
    ben.engine.company.stop_typing(conversation)
    ben.engine.company.stop_typing(conversation)
    await room.clock.advance(1)
    assert told(anna) == [True] * 4 + [False]
    assert told(ben) == []


async def test_leaving_ends_it(room: Room) -> None:
    conversation, other = shared(room, "one"), shared(room, "two")
    anna, ben = await present(room, ANNA, conversation), await present(room, BEN, conversation)
    ben.engine.company.type(conversation)
    await room.clock.advance(1)
    ben.engine.open_conversation(other)
    await room.clock.advance(1)
    assert told(anna) == [True, False]


async def test_whoever_does_not_show_it_neither_tells_nor_hears(room: Room) -> None:
    conversation = shared(room, "one")
    anna, ben = await present(room, ANNA, conversation), await present(room, BEN, conversation)
    ben.engine.company.type(conversation)
    await room.clock.advance(1)
    ben.engine.company.choose(presence=True, typing=False)
    await room.clock.advance(5)
    assert told(anna) == [True, False], "what was told is taken back"
    ben.engine.company.type(conversation)
    anna.engine.company.type(conversation)
    await room.clock.advance(1)
    assert told(anna) == [True, False]
    assert told(ben) == []


async def test_alone_there_is_nobody_to_tell(room: Room) -> None:
    conversation = room.talk("one")
    desk = await present(room, ANNA, conversation)
    desk.engine.company.type(conversation)
    await room.clock.advance(1)
    assert desk.network.feed.sent == []


_DEEDS = st.lists(st.tuples(st.floats(0, 2), st.sampled_from("abc"), st.booleans()), min_size=1, max_size=200)


@given(deeds=_DEEDS)
def test_no_way_of_typing_is_too_much(deeds: list[tuple[float, str, bool]]) -> None:
    clock, sent = VirtualClock(), []
    pace = TypingPace(clock, ANNA, BEN, lambda typing: sent.append((clock.monotonic(), typing)))
    for gap, place, stop in deeds:
        clock._now += gap  # a clock that is only read needs no loop
        (pace.stopped if stop else pace.typed)(place)
    starts = [(at, each.conversation_id) for at, each in sent if each.active]
    for at, place in starts:
        assert sum(at <= other < at + REPEAT * 0.999 and place == there for other, there in starts) == 1
        assert sum(at <= other < at + CALL_SECONDS * 0.999 for other, _ in starts) <= MOST_CALLS
    for place in "abc":
        words = [each.active for _, each in sent if each.conversation_id == place]
        assert all(before for before, after in pairwise(words) if not after)
        assert words[:1] != [False], "an end is told only after a beginning"
