"""Services over the fake server in virtual time, each window with a store of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from chatdesk.store.worker import Worker
from tests.unit.services.desk import Desk, Office
from tests.unit.sync.conftest import store_in_step

Open = Callable[..., Awaitable[Desk]]


@pytest.fixture
async def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> AsyncIterator[Office]:
    """A server, a clock, and any number of windows of one user."""
    monkeypatch.setattr(Worker, "run", store_in_step)
    made = Office(tmp_path)
    yield made
    await made.close()
