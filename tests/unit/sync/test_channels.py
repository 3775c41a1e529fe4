"""Who is in which channel, through any amount of switching."""

from __future__ import annotations

from chatdesk.domain.mutation import MutationKind
from chatdesk.domain.session import LinkState
from chatdesk.sync.channels import MOST_LIVE
from tests.unit.sync.desk import ANNA, BEN, Desk, Room, texts


def _own(desk: Desk) -> str:
    return f"user:{desk.client.user_id}"


async def test_the_open_conversation_has_two_channels_after_150_ms(room: Room) -> None:
    conversation = room.talk("one")
    desk = await room.started()
    desk.engine.open_conversation(conversation)
    await room.clock.advance(0.14)
    assert desk.network.feed.joined == {_own(desk)}
    await room.clock.advance(0.5)
    rows = f"conversation:{conversation}:1"
    assert desk.network.feed.joined == {_own(desk), rows, f"{rows}:live"}
    desk.engine.open_conversation(None)
    await room.clock.advance(1)
    assert desk.network.feed.joined == {_own(desk)}


async def test_a_thousand_switches_join_nothing_and_leave_nothing_behind(room: Room) -> None:
    talks = [room.talk("one") for _ in range(50)]
    desk = await room.started()
    desk.engine.open_conversation(talks[0])
    await room.clock.advance(1)
    tasks, joins = desk.engine.task_count, desk.network.joins.total()
    for number in range(1000):
        desk.engine.open_conversation(talks[number % 50])
        await room.clock.advance(0.01)
    assert desk.network.joins.total() == joins
    await room.clock.advance(1)
    assert desk.network.joins.total() == joins + 2
    assert desk.network.most_channels <= 3
    assert desk.network.rejoined_too_early == 0
    assert len(desk.network.feeds) == 1
    assert abs(desk.engine.task_count - tasks) <= 1
    assert f"conversation:{talks[999 % 50]}:1" in desk.network.feed.joined


async def test_switches_that_stay_keep_one_socket_and_three_channels(room: Room) -> None:
    talks = [room.talk("one") for _ in range(10)]
    desk = await room.started()
    for number in range(200):
        desk.engine.open_conversation(talks[number % 10])
        await room.clock.advance(0.05 + (number % 7) * 0.05)
    await room.clock.advance(2)
    assert len(desk.network.feeds) == 1
    assert desk.network.most_channels <= 3
    assert desk.network.rejoined_too_early == 0
    assert len(desk.network.feed.joined) == 3


async def test_back_and_forth_within_one_round_trip(room: Room) -> None:
    """The client library takes the late close of the old channel for the new one's."""
    first, second = room.talk("one"), room.talk("two")
    desk = await room.started()
    desk.network.latency = 0.2
    for _ in range(20):
        for conversation in (first, second):
            desk.engine.open_conversation(conversation)
            await room.clock.advance(0.16)
    desk.engine.open_conversation(first)
    await room.clock.advance(5)
    assert desk.network.rejoined_too_early == 0
    room.say(first, "news")
    await room.clock.advance(1)
    assert await texts(desk, first) == ["one", "news"]
    assert len(desk.network.feeds) == 1


async def test_a_new_epoch_is_joined_and_the_old_one_left(room: Room) -> None:
    conversation = room.talk("one")
    room.server.sign_up(BEN)
    room.server.add_member(conversation, BEN)
    desk = await room.started()
    desk.engine.open_conversation(conversation)
    await room.clock.advance(1)
    room.server.remove_member(conversation, BEN)
    await room.clock.advance(1)
    rows = f"conversation:{conversation}:2"
    assert desk.network.feed.joined == {_own(desk), rows, f"{rows}:live"}
    assert desk.network.most_channels <= 3
    room.say(conversation, "two")
    await room.clock.advance(0.5)
    assert await texts(desk, conversation) == ["one", "two"]


async def test_a_refused_channel_is_tried_again_only_after_a_pull(room: Room) -> None:
    conversation = room.talk("one")
    desk = await room.started()
    member = room.server.memberships.pop((conversation, ANNA))
    desk.engine.open_conversation(conversation)
    await room.clock.advance(1)
    rows = f"conversation:{conversation}:1"
    assert desk.network.joins[rows] == 1
    await room.clock.advance(15)
    assert desk.network.joins[rows] == 1
    room.server.memberships[conversation, ANNA] = member
    await room.clock.advance(31)
    assert rows in desk.network.feed.joined
    assert len(desk.network.feeds) == 1


