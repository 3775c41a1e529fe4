"""The lease of the session: who was stopped with it, who signed out meanwhile, which session is newer."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import json
from datetime import timedelta
from pathlib import Path

import pytest

from chatdesk.backend.auth import SignOutScope
from chatdesk.backend.session_lock import SessionLock
from chatdesk.backend.sessions import SessionKeeper
from chatdesk.domain.errors import NeedsSignIn, Offline, Retryable
from chatdesk.domain.session import Session
from tests.unit.backend.session_house import Drawer, HandClock, House

LIFE = 3600.0


class ForgivingAuth:
    """Auth as it really is: the parent of the active token is forgiven, an older one ends the family."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.current = 1
        self.dead = False
        self.calls: list[str] = []
        self.answering: asyncio.Event | None = None
        self.asked = asyncio.Event()

    def session(self) -> Session:
        issued = self.clock.run
        claims = {"iat": issued, "exp": issued + LIFE, "n": self.current}
        body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
        ends = self.clock.now() + timedelta(seconds=LIFE)
        return Session(f"h.{body}.s", f"r{self.current}", ends, "ada")

    async def refresh(self, refresh_token: str) -> Session:
        self.calls.append(refresh_token)
        number = int(refresh_token[1:])
        if self.dead or number < self.current - 1:
            self.dead = True
            raise NeedsSignIn("Spent.", code="refresh_token_already_used")
        if number == self.current:
            self.current += 1
        answer = self.session()
        self.asked.set()
        if self.answering is not None:
            gate, self.answering = self.answering, None
            await gate.wait()
        return answer

    async def sign_out(self, access_token: str, scope: SignOutScope = "local") -> None: ...


class Street:
    """A forgiving Auth, one session file, windows."""

    def __init__(self, directory: Path) -> None:
        self.clock = HandClock()
        self.auth = ForgivingAuth(self.clock)
        self.drawer = Drawer(self.auth.session())
        self.lock = directory / "session.lock"

    async def window(self) -> SessionKeeper:
        keeper = SessionKeeper(self.drawer, self.auth, self.clock, self.lock)
        await keeper.restore()
        return keeper


@pytest.fixture
def street(tmp_path: Path) -> Street:
    return Street(tmp_path)


async def test_a_holder_stopped_between_answer_and_write_does_not_bring_back_an_old_session(
    street: Street,
) -> None:
    stopped, awake = await street.window(), await street.window()
    street.clock.pass_(LIFE)
    gate = street.auth.answering = asyncio.Event()
    late = asyncio.ensure_future(stopped.access_token())
    await street.auth.asked.wait()
    for _ in range(3):
        await awake.access_token()
        street.clock.pass_(LIFE)
    newest = await awake.access_token()
    gate.set()
    assert await late == newest
    assert street.drawer.load() == awake.session
    later = await street.window()
    street.clock.pass_(LIFE)
    await later.access_token()
    await awake.access_token()
    assert not street.auth.dead


async def test_an_old_file_does_not_replace_a_newer_session_in_memory(street: Street) -> None:
    keeper = await street.window()
    old = street.drawer.content
    for _ in range(3):
        street.clock.pass_(LIFE)
        await keeper.access_token()
    street.drawer.content = old
    street.clock.pass_(LIFE)
    await keeper.access_token()
    assert not street.auth.dead
    assert street.drawer.load() == keeper.session


