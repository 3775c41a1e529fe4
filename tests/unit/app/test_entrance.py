"""The ways in as far as no server is needed: which link is waited for, and what is left behind."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import aiohttp
import pytest

from chatdesk.app.accounts import MachineAccounts
from chatdesk.app.entrance import BackEndEntrance
from chatdesk.domain.errors import NeedsSignIn, Refused, Retryable
from chatdesk.domain.session import Account, BackendKind, Session
from chatdesk.domain.sign_in import MailPurpose, SignInPlace

LOCAL = SignInPlace(BackendKind.LOCAL)
ANNA = Account("k", "anna", BackendKind.LOCAL, "", "anna@example.org")


class Flows:
    """Auth, as it is told to be."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.failure: Exception | None = None
        self.backs: list[str] = []
        self.exchanged: list[tuple[str, str]] = []
        self.ended: list[str] = []

    async def send_code(self, email: str, create: bool, back: str) -> str:
        if self.failure is not None:
            raise self.failure
        self.backs.append(back)
        return f"secret {len(self.backs)}"

    async def provider_page(self, provider: str, back: str) -> tuple[str, str]:
        if self.failure is not None:
            raise self.failure
        self.backs.append(back)
        return "https://x/authorize", "provider's secret"

    async def exchange(self, code: str, verifier: str) -> Session:
        self.exchanged.append((code, verifier))
        return self.session

    async def verify(self, email: str, code: str, purpose: MailPurpose) -> Session:
        return self.session

    async def sign_out(self, token: str) -> None:
        self.ended.append(token)


class Machine:
    """The accounts and the gateway at once."""

    def __init__(self, flows: Flows) -> None:
        self._flows = flows
        self.closed = False
        self.admitted: list[Session] = []

    def scratch(self, _address: object) -> Machine:
        return self

    async def flows(self) -> Flows:
        return self._flows

    async def close(self) -> None:
        self.closed = True

    async def admit(self, _address: object, session: Session) -> Account:
        self.admitted.append(session)
        return ANNA


@pytest.fixture
def flows() -> Flows:
    from datetime import UTC, datetime

    return Flows(Session("access", "refresh", datetime.now(UTC), "anna"))


@pytest.fixture
def machine(flows: Flows) -> Machine:
    return Machine(flows)


@pytest.fixture
def entrance(machine: Machine) -> BackEndEntrance:
    return BackEndEntrance(cast(MachineAccounts, machine), LOCAL)


async def visit(address: str) -> int:
    async with aiohttp.ClientSession() as http, http.get(address) as answer:
        return answer.status


async def test_a_mail_that_was_not_sent_leaves_the_link_before_it_alone(
    entrance: BackEndEntrance, flows: Flows
) -> None:
    await entrance.send_code("a", False)
    flows.failure = Retryable("A moment ago.")
    with pytest.raises(Retryable):
        await entrance.send_code("a", False)
    with pytest.raises(Retryable):
        await entrance.provider_page("github")
    waiting: asyncio.Future[Any] = asyncio.ensure_future(entrance.browser_came())
    assert await visit(f"{flows.backs[0]}&code=first") == 200
    await waiting
    assert flows.exchanged == [("first", "secret 1")]
    await entrance.close()


async def test_the_newest_link_is_the_one_that_counts(entrance: BackEndEntrance, flows: Flows) -> None:
    await entrance.send_code("a", False)
    await entrance.send_code("a", False)
    with pytest.raises(aiohttp.ClientConnectionError):
        await visit(f"{flows.backs[0]}&code=stale")
    waiting: asyncio.Future[Any] = asyncio.ensure_future(entrance.browser_came())
    assert await visit(f"{flows.backs[1]}&error=access_denied&error_code=otp_expired") == 200
    with pytest.raises(Refused, match="used or is too old"):
        await waiting
    assert flows.exchanged == []
    await entrance.close()


async def test_a_session_that_nobody_took_is_ended(
    entrance: BackEndEntrance, flows: Flows, machine: Machine
) -> None:
    with pytest.raises(NeedsSignIn):
        await entrance.admit()
    assert await entrance.enter_code("a", "1", MailPurpose.NEW_PASSWORD)
    await entrance.close()
    assert flows.ended == ["access"]
    assert machine.closed


async def test_a_session_that_was_taken_is_left_alone(
    entrance: BackEndEntrance, flows: Flows, machine: Machine
) -> None:
    assert await entrance.enter_code("a", "1", MailPurpose.SIGN_IN)
    assert await entrance.admit() == ANNA
    await entrance.close()
    assert machine.admitted == [flows.session]
    assert flows.ended == []


async def test_giving_up_closes_the_door(entrance: BackEndEntrance, flows: Flows) -> None:
    await entrance.provider_page("github")
    await entrance.close()
    with pytest.raises(aiohttp.ClientConnectionError):
        await visit(f"{flows.backs[0]}&code=late")
