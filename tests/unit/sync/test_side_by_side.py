"""After a reconnect: the user's changes and the conversation looked at are pulled at once, and both count."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from chatdesk.domain.errors import ChatDeskError, NeedsSignIn, Offline, Refused, Retryable
from chatdesk.domain.session import LinkState
from tests.unit.sync.desk import Desk, Room, texts


class Road:
    """Counts an instance's pulls on their way, and slows some of them down."""

    def __init__(self, room: Room, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        self.under_way: list[str] = []
        self.together: set[tuple[str, ...]] = set()
        self.slow: dict[str, float] = {}
        for name in ("pull_changes", "pull_messages", "page_messages"):
            monkeypatch.setattr(desk.client.remote, name, self._counted(room, name, desk))

    def _counted(self, room: Room, name: str, desk: Desk) -> Callable[..., Coroutine[Any, Any, Any]]:
        ask = getattr(desk.client.remote, name)

        async def counted(*args: Any) -> Any:
            self.under_way.append(name)
            self.together.add(tuple(sorted(self.under_way)))
            try:
                answer = await ask(*args)
                await room.clock.sleep(self.slow.get(name, 0.0))
                return answer
            finally:
                self.under_way.remove(name)

        return counted


async def _cut_off(room: Room) -> tuple[Desk, str]:
    """An instance that shows a conversation of which it misses something, and cannot reach the server."""
    desk, conversation = await room.cut_off()
    room.say(conversation, "two")
    desk.network.requests.clear()
    return desk, conversation


def _return(desk: Desk) -> None:
    desk.network.down = False
    desk.engine.wake()


async def _connected(room: Room, desk: Desk) -> None:
    await room.clock.until(lambda: desk.mirror.link is LinkState.CONNECTED)


async def test_what_is_looked_at_is_pulled_beside_the_users_changes(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, conversation = await _cut_off(room)
    road = Road(room, desk, monkeypatch)
    road.slow["pull_changes"] = 3.0
    _return(desk)
    await room.clock.until(lambda: road.under_way == ["pull_changes"])
    await room.clock.advance(1)
    assert ("pull_changes", "pull_messages") in road.together
    assert road.under_way == ["pull_changes"]
    assert await texts(desk, conversation) == ["one", "two"], "shown while the user's changes are awaited"
    assert desk.mirror.link is LinkState.CATCHING_UP
    await _connected(room, desk)
    assert max(map(len, road.together)) == 2, road.together
    assert road.together <= {("pull_changes",), ("pull_messages",), ("pull_changes", "pull_messages")}


async def test_the_link_is_connected_only_when_both_are_in(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when nothing in the user's changes tells of what is missing: a reply that grew is not told of."""
    desk, conversation = await _cut_off(room)
    desk.network.down = False
    desk.engine.wake()
    await _connected(room, desk)
    desk.network.down = True
    desk.network.feed.kill()
    await room.clock.advance(1)
    room.server.checkpoint(room.server.by_conversation[conversation][0], "one, longer")
    road = Road(room, desk, monkeypatch)
    road.slow["pull_messages"] = 3.0
    _return(desk)
    await room.clock.until(lambda: road.under_way == ["pull_messages"])
    await room.clock.advance(1)
    assert desk.mirror.link is LinkState.CATCHING_UP
    await _connected(room, desk)
    assert await texts(desk, conversation) == ["one, longer", "two"]


async def test_a_reconnect_asks_a_counted_number_of_things(room: Room) -> None:
    desk, conversation = await _cut_off(room)
    _return(desk)
    await _connected(room, desk)
    await room.clock.advance(1)
    asked = {name: count for name, count in desk.network.requests.items() if name.startswith("pull")}
    assert asked == {"pull_changes": 1, f"pull_messages {conversation}": 2}, "the second after the join"


@pytest.mark.parametrize(
    "failure",
    [Offline("cut"), Retryable("busy", code="503"), Refused("not for you", "", "42501")],
    ids=lambda failure: type(failure).__name__,
)
@pytest.mark.parametrize("failing", ["pull_changes", "pull_messages", "both"])
async def test_one_that_fails_takes_nothing_from_the_other(
    room: Room, failing: str, failure: ChatDeskError
) -> None:
    desk, conversation = await _cut_off(room)
    fails = desk.network.fail_requests
    if failing != "pull_messages":
        fails["pull_changes"] = [failure]
    if failing != "pull_changes":
        fails[f"pull_messages {conversation}"] = [failure]
    _return(desk)
    await _connected(room, desk)
    await room.clock.advance(1)
    assert await texts(desk, conversation) == ["one", "two"]
    assert await desk.store.user_cursor() == room.server.user_revisions[desk.client.user_id]
    assert not desk.mirror.faults
    assert desk.engine.diagnostics()["trouble"] is None


@pytest.mark.parametrize("over", ["pull_changes", "pull_messages"])
async def test_the_end_of_the_session_is_heard_from_either(room: Room, over: str) -> None:
    desk, conversation = await _cut_off(room)
    names = {"pull_changes": "pull_changes", "pull_messages": f"pull_messages {conversation}"}
    for name, asked in names.items():
        ended = NeedsSignIn("The session ended.", "Sign in again.")
        desk.network.fail_requests[asked] = [ended if name == over else Retryable("busy")]
    _return(desk)
    await room.clock.until(lambda: desk.mirror.link is LinkState.NEEDS_SIGN_IN)
    asked_until_then = desk.network.requests.total()
    await room.clock.advance(60)
    assert desk.network.requests.total() == asked_until_then
    desk.engine.signed_in_again()
    await _connected(room, desk)
    assert await texts(desk, conversation) == ["one", "two"]
