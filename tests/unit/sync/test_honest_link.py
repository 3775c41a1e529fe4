"""What the link says of itself: since when it is down, what is listened to, and no token too late."""

from __future__ import annotations

import base64
import json

import pytest

from chatdesk.domain.session import LinkState
from chatdesk.domain.token import issued_at, token_life
from chatdesk.sync.connection import BEAT_EVERY, LOOKS_PER_TOKEN
from tests.unit.sync.desk import Room


async def test_an_outage_has_one_beginning(room: Room) -> None:
    """Attempts in vain do not make it a new one: the badge says since when, not since the last try."""
    desk = await room.started()
    desk.network.down = True
    desk.network.feed.kill()
    await room.clock.until(lambda: desk.mirror.link is LinkState.OFFLINE)
    began = desk.mirror.states[-1].since
    await room.clock.advance(600)
    assert LinkState.CONNECTING in desk.mirror.links
    down = (LinkState.OFFLINE, LinkState.CONNECTING)
    first = next(n for n, state in enumerate(desk.mirror.states) if state.since == began)
    assert {state.since for state in desk.mirror.states[first:] if state.link in down} == {began}
    desk.network.down = False
    await room.clock.until(lambda: desk.mirror.link is LinkState.CONNECTED)
    assert desk.mirror.states[-1].since != began


async def test_the_subscriptions_are_told_by_their_names(room: Room) -> None:
    conversation = room.talk("one")
    desk = await room.started()
    desk.engine.open_conversation(conversation)
    await room.clock.advance(1)
    assert desk.engine.diagnostics()["subscriptions"] == {
        "profile-changes": "joined",
        "conversations-changes": "joined",
        f"messages-{conversation}": "joined",
    }
    desk.network.down = True
    desk.network.feed.kill()
    await room.clock.advance(0.1)
    told = desk.engine.diagnostics()["subscriptions"]
    assert isinstance(told, dict)
    assert set(told.values()) == {"not joined"}


def made(**claims: float) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"h.{body}.s"


async def test_a_short_token_is_looked_at_more_often(room: Room) -> None:
    desk = await room.started()
    connection = desk.engine._link.connection
    assert connection is not None
    connection._token = made(iat=0, exp=16)
    assert connection._beat_after() == 16 / LOOKS_PER_TOKEN < BEAT_EVERY
    connection._token = made(iat=0, exp=3600)
    assert connection._beat_after() == BEAT_EVERY
    connection._token = "no token at all"
    assert connection._beat_after() == BEAT_EVERY


@pytest.mark.parametrize("token", ["", "a.b", "a.!.c", f"h.{base64.b64encode(b'[]').decode()}.s", made()])
def test_a_token_that_says_nothing_is_not_trusted_with_anything(token: str) -> None:
    assert token_life(token) is None
    assert issued_at(token) is None


def test_a_token_says_how_long_it_was_made_for() -> None:
    assert token_life(made(iat=100, exp=160)) == 60
    assert issued_at(made(iat=100, exp=160)) == 100
    assert token_life(made(iat=160, exp=100)) is None
