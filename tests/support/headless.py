"""An instance without a window: real services, store, engine and adapters, several of them in one process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

from chatdesk.domain.session import Account, BackendKind
from chatdesk.providers.base import ChatProvider
from chatdesk.services.generation import GenerationService
from chatdesk.services.model_source import FixedModels
from chatdesk.services.notices import NoticeService
from chatdesk.services.realtime import RealtimeService
from chatdesk.store.store import Store
from chatdesk.sync.engine import SyncEngine
from tests.faults.core import Core, Pace
from tests.support.server import Wire


class Headless:
    """What a window would use: ``realtime`` and ``generation`` of one signed-in instance."""

    def __init__(self, core: Core, realtime: RealtimeService, generation: GenerationService) -> None:
        self.store = core.store
        self.realtime = realtime
        self.generation = generation


@asynccontextmanager
async def headless(
    name: str, directory: Path, wire: Wire, session: dict[str, Any], provider: ChatProvider
) -> AsyncIterator[Headless]:
    """Run one on ``wire``, with its own directory and its own model adapter."""
    core = Core(name, directory / name, Pace())
    core.user_id = str(session["user"]["id"])
    core.directory.mkdir(parents=True)
    core.remote, factory, tokens = await core._ports(wire.url, wire.anon_key, session)
    core.store = await Store.open(core.directory / "store", "account", core.pace)
    told = NoticeService()
    realtime = RealtimeService(core.pace, told)
    generation = GenerationService(realtime.shared, told, core.pace, FixedModels(provider))
    account = Account("account", core.user_id, BackendKind.SUPABASE, wire.url)
    core.engine = SyncEngine(
        store=core.store,
        remote=core.remote,
        feed_factory=factory,
        tokens=tokens,
        account=account,
        clock=core.pace,
        random=Random(name),
        listener=realtime.listener,
    )
    generation.attach(core.remote)
    await realtime.attach(account, core.store, core.engine)
    await generation.take_up()
    try:
        yield Headless(core, realtime, generation)
    finally:
        await generation.detach()
        await realtime.detach()
        await core.stop()
        await provider.close()
