"""One open account: its store, its engine and the services that serve it."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from pathlib import Path
from random import Random
from typing import Protocol

from chatdesk.app.accounts import MachineAccounts
from chatdesk.app.copying import FOLDER as COPYING
from chatdesk.app.copying import DiskRecord
from chatdesk.app.lazy_ports import LazyAvatars, LazyFeeds, LazyRemote
from chatdesk.app.told_once import FOLDER as TOLD
from chatdesk.app.told_once import ToldOnce
from chatdesk.domain.clock import Clock
from chatdesk.domain.session import Account
from chatdesk.services.attachments import AttachmentService
from chatdesk.services.copying.service import CopyService
from chatdesk.services.generation import GenerationService
from chatdesk.services.models import ModelService
from chatdesk.services.notices import NoticeLevel, NoticeService
from chatdesk.services.open_account import OpenAccount
from chatdesk.services.portability.service import PortabilityService
from chatdesk.services.profiles import ProfileService
from chatdesk.services.sharing import SharingService
from chatdesk.services.succession import Succession
from chatdesk.store.store import Store
from chatdesk.sync.engine import SyncEngine

ATTACHMENTS = "attachments"
"""The folder of an account for files of messages that were fetched."""

PICTURES = "pictures"
"""The folder of an account for profile pictures that were fetched once."""


class Searches(Protocol):
    """The windows: their numbers, and the search of each."""

    async def recall(self, store: Store) -> None: ...

    def attach(self) -> None: ...

    async def detach(self) -> None: ...


class Workspace:
    """Opens an account for the services and closes it again; at most one account is open at a time.

    The store is opened first and shown at once; whatever the engine needs of the network it gets through
    ports that find the back end when they are used.
    """

    def __init__(
        self,
        *,
        data: Path,
        accounts: MachineAccounts,
        open_account: OpenAccount,
        generation: GenerationService,
        models: ModelService,
        profiles: ProfileService,
        attachments: AttachmentService,
        searches: Searches,
        portability: PortabilityService,
        sharing: SharingService,
        copying: CopyService,
        succession: Succession,
        notices: NoticeService,
        clock: Clock,
    ) -> None:
        self._data = data
        self._accounts = accounts
        self._open_account = open_account
        self._generation = generation
        self._models = models
        self._profiles = profiles
        self._attachments = attachments
        self._searches = searches
        self._portability = portability
        self._sharing = sharing
        self._copying = copying
        self._succession = succession
        self._notices = notices
        self._clock = clock
        self._store: Store | None = None
        self._directory: Path | None = None
        self._changing = asyncio.Lock()

    @property
    def store(self) -> Store | None:
        """The store of the open account."""
        return self._store

    async def open(self, account: Account) -> None:
        """Open an account; raises ``ChatDeskError`` when its files cannot be used at all."""
        async with self._changing:
            await self._close(erase=False)
            await self._accounts.release_replaced()
            await self._open(account)

    async def stop(self) -> None:
        """Stop everything that serves the open account; its files stay open until ``close``."""
        async with self._changing:
            if self._store is not None:
                await self._detach()

    async def begin_sign_out(self) -> None:
        """Mark the sign-out of the open account for every window of this computer."""
        if self._store is not None:
            await self._store.begin_sign_out()

    async def was_signed_out(self) -> bool:
        """Tell whether another window of this computer has signed out of the open account."""
        return self._store is not None and await self._store.was_signed_out()

    async def close(self, *, erase: bool = False) -> None:
        """Close the open account, if any; ``erase`` removes its files from this machine."""
        async with self._changing:
            await self._close(erase=erase)

    # Inside -------------------------------------------------------------------------------------------------

    async def _open(self, account: Account) -> None:
        store = await Store.open(self._data / "accounts", account.key, self._clock)
        self._store = store
        self._directory = self._data / "accounts" / account.key
        for sentence in store.recovered:
            self._notices.tell(sentence, "Nothing more is needed.", NoticeLevel.WARNING)
        gateway = self._accounts.gateway(account)
        remote = LazyRemote(gateway)

        engine = SyncEngine(
            store=store,
            remote=remote,
            feed_factory=LazyFeeds(gateway),
            tokens=gateway,
            account=account,
            clock=self._clock,
            random=Random(),
            listener=self._open_account.listener,
        )
        self._profiles.attach(LazyAvatars(gateway), self._directory / PICTURES)
        self._attachments.attach(remote, self._directory / ATTACHMENTS)
        self._generation.attach(remote)
        await self._searches.recall(store)
        self._searches.attach()
        await self._models.attach(store)
        await self._sharing.attach(remote, store)
        self._succession.attach(ToldOnce(self._directory))
        await self._open_account.attach(account, store, engine)
        await self._generation.take_up()
        self._portability.attach(remote)
        self._copying.attach(remote, DiskRecord(self._directory))

    async def _detach(self) -> None:
        await self._copying.detach()
        await self._portability.detach()
        await self._sharing.detach()
        await self._generation.detach()
        await self._models.detach()
        await self._profiles.detach()
        await self._attachments.detach()
        await self._searches.detach()
        await self._open_account.detach()

    async def _close(self, *, erase: bool) -> None:
        store, self._store = self._store, None
        if store is None:
            return
        if erase:
            await self._models.forget_keys(store)
        await self._detach()
        try:
            if erase:
                await store.erase()
        finally:
            with contextlib.suppress(RuntimeError):
                await store.close()
            if erase and self._directory is not None:
                for name in (PICTURES, ATTACHMENTS, COPYING, TOLD):
                    await asyncio.to_thread(shutil.rmtree, self._directory / name, ignore_errors=True)
