"""A signed-in instance in virtual time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication

from chatdesk.store.worker import Worker
from tests.unit.services.virtual.world import World
from tests.unit.sync.conftest import store_in_step


@pytest.fixture
async def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qapp: QCoreApplication
) -> AsyncIterator[World]:
    """Connected, with nothing in it; closed at the end. A watcher of files needs an application."""
    monkeypatch.setattr(Worker, "run", store_in_step)
    made = World(tmp_path)
    await made.begin()
    yield made
    await made.end()
