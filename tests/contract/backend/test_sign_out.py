"""Accounts of this machine against a real server: left here, left everywhere, gone on with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from chatdesk.app.account_book import AccountBook
from chatdesk.app.accounts import MachineAccounts
from chatdesk.app.gateway import session_key
from chatdesk.app.secrets import Secrets
from chatdesk.credentials.memory_vault import MemoryVault
from chatdesk.domain.clock import SystemClock
from chatdesk.domain.errors import NeedsSignIn, Refused
from chatdesk.domain.ids import new_id
from chatdesk.domain.session import Account
from chatdesk.services.session import SignInRequest
from tests.contract.backend.rig import PASSWORD
from tests.support.relay import Relay, relay_to
from tests.support.server import Wire

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Keyring(MemoryVault):
    """A vault that outlives the process, as far as anybody here can tell."""

    persistent = True


class Machine:
    """One data directory and its keyring; ``window`` is what one process has of it."""

    def __init__(self, data: Path, relay: Relay, key: str) -> None:
        self.data = data
        self.relay = relay
        self.key = key
        self.keyring = Keyring()
        self.book = AccountBook(data / "accounts.json")
        self._windows: list[MachineAccounts] = []

    def window(self) -> MachineAccounts:
        secrets = Secrets(self.data / "keys.lock", memory=False)
        secrets._vault = self.keyring
        made = MachineAccounts(self.data, self.book, secrets, SystemClock(), 0)
        self._windows.append(made)
        return made

    def request(self, email: str, *, create: bool) -> SignInRequest:
        return SignInRequest(self.relay.url, self.key, email, PASSWORD, create)

    def session_file(self, account: Account) -> Path:
        return self.data / "accounts" / account.key / "session"

    async def close(self) -> None:
        for window in self._windows:
            await window.release()


@pytest_asyncio.fixture(loop_scope="module")
async def machine(wire: Wire, tmp_path: Path) -> AsyncIterator[Machine]:
    async with relay_to(int(wire.url.rpartition(":")[2])) as relay:
        made = Machine(tmp_path, relay, wire.anon_key)
        yield made
        await made.close()


async def test_signing_out_leaves_neither_session_nor_key_nor_name(machine: Machine) -> None:
    window, email = machine.window(), f"{new_id()}@example.org"
    account = await window.connect(machine.request(email, create=True))
    await window.gateway(account).access_token()
    keeper = window.gateway(account)._keeper
    assert keeper is not None
    assert keeper.session is not None
    spent = keeper.session.refresh_token
    assert machine.session_file(account).exists()
    assert machine.keyring.get(session_key(account.key)) is not None
    assert await window.sign_out(account, everywhere=False) is True
    assert not machine.session_file(account).exists()
    assert machine.keyring.get(session_key(account.key)) is None
    assert machine.book.last() is None
    assert machine.book.known(account.key) is None
    again = await window.connect(machine.request(email, create=False))
    assert again == account
    with pytest.raises(NeedsSignIn):
        await (await window.gateway(again).auth()).refresh(spent)


async def test_a_server_that_does_not_answer_keeps_nobody_signed_in(machine: Machine) -> None:
    window = machine.window()
    account = await window.connect(machine.request(f"{new_id()}@example.org", create=True))
    await machine.relay.cut()
    async with asyncio.timeout(30):
        assert await window.sign_out(account, everywhere=True) is False
    assert not machine.session_file(account).exists()
    assert machine.keyring.get(session_key(account.key)) is None
    assert machine.book.last() is None


async def test_going_on_in_one_window_heals_the_other(machine: Machine) -> None:
    one, other, email = machine.window(), machine.window(), f"{new_id()}@example.org"
    account = await one.connect(machine.request(email, create=True))
    for window in (one, other):
        token = await window.gateway(account).access_token()
    await (await one.gateway(account).auth()).sign_out(token, "global")
    for window in (one, other):
        window.gateway(account).distrust(token)
        with pytest.raises(NeedsSignIn):
            await window.gateway(account).access_token()
    assert machine.session_file(account).exists(), "nothing is thrown away for it"
    assert not await other.gateway(account).renewed_elsewhere()
    with pytest.raises(Refused):
        await one.sign_in_again(account, email, "not the password")
    await one.sign_in_again(account, email, PASSWORD)
    assert await other.gateway(account).renewed_elsewhere()
    assert await one.gateway(account).access_token() == await other.gateway(account).access_token()


async def test_nobody_goes_on_as_somebody_else(machine: Machine) -> None:
    window, email, stranger = machine.window(), f"{new_id()}@example.org", f"{new_id()}@example.org"
    account = await window.connect(machine.request(email, create=True))
    await machine.window().connect(machine.request(stranger, create=True))
    before = machine.session_file(account).read_bytes()
    with pytest.raises(Refused) as caught:
        await window.sign_in_again(account, stranger, PASSWORD)
    assert "another account" in caught.value.message
    assert machine.session_file(account).read_bytes() == before
