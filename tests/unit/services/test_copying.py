"""Waiting for servers while chats are copied."""

from __future__ import annotations

import asyncio

import pytest

from chatdesk.domain.errors import Offline, Refused, Retryable
from chatdesk.services.copying.patience import Patience
from tests.support.virtual_clock import VirtualClock, drain


class Server:
    """Away for some requests."""

    def __init__(self, away: int, failure: Exception) -> None:
        self.away = away
        self.failure = failure
        self.asked = 0

    async def answer(self) -> str:
        self.asked += 1
        if self.asked <= self.away:
            raise self.failure
        return "there"


async def test_a_server_that_is_away_is_asked_until_it_is_back() -> None:
    clock, told = VirtualClock(), list[bool]()
    server = Server(12, Offline("Nobody there."))
    asking = asyncio.ensure_future(Patience(clock, told.append).ask(server.answer))
    await clock.advance(3600)
    assert asking.done()
    assert await asking == "there"
    assert told == [True] * 12 + [False]


async def test_a_cancelled_copy_does_not_wait() -> None:
    patience = Patience(VirtualClock(), lambda _waiting: None)
    patience.cancelled = True
    with pytest.raises(Offline):
        await patience.ask(Server(1, Offline("Nobody there.")).answer)


@pytest.mark.parametrize("failure", [Refused("No."), Retryable("Too new.", "", "schema_newer")])
async def test_what_no_waiting_mends_is_said_at_once(failure: Exception) -> None:
    server = Server(1, failure)
    asking = asyncio.ensure_future(Patience(VirtualClock(), lambda _waiting: None).ask(server.answer))
    await drain()
    with pytest.raises(type(failure)):
        await asking
    assert server.asked == 1
