"""The link through a long life: beats, tokens, sleep, waits, the watchdog."""

from __future__ import annotations

import pytest

from chatdesk.backend.base import ChangesPage
from chatdesk.domain.errors import Offline
from chatdesk.domain.session import LinkState
from chatdesk.sync.link import LOOK_EVERY, SPREAD
from tests.unit.sync.desk import ANNA, Room, texts


async def test_a_half_open_socket_is_noticed_and_replaced(room: Room) -> None:
    conversation = room.talk("one")
    desk = await room.started()
    desk.engine.open_conversation(conversation)
    await room.clock.advance(1)
    desk.network.feed.freeze()
    room.say(conversation, "two")
    noticed = await room.clock.until(lambda: desk.mirror.link is LinkState.OFFLINE)
    assert noticed <= 20.5
    assert desk.mirror.states[-1].reason == "The server stopped answering."
    await room.clock.until(lambda: desk.mirror.link is LinkState.CONNECTED, within=5)
    assert await texts(desk, conversation) == ["one", "two"]
    assert len(desk.network.feed.joined) == 3


async def test_beats_go_on_for_as_long_as_the_link_is_healthy(room: Room) -> None:
    desk = await room.started()
    await room.clock.advance(600)
    assert 58 <= desk.network.feed.beats <= 61
    assert len(desk.network.feeds) == 1


async def test_wake_checks_at_once(room: Room) -> None:
    desk = await room.started()
    await room.clock.advance(2)
    desk.network.feed.freeze()
    desk.engine.wake()
    assert await room.clock.until(lambda: desk.mirror.link is LinkState.OFFLINE) <= 10.1


async def test_wake_ends_the_wait(room: Room) -> None:
    desk = await room.desk()
    desk.network.down = True
    await desk.engine.start()
    await room.clock.advance(3600)
    desk.network.down = False
    desk.engine.wake()
    assert await room.clock.until(lambda: desk.mirror.link is LinkState.CONNECTED) <= 1


async def test_ten_hours_offline_are_no_reason_to_give_up(room: Room) -> None:
    desk = await room.desk()
    desk.network.down = True
    await desk.engine.start()
    await room.clock.advance(10 * 3600)
    attempts = len(desk.network.feeds) + desk.network.requests.total()
    assert attempts < 10 * 3600 / 2
    assert desk.engine.task_count < 25
    desk.network.down = False
    assert await room.clock.until(lambda: desk.mirror.link is LinkState.CONNECTED) <= 10


async def test_the_wait_starts_short_again_after_a_healthy_minute(room: Room) -> None:
    desk = await room.started()
    waits = []
    for _ in range(20):
        desk.network.feed.kill()
        waits.append(await room.clock.until(lambda: desk.mirror.link is LinkState.CONNECTED, within=40))
    # A server that lets us in again and again is there, so no wait grows beyond four seconds.
    assert max(waits) <= 4.5
    assert sum(waits) > 20
    assert desk.engine.diagnostics()["attempts"] == 2
    await room.clock.advance(61)
    desk.network.feed.kill()
    assert await room.clock.until(lambda: desk.mirror.link is LinkState.CONNECTED, within=2) <= 1.2
    assert desk.engine.diagnostics()["attempts"] == 1


async def test_token_expiry_is_invisible(room: Room) -> None:
    conversation = room.talk("one")
    desk = await room.started(token_life=120.0)
    desk.engine.open_conversation(conversation)
    for number in range(360):
        await room.clock.advance(10)
        await room.backend.check_tokens()
        if number % 10 == 0:
            room.say(conversation, f"text {number}")
    assert len(desk.network.feeds) == 1
    assert 50 <= desk.client.tokens.issued <= 61
    assert desk.network.feed.joined_with_expired_token == 0
    assert len(await texts(desk, conversation)) == 37
    assert LinkState.OFFLINE not in desk.mirror.links


async def test_every_new_feed_has_a_fresh_token(room: Room) -> None:
    desk = await room.started(token_life=90.0)
    for _ in range(20):
        await room.clock.advance(100)
        desk.network.feed.kill()
        await room.clock.until(lambda: desk.mirror.link is LinkState.CONNECTED, within=40)
    assert sum(feed.joined_with_expired_token for feed in desk.network.feeds) == 0


