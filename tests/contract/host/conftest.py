"""Homes of the embedded back end for these tests."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from chatdesk.backend.local_launcher import LocalLauncher
from tests.support.local_backend import KEY, end_backend, ended


async def _fill(home: Path) -> None:
    launcher = LocalLauncher(home, 0)
    server = await launcher.ensure(KEY)
    await launcher.release()
    await ended(server.pid)


@pytest.fixture(scope="session")
def filled_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a back end that has run once, under ``KEY``. To be copied, never used."""
    home = tmp_path_factory.mktemp("t") / "local"
    asyncio.run(_fill(home))
    return home


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A directory that every user may enter, unlike pytest's own, with a short path."""
    path = Path(tempfile.mkdtemp(prefix="cd-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
async def new_home(reachable: Path) -> AsyncIterator[Path]:
    """The place of a home that does not exist yet; its back end is ended afterwards."""
    home = reachable / "local"
    yield home
    await end_backend(home)


@pytest.fixture
def home(new_home: Path, filled_home: Path) -> Path:
    """A home of its own where a back end has run under ``KEY``: starting there is fast."""
    if sys.platform == "win32":
        shutil.copytree(filled_home, new_home)
    else:  # with owners: as root the database belongs to another user
        subprocess.run(["cp", "-a", str(filled_home), str(new_home)], check=True)
    return new_home
