"""A Supabase project for the journey tests: the embedded server, started here, behind a cable."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.support.local_backend import KEY, end_backend, ended, launcher_for
from tests.support.relay import Relay, relay_to

PASSWORD = "a good password"


@dataclass(frozen=True)
class Project:
    """Where it is and what it takes to get in; ``relay`` is the cable."""

    relay: Relay
    key: str
    server_pid: int

    def form(self, email: str, *, create: bool, password: str = PASSWORD) -> dict[str, Any]:
        """What a person types into the first page."""
        return {
            "url": self.relay.url,
            "key": self.key,
            "email": email,
            "password": password,
            "create": create,
        }

    def freeze(self) -> None:
        """Let the server stand still."""
        os.kill(self.server_pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        os.kill(self.server_pid, signal.SIGCONT)


@asynccontextmanager
async def project() -> AsyncIterator[Project]:
    """A project that ends, and is seen to end, with the test."""
    directory = Path(tempfile.mkdtemp(prefix="cd-"))
    home = directory / "project"
    try:
        async with launcher_for(home) as launcher:
            server = await launcher.ensure(KEY)
            port = urlsplit(server.url).port
            assert port is not None
            async with relay_to(port) as relay:
                yield Project(relay, server.anon_key, server.pid)
        await ended(server.pid)
    finally:
        await end_backend(home)
        shutil.rmtree(directory)
