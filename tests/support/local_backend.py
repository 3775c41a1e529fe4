"""A real embedded back end per test, and a look at its processes from outside."""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from filelock import AsyncFileLock

from chatdesk.backend.local_launcher import LocalLauncher
from chatdesk.backend.local_process import reap_local_backends
from chatdesk.backend.local_server import read_port_file

DEADLINE = 30.0


def new_key() -> str:
    """A fresh install key as the vault keeps it."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")


KEY = new_key()
"""The key of the homes that are copied from one that has run."""


def runs(pid: int) -> bool:
    """Whether a process lives (a zombie does not)."""
    reap_local_backends()
    with suppress(OSError):
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    return False


def postmaster_pid(home: Path) -> int:
    """The process id of the PostgreSQL that serves ``home``."""
    return int((home / "pg" / "data" / "postmaster.pid").read_text().splitlines()[0])


async def ended(*pids: int) -> None:
    """Wait until the processes are gone."""
    async with asyncio.timeout(DEADLINE):
        while any(runs(pid) for pid in pids):  # noqa: ASYNC110  (the end of a stranger's child is no event)
            await asyncio.sleep(0.01)


@asynccontextmanager
async def launcher_for(home: Path, linger: float = 0) -> AsyncIterator[LocalLauncher]:
    """A launcher that is released at the end."""
    launcher = LocalLauncher(home, linger)
    try:
        yield launcher
    finally:
        await launcher.release()


async def end_backend(home: Path) -> None:
    """End whatever serves ``home``, by its process id, and wait until it has let go of the directory."""
    server = read_port_file(home)
    if server is not None and runs(server.pid):
        os.kill(server.pid, signal.SIGTERM)
        await ended(server.pid)
    if home.is_dir():
        async with AsyncFileLock(home / "server.lock", timeout=DEADLINE, poll_interval=0.01):
            reap_local_backends()
