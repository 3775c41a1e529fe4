"""What nobody looked at comes too, a page at a time, and stays out of everybody's way."""

from __future__ import annotations

from chatdesk.domain.errors import Refused, Retryable
from chatdesk.domain.session import LinkState
from chatdesk.sync.backfill import PAGE, QUIET, STEP
from tests.unit.sync.desk import ANNA, BEN, Desk, Room, texts


def pages(desk: Desk) -> int:
    return sum(count for name, count in desk.network.requests.items() if name.startswith("page_messages"))


async def standing(desk: Desk) -> str:
    return str(desk.engine.diagnostics()["backfill"])


async def test_everything_comes_and_then_it_is_quiet(room: Room) -> None:
    talks = [room.talk(*(f"text {number}" for number in range(count))) for count in (3, 120, 51)]
    desk = await room.started()
    await room.clock.advance(60)
    for talk, count in zip(talks, (3, 120, 51), strict=True):
        assert await texts(desk, talk) == [f"text {number}" for number in range(count)]
    assert await desk.store.coverage() == (174, 174)
    assert pages(desk) == 1 + 3 + 2
    assert await standing(desk) == "complete, 6 pages fetched"
    assert len(await desk.store.search("text", 1_000)) == 174
    desk.network.requests.clear()
    await room.clock.advance(300)
    assert pages(desk) == 0
    assert not desk.mirror.faults


async def test_the_coverage_grows(room: Room) -> None:
    room.talk(*("text" for _ in range(3 * PAGE)))
    desk = await room.started()
    seen = [await desk.store.coverage()]
    for _ in range(20):
        await room.clock.advance(1)
        seen.append(await desk.store.coverage())
    assert seen[0] == (0, 3 * PAGE)
    assert seen[-1] == (3 * PAGE, 3 * PAGE)
    assert seen == sorted(seen)
    assert len(set(seen)) > 2


async def test_conversations_without_anything_come_before_older_pages(room: Room) -> None:
    long, short = room.talk(*(f"text {n}" for n in range(4 * PAGE))), room.talk("only")
    desk = await room.started()
    await room.clock.advance(QUIET + 3 * STEP)
    assert await texts(desk, short) == ["only"]
    asked = [name for name in desk.network.requests if name.startswith("page_messages")]
    assert asked[:2] == [f"page_messages {short}", f"page_messages {long}"]


async def test_it_waits_until_the_user_has_been_quiet(room: Room) -> None:
    talk = room.talk("one")
    desk = await room.started()
    for _ in range(10):
        desk.engine.attend()
        await room.clock.advance(QUIET / 2)
    assert pages(desk) == 0
    await room.clock.advance(QUIET + 1)
    assert await texts(desk, talk) == ["one"]


async def test_whatever_the_user_does_stops_it_between_two_pages(room: Room) -> None:
    room.talk(*("text" for _ in range(40 * PAGE)))
    desk = await room.started()
    await room.clock.advance(QUIET + 5)
    before = pages(desk)
    assert 0 < before < 40
    await room.clock.finish(desk.engine.submit(room.create()))
    await room.clock.advance(QUIET - 0.5)
    assert pages(desk) <= before + 1  # the one that was on its way
    await room.clock.advance(5)
    assert pages(desk) > before + 1


async def test_the_open_conversation_is_never_kept_waiting(room: Room) -> None:
    room.talk(*("text" for _ in range(40 * PAGE)))
    wanted = room.talk(*(f"wanted {number}" for number in range(10)))
    desk = await room.desk()
    desk.network.latency = 1.0
    await desk.engine.start()
    await room.clock.until(lambda: desk.mirror.link is LinkState.CONNECTED)
    await room.clock.advance(QUIET + 2.5)
    desk.engine.open_conversation(wanted)
    assert await room.clock.until(lambda: len(desk.mirror.messages) > 0, within=5) < 2.5


async def test_there_is_never_more_than_one_request(room: Room) -> None:
    for _ in range(5):
        room.talk(*("text" for _ in range(PAGE)))
    desk = await room.started()
    desk.network.latency = 2.0
    most = 0
    for _ in range(60):
        before = pages(desk)
        await room.clock.advance(STEP)
        most = max(most, pages(desk) - before)
    assert most == 1


async def test_offline_it_asks_nothing_and_goes_on_later(room: Room) -> None:
    talk = room.talk(*("text" for _ in range(10 * PAGE)))
    desk = await room.started()
    await room.clock.advance(QUIET + 1)
    here = len(await texts(desk, talk))
    assert 0 < here < 10 * PAGE
    desk.network.down = True
    await room.clock.until(lambda: desk.mirror.link is LinkState.OFFLINE)
    desk.network.requests.clear()
    await room.clock.advance(60)
    assert pages(desk) == 0
    desk.network.down = False
    desk.engine.wake()
    await room.clock.advance(60)
    assert len(await texts(desk, talk)) == 10 * PAGE


async def test_failures_rest_and_a_refused_conversation_is_left_out(room: Room) -> None:
    first, second = room.talk("first"), room.talk("second")
    desk = await room.started()
    await room.clock.advance(QUIET - 0.5)
    desk.network.next_failures += [Retryable("Too many.", retry_after=10.0), Refused("Not for you.")]
    await room.clock.advance(5)
    assert pages(desk) <= 1
    await room.clock.advance(20)
    found = [await texts(desk, first), await texts(desk, second)]
    assert sorted(found, key=len) == [[], found[0] or found[1]]
    assert "1 conversations left out" in await standing(desk)
    assert desk.mirror.link is LinkState.CONNECTED


async def test_a_new_conversation_of_somebody_else_comes_too(room: Room) -> None:
    room.talk("mine")
    desk = await room.started()
    await room.clock.advance(30)
    theirs = room.talk("theirs", user=BEN)
    room.server.add_member(theirs, ANNA)
    await room.clock.advance(60)
    assert await texts(desk, theirs) == ["theirs"]
    room.say(theirs, "and more", user=BEN)
    await room.clock.advance(60)
    assert await texts(desk, theirs) == ["theirs", "and more"]


async def test_pages_that_bring_nothing_end(room: Room) -> None:
    talk = room.talk(*("text" for _ in range(2 * PAGE)))
    desk = await room.started()
    await room.clock.advance(QUIET + STEP / 2)
    # The server forgot the older half, yet says that there is more.
    room.server.by_conversation[talk] = room.server.by_conversation[talk][PAGE:]
    await room.clock.advance(120)
    assert pages(desk) < 10