async def test_a_conversation_made_offline_is_joined_once_the_server_has_it(room: Room) -> None:
    desk = await room.started()
    creation = room.create("Mine")
    await desk.engine.submit(creation)
    desk.engine.open_conversation(creation.entity_id)
    await room.clock.advance(1)
    assert f"conversation:{creation.entity_id}:1" in desk.network.feed.joined
    room.say(creation.entity_id, "from the other window")
    await room.clock.advance(1)
    assert await texts(desk, creation.entity_id) == ["from the other window"]


async def test_a_lost_conversation_channel_costs_the_feed_not_the_messages(room: Room) -> None:
    conversation = room.talk("one")
    desk = await room.started()
    desk.engine.open_conversation(conversation)
    await room.clock.advance(1)
    rows = f"conversation:{conversation}:1"
    desk.network.feed.joined.discard(rows)
    desk.network.feed.word(rows, "lost", "The server closed the channel.")
    room.say(conversation, "two")
    await room.clock.advance(5)
    assert desk.mirror.link is LinkState.CONNECTED
    assert len(desk.network.feeds) == 2
    assert await texts(desk, conversation) == ["one", "two"]


async def test_a_deleted_conversation_is_left(room: Room) -> None:
    conversation = room.talk("one")
    desk, other = await room.started(), await room.started()
    desk.engine.open_conversation(conversation)
    await room.clock.advance(1)
    await other.engine.submit(
        room.make(MutationKind.DELETE_CONVERSATION, conversation, conversation, ANNA, {"p_id": conversation})
    )
    await room.clock.advance(1)
    assert desk.network.feed.joined == {_own(desk)}


async def test_the_conversations_of_two_windows_are_both_live(room: Room) -> None:
    first, second = room.talk("one"), room.talk("two")
    desk = await room.started()
    desk.engine.open_conversations((first, second))
    await room.clock.advance(1)
    assert desk.network.feed.joined == {
        _own(desk),
        *(topic for each in (first, second) for topic in _topics(each)),
    }
    room.say(first, "news")
    room.say(second, "news here, too")
    await room.clock.advance(1)
    assert await texts(desk, first) == ["one", "news"]
    assert await texts(desk, second) == ["two", "news here, too"]
    subscriptions = desk.engine.diagnostics()["subscriptions"]
    assert isinstance(subscriptions, dict)
    assert subscriptions[f"messages-{first}"] == subscriptions[f"messages-{second}"] == "joined"
    joins = desk.network.joins.total()
    desk.engine.open_conversations((second, first))
    await room.clock.advance(1)
    assert desk.network.joins.total() == joins, "turning to the other window joins nothing"
    desk.engine.open_conversations((second,))
    await room.clock.advance(1)
    assert desk.network.feed.joined == {_own(desk), *_topics(second)}
    assert len(desk.network.feeds) == 1


async def test_what_two_windows_open_at_the_same_moment_is_pulled_for_both(room: Room) -> None:
    first, second = room.talk("one"), room.talk("two")
    desk = await room.started()
    desk.engine.open_conversations((first,))
    desk.engine.open_conversations((second, first))
    await room.clock.advance(0.1)
    assert await texts(desk, first) == ["one"]
    assert await texts(desk, second) == ["two"]


async def test_beyond_the_limit_the_one_looked_at_last_is_live_and_the_others_follow(room: Room) -> None:
    talks = [room.talk("one") for _ in range(MOST_LIVE + 2)]
    desk = await room.started()
    for number in range(len(talks)):
        desk.engine.open_conversations(tuple(reversed(talks[: number + 1])))
        await room.clock.advance(1)
    assert len(desk.network.feed.joined) == 1 + 2 * MOST_LIVE
    assert desk.network.most_channels <= 1 + 2 * MOST_LIVE
    assert set(_topics(talks[-1])) <= desk.network.feed.joined
    assert not set(_topics(talks[0])) & desk.network.feed.joined
    for talk in talks:
        room.say(talk, "news")
    await room.clock.advance(1)
    for talk in talks:
        assert await texts(desk, talk) == ["one", "news"]
    desk.engine.open_conversations((talks[0], *reversed(talks[1:])))
    await room.clock.advance(1)
    assert set(_topics(talks[0])) <= desk.network.feed.joined
    assert len(desk.network.feed.joined) == 1 + 2 * MOST_LIVE
    assert desk.network.rejoined_too_early == 0
    assert len(desk.network.feeds) == 1


def _topics(conversation: str) -> tuple[str, str]:
    return f"conversation:{conversation}:1", f"conversation:{conversation}:1:live"