async def test_a_token_that_cannot_be_renewed_just_now_is_no_reason_to_drop_the_feed(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await room.started()

    async def offline() -> str:
        raise Offline("No connection to the sign-in server.")

    monkeypatch.setattr(desk.client.tokens, "access_token", offline)
    monkeypatch.setattr(desk.client.remote, "_tokens", desk.client.tokens)
    await room.clock.advance(25)
    assert len(desk.network.feeds) == 1
    monkeypatch.undo()


async def test_a_session_that_ends_stops_the_link_until_the_user_signs_in(room: Room) -> None:
    conversation = room.talk("one")
    desk = await room.started()
    desk.engine.open_conversation(conversation)
    await room.clock.advance(1)
    desk.client.tokens.over = True
    await room.clock.until(lambda: desk.mirror.link is LinkState.NEEDS_SIGN_IN)
    assert desk.mirror.states[-1].reason == "The session ended."
    await room.clock.advance(1000)
    assert desk.mirror.link is LinkState.NEEDS_SIGN_IN
    assert not desk.network.open_feeds
    desk.client.tokens.over = False
    room.say(conversation, "two")
    desk.engine.signed_in_again()
    await room.clock.until(lambda: desk.mirror.link is LinkState.CONNECTED, within=2)
    await room.clock.advance(1)
    assert await texts(desk, conversation) == ["one", "two"]


async def test_every_join_of_the_own_channel_is_followed_by_a_pull(room: Room) -> None:
    desk = await room.started()
    await room.clock.advance(1)
    desk.network.feed.deaf = True
    room.talk("missed")
    desk.network.feed.word(f"user:{ANNA}", "joined")
    assert desk.mirror.links[-1] is LinkState.CATCHING_UP
    await room.clock.advance(0.5)
    assert desk.mirror.states[-1].link is LinkState.CONNECTED
    assert len(await desk.store.entries()) == 1


async def test_a_pull_that_began_before_the_last_join_does_not_count(room: Room) -> None:
    desk = await room.started()
    await room.clock.advance(1)
    desk.network.feed.deaf = True
    desk.network.latency = 0.5
    desk.network.feed.word(f"user:{ANNA}", "joined")
    await room.clock.advance(0.6)  # the first pull has been answered and its answer is on its way
    room.talk("missed")
    desk.network.feed.word(f"user:{ANNA}", "joined")
    await room.clock.until(lambda: desk.mirror.link is LinkState.CONNECTED, step=0.01)
    assert len(await desk.store.entries()) == 1


async def test_a_pull_that_hangs_is_found_by_the_watchdog(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = room.talk("one")
    desk = await room.desk()
    pull = desk.client.remote.pull_changes
    hung: list[int] = []

    async def hang_once(after: int, limit: int = 200) -> ChangesPage:
        if not hung:
            hung.append(after)
            await room.clock.sleep(10_000)
        return await pull(after, limit)

    monkeypatch.setattr(desk.client.remote, "pull_changes", hang_once)
    await desk.engine.start()
    await room.clock.until(lambda: desk.mirror.link is LinkState.CONNECTED, within=45)
    assert desk.engine.diagnostics()["watchdog"] == 1
    assert await desk.store.entry(conversation) is not None


async def test_a_join_that_is_never_answered_is_found_by_the_watchdog(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = room.talk("one")
    desk = await room.started()
    feed, join = desk.network.feed, desk.network.feed.join

    async def mute(topic: str) -> None:
        if not topic.startswith("conversation"):
            await join(topic)

    monkeypatch.setattr(feed, "join", mute)
    desk.engine.open_conversation(conversation)
    await room.clock.advance(30)
    assert desk.network.feed is not feed
    assert len(desk.network.feed.joined) == 3
    assert desk.mirror.link is LinkState.CONNECTED


async def test_diagnostics_hold_no_text_and_no_token(room: Room) -> None:
    conversation = room.talk("a secret text")
    desk = await room.started()
    desk.engine.open_conversation(conversation)
    await room.clock.advance(1)
    await desk.engine.submit(room.send(conversation, "another secret text"))
    await room.clock.advance(6)
    shown = desk.engine.diagnostics()
    assert "secret" not in str(shown)
    assert "token" not in str(shown)
    assert shown["link"] == "connected"
    assert shown["channels"] == {
        f"user:{ANNA}": "joined",
        f"conversation:{conversation}:1": "joined",
        f"conversation:{conversation}:1:live": "joined",
    }
    assert shown["user_cursor"] == room.server.user_revisions[ANNA]
    assert shown["open_conversation_cursor"] == room.server.conversations[conversation].revision
    assert shown["watchdog"] == 0
    assert shown["outbox_pending"] == 0


async def test_a_server_that_is_back_is_found_soon_after_any_outage(room: Room) -> None:
    desk = await room.started()
    waits = []
    for outage in (5, 25, 60, 600, 3600, 7, 43, 119, 311, 1009):
        await room.clock.advance(61)
        desk.network.down = True
        desk.network.feed.kill()
        await room.clock.advance(outage)
        desk.network.down = False
        waits.append(await room.clock.until(lambda: desk.mirror.link is LinkState.CONNECTED))
    assert max(waits) <= LOOK_EVERY + SPREAD + 0.5


async def test_a_server_that_answers_and_refuses_is_left_in_peace(room: Room) -> None:
    desk = await room.started()
    desk.network.sockets_blocked = True
    desk.network.feed.kill()
    began = len(desk.network.feeds)
    await room.clock.advance(3600)
    attempts = len(desk.network.feeds) - began
    assert 3600 / 30 < attempts < 3600 / 10, "full jitter, 30 seconds at most: fifteen in the mean"
    desk.network.sockets_blocked = False
    assert await room.clock.until(lambda: desk.mirror.link is LinkState.CONNECTED) <= 30.5


async def test_one_outage_costs_the_server_looks_and_few_attempts(room: Room) -> None:
    desk = await room.started()
    desk.network.down = True
    desk.network.feed.kill()
    before = len(desk.network.feeds)
    await room.clock.advance(3600)
    assert len(desk.network.feeds) - before < 3600 / 10
    assert 3600 / LOOK_EVERY * 0.5 < desk.network.looks < 3600 / LOOK_EVERY * 1.1
