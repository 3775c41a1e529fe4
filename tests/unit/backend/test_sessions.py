"""The keeper of a session: one refresh at a time, nobody is signed out by a bad network or another window."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from chatdesk.backend.session_text import decode_session, encode_session
from chatdesk.backend.sessions import SessionKeeper
from chatdesk.domain.errors import (
    ChatDeskError,
    Misconfigured,
    NeedsSignIn,
    Offline,
    Refused,
    Retryable,
    StoreDamaged,
)
from chatdesk.domain.session import Session
from tests.unit.backend.session_house import NOON, House


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_a_session_survives_its_file() -> None:
    session = Session("a", "r", NOON, "u", None)
    assert decode_session(encode_session(session)) == session
    for broken in (b"", b"[]", b"{}", b'{"access_token": 1}', b"\xff"):
        with pytest.raises(ValueError, match=r".*"):
            decode_session(broken)


async def test_a_token_is_used_until_a_minute_before_its_end(house: House) -> None:
    keeper = await house.window()
    first = await keeper.access_token()
    house.clock.pass_(3600 - 61)
    assert await keeper.access_token() == first
    house.clock.pass_(2)
    assert await keeper.access_token() != first
    assert house.auth.calls == 1
    assert house.drawer.load() == keeper.session


async def test_a_short_token_is_used_for_most_of_its_life(tmp_path: Path) -> None:
    house = House(tmp_path, life=9)
    keeper = await house.window()
    first = await keeper.access_token()
    house.clock.pass_(5)
    assert await keeper.access_token() == first
    house.clock.pass_(2)
    assert await keeper.access_token() != first


async def test_many_callers_share_one_refresh(house: House) -> None:
    keeper = await house.window()
    house.clock.pass_(3600)
    tokens = await asyncio.gather(*(keeper.access_token() for _ in range(50)))
    assert len(set(tokens)) == 1
    assert house.auth.calls == 1


async def test_eight_windows_share_one_refresh(house: House) -> None:
    keepers = [await house.window() for _ in range(8)]
    for _ in range(5):
        house.clock.pass_(3600)
        before = house.auth.calls
        tokens = await asyncio.gather(*(keeper.access_token() for keeper in keepers))
        assert len(set(tokens)) == 1
        assert house.auth.calls == before + 1
    assert not house.auth.dead


async def test_a_caller_that_gives_up_does_not_lose_the_new_token(house: House) -> None:
    keeper = await house.window()
    house.clock.pass_(3600)
    house.auth.gate = asyncio.Event()
    caller = asyncio.ensure_future(keeper.access_token())
    await house.auth.asked.wait()
    caller.cancel()
    await asyncio.wait({caller})
    house.auth.gate.set()
    await keeper.close()
    assert house.drawer.load() == keeper.session
    assert house.auth.calls == 1
    assert keeper.session is not None
    assert keeper.session.refresh_token == "r2"


@pytest.mark.parametrize(
    "trouble", [Offline("Gone."), Retryable("Later."), Refused("What?"), Misconfigured("?")]
)
async def test_trouble_keeps_the_session_and_uses_what_is_left_of_the_token(
    house: House, trouble: ChatDeskError
) -> None:
    keeper = await house.window()
    first = await keeper.access_token()
    house.clock.pass_(3600 - 30)
    house.auth.trouble = trouble
    assert await keeper.access_token() == first
    house.clock.pass_(30)
    with pytest.raises(Retryable):
        await keeper.access_token()
    assert keeper.session is not None
    assert house.drawer.content is not None
    house.auth.trouble = None
    assert await keeper.access_token() != first


async def test_starting_offline_with_an_expired_token_signs_nobody_out(house: House) -> None:
    house.clock.pass_(100_000)
    house.auth.trouble = Offline("Gone.")
    keeper = await house.window()
    assert keeper.session is not None
    with pytest.raises(Offline):
        await keeper.access_token()
    house.auth.trouble = None
    await keeper.access_token()


async def test_a_definite_refusal_asks_to_sign_in(house: House) -> None:
    keeper = await house.window()
    house.clock.pass_(3600)
    house.auth.dead = True
    with pytest.raises(NeedsSignIn):
        await keeper.access_token()
    assert house.drawer.content is not None


async def test_a_spent_token_is_looked_up_before_giving_up(house: House) -> None:
    """A window that slept through two renewals has an old token in memory; the file has the good one."""
    sleeper, awake = await house.window(), await house.window()
    for _ in range(2):
        house.clock.pass_(3600)
        await awake.access_token()
    assert await sleeper.access_token() == await awake.access_token()
    assert not house.auth.dead
    assert house.auth.calls == 2


async def test_a_renewal_that_was_overtaken_takes_the_newer_session(house: House) -> None:
    """The file changed between reading and asking: the process was stopped in between."""
    keeper = await house.window()
    house.clock.pass_(3600)
    house.auth.current = 7
    newer = house.auth.session()
    house.auth.overtaken_by = lambda: house.drawer.save(newer)
    assert await keeper.access_token() == newer.access_token


async def test_signing_out_in_one_window_is_seen_by_the_other(house: House) -> None:
    here, there = await house.window(), await house.window()
    token = await here.access_token()
    assert await here.sign_out() is True
    assert house.auth.signed_out == [f"{token} local"]
    with pytest.raises(NeedsSignIn):
        await here.access_token()
    house.clock.pass_(3600)
    with pytest.raises(NeedsSignIn):
        await there.access_token()
    assert house.auth.calls == 0


async def test_signing_out_offline_still_signs_out_here(house: House) -> None:
    keeper = await house.window()
    house.auth.trouble = Offline("Gone.")
    assert await keeper.sign_out("global") is False
    assert house.drawer.content is None
    assert keeper.session is None


async def test_signing_out_uses_a_token_that_is_good(house: House) -> None:
    keeper = await house.window()
    house.clock.pass_(7200)
    assert await keeper.sign_out("global") is True
    assert house.auth.calls == 1
    assert house.auth.signed_out[0].endswith(" global")
    assert house.drawer.content is None


@pytest.mark.parametrize("trouble", [StoreDamaged("Broken."), ChatDeskError("Locked.")])
async def test_a_file_that_cannot_be_read_signs_nobody_out(house: House, trouble: ChatDeskError) -> None:
    keeper = await house.window()
    house.drawer.on_load = trouble
    house.clock.pass_(3600)
    await keeper.access_token()
    assert house.auth.calls == 1


@pytest.mark.parametrize("trouble", [ChatDeskError("Full."), OSError("Full.")])
async def test_a_session_that_cannot_be_stored_lasts_as_long_as_the_process(
    tmp_path: Path, trouble: Exception
) -> None:
    house = House(tmp_path)
    house.drawer.clear()
    house.drawer.on_save = trouble
    keeper = await house.window()
    with pytest.raises(NeedsSignIn):
        await keeper.access_token()
    await keeper.adopt(house.auth.session())
    house.clock.pass_(3600)
    await keeper.access_token()
    house.clock.pass_(3600)
    await keeper.access_token()
    assert house.auth.calls == 2


async def test_a_distrusted_token_is_renewed_whatever_the_clock_says(house: House) -> None:
    keeper = await house.window()
    first = await keeper.access_token()
    keeper.distrust(first)
    house.auth.trouble = Offline("Gone.")
    with pytest.raises(Offline):
        await keeper.access_token()
    house.auth.trouble = None
    second = await keeper.access_token()
    assert second != first
    keeper.distrust(first)
    assert await keeper.access_token() == second


@pytest.mark.parametrize("jump", [-86_400, 86_400])
async def test_a_clock_that_jumps_costs_one_refresh(house: House, jump: float) -> None:
    keeper = await house.window()
    house.clock.wall += timedelta(seconds=jump)
    first = await keeper.access_token()
    assert await keeper.access_token() == first
    assert house.auth.calls == 1


async def test_the_local_owner_never_signs_in_again(house: House) -> None:
    made: list[Session] = []

    async def remake() -> Session:
        house.auth.dead = False
        house.auth.current += 10
        made.append(house.auth.session())
        return made[-1]

    keeper = SessionKeeper(house.drawer, house.auth, house.clock, house.lock, remake)
    await keeper.restore()
    house.clock.pass_(3600)
    house.auth.dead = True
    assert await keeper.access_token() == made[0].access_token
    assert house.drawer.load() == made[0]


@contextmanager
def holder(lock: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock of the session."""
    code = (
        "import sys, filelock\n"
        "with filelock.FileLock(sys.argv[1]):\n"
        "    print('held', flush=True)\n"
        "    sys.stdin.readline()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


async def test_another_process_that_hangs_is_overtaken(house: House) -> None:
    keepers = [await house.window() for _ in range(4)]
    house.clock.pass_(3600)
    with holder(house.lock) as process:
        os.kill(process.pid, signal.SIGSTOP)
        tokens = await asyncio.gather(*(keeper.access_token() for keeper in keepers))
    assert len(set(tokens)) == 1
    assert house.auth.calls == 1
    assert not house.auth.dead


async def test_a_killed_process_leaves_no_lock(house: House) -> None:
    keeper = await house.window()
    house.clock.pass_(3600)
    with holder(house.lock):
        pass
    before = house.clock.run
    await keeper.access_token()
    assert house.clock.run == before


async def test_a_lock_that_cannot_be_made_is_told(house: House, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    keeper = SessionKeeper(house.drawer, house.auth, house.clock, tmp_path / "file" / "session.lock")
    await keeper.restore()
    house.clock.pass_(3600)
    with pytest.raises(Retryable):
        await keeper.access_token()