async def test_a_holder_that_stood_still_before_asking_reads_again(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped after it read the file, and two renewals long: what it read is spent by then."""
    stopped = await street.window()
    read = street.drawer.load
    stops = 1

    def slow() -> Session | None:
        nonlocal stops
        found = read()
        if stops:
            stops -= 1
            street.clock.pass_(LIFE)
            for _ in range(2):
                street.auth.current += 1
                street.drawer.save(street.auth.session())
        return found

    street.clock.pass_(LIFE)
    monkeypatch.setattr(street.drawer, "load", slow)
    await stopped.access_token()
    assert not street.auth.dead
    assert street.auth.calls == []


async def test_signing_out_during_another_windows_renewal_leaves_no_session(street: Street) -> None:
    here, there = await street.window(), await street.window()
    street.clock.pass_(LIFE)
    gate = street.auth.answering = asyncio.Event()
    late = asyncio.ensure_future(there.access_token())
    await street.auth.asked.wait()
    await here.forget()
    assert street.drawer.content is None
    gate.set()
    with pytest.raises(NeedsSignIn):
        await late
    assert street.drawer.content is None


async def test_forgetting_does_not_wait_for_a_renewal_that_hangs(street: Street) -> None:
    keeper = await street.window()
    street.clock.pass_(LIFE)
    street.auth.answering = asyncio.Event()
    late = asyncio.ensure_future(keeper.access_token())
    await street.auth.asked.wait()
    async with asyncio.timeout(30):
        await keeper.forget()
        await keeper.close()
    assert street.drawer.content is None
    with pytest.raises(NeedsSignIn):
        await late


async def test_telling_the_server_keeps_the_session_until_it_is_forgotten(tmp_path: Path) -> None:
    house = House(tmp_path)
    keeper = await house.window()
    house.auth.trouble = Offline("Gone.")
    assert await keeper.end("global") is False
    assert house.drawer.content is not None
    house.auth.trouble = None
    assert await keeper.end("global") is True
    assert house.drawer.load() == keeper.session
    await keeper.forget()
    assert house.drawer.load() is None
    assert house.auth.signed_out[0].endswith(" global")


async def test_a_window_that_signed_in_again_heals_the_others(tmp_path: Path) -> None:
    house = House(tmp_path)
    here, there = await house.window(), await house.window()
    house.clock.pass_(3600)
    house.auth.dead = True
    for keeper in (here, there):
        with pytest.raises(NeedsSignIn):
            await keeper.access_token()
    assert await there.replaced() is False
    house.auth.dead = False
    house.auth.current = 9
    await here.adopt(dataclasses.replace(house.auth.session()))
    assert await there.replaced() is True
    assert await there.access_token() == await here.access_token()


async def test_patience_begins_anew_with_every_holder(tmp_path: Path) -> None:
    clock = HandClock()
    path = tmp_path / "session.lock"
    first, second = (SessionLock(path, clock, patience=10) for _ in range(2))
    waits = SessionLock(path, clock, patience=10)
    entered = asyncio.Event()
    places: list[int] = []

    async def hold(lock: SessionLock, until: float) -> None:
        async with lock.held():
            entered.set()
            while clock.run < until:  # noqa: ASYNC110  (the other one moves the clock)
                await asyncio.sleep(0)

    async def wait() -> None:
        async with waits.held() as lease:
            places.append(lease.place)

    one = asyncio.ensure_future(hold(first, 6))
    await entered.wait()
    entered.clear()
    two = asyncio.ensure_future(hold(second, 13))
    three = asyncio.ensure_future(wait())
    await asyncio.gather(one, two, three)
    assert places == [0]


async def test_a_hung_holder_costs_its_patience_once(tmp_path: Path) -> None:
    clock = HandClock()
    path = tmp_path / "session.lock"
    hung, lock = SessionLock(path, clock, patience=10), SessionLock(path, clock, patience=10)
    async with hung.held():
        async with lock.held():
            pass
        waited = clock.run
        assert waited >= 10
        async with lock.held():
            pass
        assert clock.run - waited < 1


async def test_a_lease_ends_before_anybody_may_overtake_it(tmp_path: Path) -> None:
    clock = HandClock()
    async with SessionLock(tmp_path / "session.lock", clock, patience=10).held() as lease:
        assert 0 < lease.left() < 10
        clock.pass_(lease.left())
        assert lease.left() <= 0


async def test_a_request_that_outlives_its_lease_is_given_up(tmp_path: Path) -> None:
    street = Street(tmp_path)
    keeper = SessionKeeper(street.drawer, street.auth, street.clock, street.lock, patience=0.5)
    await keeper.restore()
    street.clock.pass_(LIFE)
    street.auth.answering = asyncio.Event()
    with pytest.raises(Retryable):
        await keeper.access_token()
    await keeper.access_token()
    assert street.auth.calls == ["r1", "r1"]
    assert not street.auth.dead
