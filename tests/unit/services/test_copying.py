"""Waiting for servers while chats are copied."""

from __future__ import annotations

import asyncio

import pytest

from chatdesk.backend.base import ChangesPage, MessagesPage
from chatdesk.domain.errors import NeedsSignIn, Offline, Refused, Retryable
from chatdesk.services.copying.patience import Patience
from chatdesk.services.copying.source import CopySource
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


class Left:
    """The server of an account whose session is over."""

    async def pull_changes(self, after: int, limit: int = 200) -> ChangesPage:
        raise NeedsSignIn("Nobody is signed in.", "Sign in.", "signed_out")

    async def pull_messages(self, conversation_id: str, after: int, limit: int = 200) -> MessagesPage:
        raise NotImplementedError

    async def page_messages(
        self, conversation_id: str, before_seq: int | None, limit: int = 100
    ) -> MessagesPage:
        raise NotImplementedError

    async def get_file(self, path: str) -> bytes:
        raise NotImplementedError


class NoPictures:
    async def upload(self, user_id: str, image: bytes, content_type: str) -> str:
        raise NotImplementedError

    async def download(self, path: str) -> bytes:
        raise NotImplementedError


async def test_whoever_copies_is_told_which_of_two_accounts_is_signed_out() -> None:
    patience = Patience(VirtualClock(), lambda _waiting: None)
    source = CopySource("other", Left(), NoPictures(), patience)
    with pytest.raises(NeedsSignIn, match="the other account") as told:
        await source.world()
    assert "Switch to it" in told.value.next_step
    assert told.value.code == "signed_out"
