"""ChatDesk without a window, as a measure's client of a running back end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.backend import Backend
from tests.faults.core import Core
from tests.faults.rig import until


async def open_core(backend: Backend, directory: Path) -> Core:
    """Start one in ``directory``, of the backend's account; it may have been there before."""
    return await Core.start(
        directory.name,
        directory,
        user_id=backend.user_id,
        url=backend.server.url,
        api_key=backend.server.anon_key,
        session=backend.session,
    )


async def reaches(core: Core, conversation: str, revision: int) -> bool:
    """Whether its store has a conversation up to a revision."""
    return (await core.store.conversation_cursor(conversation) or 0) >= revision


@asynccontextmanager
async def connected_core(backend: Backend, directory: Path) -> AsyncIterator[Core]:
    """One that is connected, and stopped at the end."""
    core = await open_core(backend, directory)
    try:
        await until(lambda: core.watch.state.link == "connected")
        yield core
    finally:
        await core.stop()
