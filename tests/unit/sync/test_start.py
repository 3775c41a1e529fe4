"""Cold start, offline start, reconnect: one road."""

from __future__ import annotations

from chatdesk.domain.session import LinkState
from tests.unit.sync.desk import ANNA, Room, texts


async def test_a_cold_start_brings_the_list_and_says_connected_only_then(room: Room) -> None:
    for number in range(450):
        room.talk(f"text {number}")
    desk = await room.desk()
    await desk.engine.start()
    await room.clock.until(lambda: desk.mirror.link is LinkState.CONNECTED)
    assert desk.mirror.links == [
        LinkState.STARTING,
        LinkState.CONNECTING,
        LinkState.CATCHING_UP,
        LinkState.CONNECTED,
    ]
    assert len(await desk.store.entries()) == 450
    assert await desk.store.user_cursor() == room.server.user_revisions[ANNA]
    assert desk.network.requests["pull_changes"] == 5
    assert set(desk.network.requests) == {"pull_changes"}, "no messages of a conversation never opened"


async def test_opening_a_conversation_brings_its_newest_page_and_then_what_is_new(room: Room) -> None:
    conversation = room.talk(*(f"text {number}" for number in range(250)))
    desk = await room.started()
    desk.engine.open_conversation(conversation)
    await room.clock.advance(1)
    assert await texts(desk, conversation) == [f"text {number}" for number in range(150, 250)]
    assert await desk.store.has_older(conversation)
    room.say(conversation, "new")
    await room.clock.advance(1)
    assert (await texts(desk, conversation))[-1] == "new"

    assert await room.clock.finish(desk.engine.load_older(conversation))
    assert await room.clock.finish(desk.engine.load_older(conversation))
    assert not await room.clock.finish(desk.engine.load_older(conversation))
    assert len(await texts(desk, conversation)) == 251
    assert not desk.mirror.faults


async def test_an_offline_start_shows_what_is_here_and_says_why(room: Room) -> None:
    conversation = room.talk("one", "two")
    first = await room.started(home="home")
    first.engine.open_conversation(conversation)
    await room.clock.advance(1)
    await first.close()

    desk = await room.desk(home="home")
    desk.network.down = True
    await desk.engine.start()
    await room.clock.advance(20)
    assert await texts(desk, conversation) == ["one", "two"]
    offline = [state for state in desk.mirror.states if state.link is LinkState.OFFLINE]
    assert offline
    assert {state.reason for state in offline} == {"No connection to the server."}

    room.say(conversation, "three")
    desk.network.down = False
    await room.clock.until(lambda: desk.mirror.link is LinkState.CONNECTED, within=40)
    assert await texts(desk, conversation) == ["one", "two", "three"], "cached, and so pulled unopened"
    assert desk.mirror.states[-1].reason is None


async def test_what_was_missed_while_offline_is_pulled_and_nothing_else(room: Room) -> None:
    moved, also, still, never = room.talk("a"), room.talk("a"), room.talk("b"), room.talk("c")
    desk = await room.started()
    for conversation in (moved, also, still):
        desk.engine.open_conversation(conversation)
        await room.clock.advance(1)
    desk.engine.open_conversation(None)
    await room.clock.advance(1)
    desk.network.down = True
    desk.network.feed.kill()
    await room.clock.advance(5)
    room.say(moved, "a2")
    room.say(also, "a2")
    room.say(never, "c2")
    desk.network.requests.clear()
    desk.network.down = False
    await room.clock.until(lambda: desk.mirror.link is LinkState.CONNECTED, step=0.001)
    assert await texts(desk, moved) == await texts(desk, also) == ["a", "a2"], "connected means caught up"
    asked = {name: times for name, times in desk.network.requests.items() if name != "pull_changes"}
    assert asked == {f"pull_messages {moved}": 1, f"pull_messages {also}": 1}
    assert await texts(desk, still) == ["b"]


async def test_a_run_that_ended_between_the_changes_and_the_messages_is_made_good(room: Room) -> None:
    conversation = room.talk("one")
    desk = await room.started(home="home")
    desk.engine.open_conversation(conversation)
    await room.clock.advance(1)
    await room.clock.finish(desk.engine.stop())
    room.say(conversation, "two")
    cursor = await desk.store.user_cursor()
    page = room.server.pull_changes(ANNA, cursor, 200)
    await desk.store.apply(page.rows, user_cursor=page.cursor)
    await desk.store.close()

    again = await room.started(home="home")
    assert await texts(again, conversation) == ["one", "two"]


async def test_stop_leaves_nothing_and_may_be_called_twice(room: Room) -> None:
    desk = await room.started()
    desk.engine.open_conversation(room.talk("one"))
    await room.clock.advance(1)
    assert desk.engine.task_count > 0
    await room.clock.finish(desk.engine.stop())
    await room.clock.finish(desk.engine.stop())
    assert desk.engine.task_count == 0
    assert not desk.network.open_feeds
    assert desk.mirror.link is LinkState.STOPPED


async def test_stop_in_the_middle_of_connecting(room: Room) -> None:
    desk = await room.desk()
    desk.network.latency = 5
    await desk.engine.start()
    await room.clock.advance(2)
    await room.clock.finish(desk.engine.stop())
    assert desk.engine.task_count == 0
    assert not desk.network.open_feeds
