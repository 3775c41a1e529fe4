"""G12: instances do not sign each other out, whoever is stopped or killed in the middle of a renewal."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chatdesk.app.session_files import SealedSession
from chatdesk.domain.session import Session
from chatdesk.localbackend.application import Settings
from tests.faults.extent import extent, limit, report
from tests.faults.keeper import KEY
from tests.faults.process import ROOT
from tests.faults.rig import Rig, rig, until
from tests.faults.tokens import Ledger, watch_tokens
from tests.support.postgres import Database, clusters, database

__all__ = ["clusters", "database"]

PATIENCE = 1.0
"""Seconds after which a stopped holder is overtaken here; 25 in the application."""


class KeeperProcess:
    """One ``tests.faults.keeper``, by its process id."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, directory: Path, url: str, key: str, windows: int) -> KeeperProcess:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.faults.keeper",
            str(directory),
            url,
            key,
            str(windows),
            str(PATIENCE),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
        return cls(process)

    def arm(self, fate: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{fate}\n".encode())

    def send(self, number: signal.Signals) -> None:
        if self._process.returncode is None:
            os.kill(self._process.pid, number)

    @property
    def stopped(self) -> bool:
        return ") T" in Path(f"/proc/{self._process.pid}/stat").read_text()

    async def ended(self) -> None:
        await self._process.wait()

    async def told(self) -> Counter[str]:
        """End it in order; return what it counted."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        async with asyncio.timeout(30):
            return Counter(json.loads(await self._process.stdout.read()))

    async def close(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


class Computer:
    """One session file, eight windows in four processes, and the server that sees what they ask."""

    def __init__(self, made: Rig, directory: Path, ledger: Ledger) -> None:
        self.made = made
        self.directory = directory
        self.ledger = ledger
        self.counted: Counter[str] = Counter()
        self._processes: list[KeeperProcess] = []

    async def start(self, windows: int) -> KeeperProcess:
        process = await KeeperProcess.start(
            self.directory, self.made.wire.url, self.made.wire.anon_key, windows
        )
        self._processes.append(process)
        return process

    async def stopped(self, victim: KeeperProcess, rotations: int = 2) -> None:
        """Leave it stopped through so many renewals of the others, then let it go on."""
        await until(lambda: victim.stopped)
        await self.ledger.renewed(rotations + 1)
        victim.send(signal.SIGCONT)
        await self.ledger.renewed(1)

    async def finish(self) -> None:
        for process in self._processes:
            if process._process.returncode is None:
                self.counted.update(await process.told())

    async def close(self) -> None:
        for process in self._processes:
            await process.close()


@asynccontextmanager
async def computer(database: Database, ledger: Ledger) -> AsyncIterator[Computer]:
    """A signed-in computer whose tokens live for a second; a spent refresh token is never forgiven."""
    async with rig(database, settings=Settings(token_seconds=1, reuse_seconds=0)) as made:
        user = await made.user("anna")
        answer: Mapping[str, Any] = await made.session(user)
        with tempfile.TemporaryDirectory(prefix="chatdesk-keepers-") as home:
            session = Session(
                answer["access_token"],
                answer["refresh_token"],
                datetime.now(UTC) + timedelta(seconds=answer["expires_in"]),
                user.id,
            )
            SealedSession(Path(home), KEY).save(session)
            house = Computer(made, Path(home), ledger)
            try:
                yield house
            finally:
                await house.close()


async def rotations_with_accidents(database: Database, ledger: Ledger, rounds: int) -> Counter[str]:
    """Stop a process idle, then with the lease before and after its request; kill one; ``rounds`` times."""
    async with computer(database, ledger) as house:
        _, _, victim = await asyncio.gather(house.start(3), house.start(3), house.start(2))
        await ledger.renewed(1)
        for _ in range(rounds):
            victim.send(signal.SIGSTOP)
            await house.stopped(victim)
            for place in ("before", "answered", "write"):
                victim.arm(place)
                await house.stopped(victim)
            victim.arm("kill")
            await victim.ended()
            await ledger.renewed(2)
            victim = await house.start(2)
            await ledger.renewed(1)
        await house.finish()
        return house.counted


@pytest.mark.timeout(limit(300, 3600))
async def test_g12_no_window_signs_out_another(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = watch_tokens(monkeypatch)
    counted = await rotations_with_accidents(database, ledger, extent(1, 60))
    report("G12", renewals=ledger.renewals, already_used=ledger.already_used, **counted)
    assert ledger.already_used == 0
    assert [word for word in counted if word.startswith("signed out")] == []
    assert counted["tokens"] > 100
