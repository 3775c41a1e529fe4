"""Copying the chats of another account, in the background."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, Signal

from chatdesk.backend.base import AvatarStore
from chatdesk.domain.change import RowBatch
from chatdesk.domain.clock import Clock
from chatdesk.domain.errors import ChatDeskError, NeedsSignIn
from chatdesk.runtime.tasks import TaskScope
from chatdesk.services.copying.patience import Patience
from chatdesk.services.copying.reports import CopyPhase, CopyProgress, CopyReport
from chatdesk.services.open_account import OpenAccount
from chatdesk.services.profiles import ProfileService

if TYPE_CHECKING:
    from chatdesk.services.copying.run import Writable
    from chatdesk.services.copying.source import CopySource, Readable, World

_log = logging.getLogger(__name__)
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class OpenedSource:
    """Another account of this computer, reached beside the open one; ``name`` is for people."""

    name: str
    user_id: str
    remote: Readable
    avatars: AvatarStore
    close: Callable[[], Awaitable[None]]


class CopyRecord(Protocol):
    """What is remembered of copying into the open account, across the end of the program."""

    def take(self) -> bool:
        """Be the one process that copies; False when another one is."""
        ...

    def release(self) -> None: ...

    def under_way(self) -> str | None:
        """Return the key of the account that was being copied from when the program ended."""
        ...

    def begin(self, key: str) -> None: ...

    def end(self) -> None: ...

    def done(self, key: str) -> Mapping[str, int]:
        """Return the conversations that were copied whole, with the revision they had."""
        ...

    def add(self, key: str, done: Mapping[str, int]) -> None: ...


class CopyAccounts(Protocol):
    """The way to the other accounts of this computer."""

    async def open_source(self, key: str) -> OpenedSource:
        """Reach an account; raises ``ChatDeskError``, ``NeedsSignIn`` when its session is over."""
        ...


class CopyService(QObject):
    """One copy at a time. What was copied before is passed over, so it can be begun again at any time.

    Signals: ``progressed(CopyProgress)``, and at the end ``copied(CopyReport)`` or ``failed(ChatDeskError)``.
    A copy that ran when the account was closed, or the program ended, goes on when it is opened again.
    """

    progressed = Signal(object)
    copied = Signal(object)
    failed = Signal(object)

    def __init__(
        self,
        account: OpenAccount,
        profiles: ProfileService,
        accounts: CopyAccounts,
        clock: Clock,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._account = account
        self._profiles = profiles
        self._accounts = accounts
        self._clock = clock
        self._scope: TaskScope | None = None
        self._remote: Writable | None = None
        self._record: CopyRecord | None = None
        self._job: asyncio.Task[None] | None = None
        self._patience: Patience | None = None
        self._waiting = False

    @property
    def busy(self) -> bool:
        """Whether a copy is under way."""
        return self._job is not None and not self._job.done()

    def attach(self, remote: Writable, record: CopyRecord) -> None:
        """Serve the account that is open, and go on with what was cut off."""
        self._scope = TaskScope("copying", self._broken)
        self._remote, self._record = remote, record
        self.resume()

    async def detach(self) -> None:
        """Stop; what is under way goes on when the account is opened again."""
        scope, self._scope = self._scope, None
        if scope is not None:
            await scope.close()
        self._remote = self._record = self._job = None

    def copy(self, key: str) -> None:
        """Copy the chats of the account named ``key``."""
        if self._scope is None:
            return
        if self.busy:
            self.failed.emit(_one_at_a_time())
            return
        self._job = self._scope.start(self._copy(key), "copy chats")

    def resume(self) -> None:
        """Go on with a copy that was cut off, if there is one: somebody has signed in again."""
        if self._scope is not None:
            self._scope.start(self._resume(), "resume copying")

    def cancel(self) -> None:
        """End the copy after the request that is under way; what came stays."""
        if self._patience is not None and self.busy:
            self._patience.cancelled = True
            if self._waiting and self._job is not None:
                self._finish_cancelled()

    # Inside -------------------------------------------------------------------------------------------------

    def _finish_cancelled(self) -> None:
        """No request is under way: nobody has to be waited for."""
        if self._record is not None:
            self._record.end()
        if self._job is not None:
            self._job.cancel()
        self.copied.emit(CopyReport("", cancelled=True))

    async def _resume(self) -> None:
        record = self._record
        key = await asyncio.to_thread(record.under_way) if record is not None else None
        if key is not None and not self.busy:
            self.copy(key)

    async def _copy(self, key: str) -> None:
        record, remote, account = self._record, self._remote, self._account.account
        assert record is not None
        assert remote is not None
        assert account is not None
        if not await asyncio.to_thread(record.take):
            self.failed.emit(_one_at_a_time())
            return
        opened: OpenedSource | None = None
        try:
            await asyncio.to_thread(record.begin, key)
            opened = await self._accounts.open_source(key)
            report = await self._run(opened, key, record, remote, account.user_id)
            record.end()
        except NeedsSignIn as failure:
            self.failed.emit(failure)  # It goes on once somebody has signed in again.
        except ChatDeskError as failure:
            record.end()
            self.failed.emit(failure)
        except OSError as failure:
            record.end()
            self.failed.emit(
                ChatDeskError(f"The disk refused to keep track: {failure.strerror}.", "Make room, try again.")
            )
        else:
            self.copied.emit(report)
        finally:
            self._patience = None
            record.release()
            if opened is not None:
                await opened.close()

    async def _run(
        self, opened: OpenedSource, key: str, record: CopyRecord, remote: Writable, user_id: str
    ) -> CopyReport:
        from chatdesk.services.copying.run import CopyRun, CopyTarget
        from chatdesk.services.copying.source import CopySource

        done, total = 0, 0

        def tell(phase: CopyPhase) -> None:
            self.progressed.emit(CopyProgress(opened.name, phase, done, total))

        def wait(waiting: bool) -> None:
            self._waiting = waiting
            tell(CopyPhase.WAITING if waiting else CopyPhase.COPYING)

        def told(count: int) -> None:
            nonlocal done
            done = count
            tell(CopyPhase.COPYING)

        async def take(rows: RowBatch, cursors: Mapping[str, int]) -> None:
            await self._account.engine.take_rows(rows, cursors)

        async def keep(finished: Mapping[str, int]) -> None:
            await asyncio.to_thread(record.add, key, finished)

        patience = self._patience = Patience(self._clock, wait)
        tell(CopyPhase.READING)
        source = CopySource(opened.user_id, opened.remote, opened.avatars, patience)
        world = await source.world()
        total = len(world.entries)
        models, providers = await self._providers(world, user_id)
        before = await asyncio.to_thread(record.done, key)
        target = CopyTarget(user_id, remote, take, keep)
        report = await CopyRun(source, target, patience, models, told).run(world, before)
        if not report.cancelled:
            await self._profile(world, source)
        return replace(report, source=opened.name, providers=providers)

    async def _providers(self, world: World, user_id: str) -> tuple[dict[str, str], int]:
        """Add the providers that are not here, without their keys; return what each is called here."""
        from chatdesk.portability.identity import provider_id

        here = await self._account.store.providers()
        known = {(row.kind, row.base_url, row.name): row.id for row in here if row.deleted_at is None}
        names: dict[str, str] = {}
        added = 0
        for row in world.providers:
            same = known.get((row.kind, row.base_url, row.name))
            names[row.id] = same or provider_id(user_id, row.id)
            if same is None:
                added += 1
                settings: dict[str, Any] = {"kind": row.kind, "name": row.name, "base_url": row.base_url}
                settings["models"] = list(row.models)
                self._account.submit(self._account.maker.save_provider(names[row.id], settings))
        return names, added

    async def _profile(self, world: World, source: CopySource) -> None:
        """Take over name and picture where there is none yet."""
        own, there = self._profiles.own, world.profile
        if own is None or there is None:
            return
        updates = {"display_name": there.display_name} if there.display_name and not own.display_name else {}
        picture: bytes | None = None
        if there.avatar_path and not own.avatar_path:
            try:
                picture = await source.picture(there.avatar_path)
            except ChatDeskError as failure:
                _log.info("The picture of the other account was left out: %s", type(failure).__name__)
        if picture is not None and not picture.startswith(_PNG):
            picture = None
        if updates or picture is not None:
            self._profiles.save(updates, picture)

    def _broken(self, name: str, failure: BaseException) -> None:
        _log.error("Task %s failed", name, exc_info=failure)
        self.failed.emit(ChatDeskError("Something went wrong in ChatDesk.", "Try it again."))


def _one_at_a_time() -> ChatDeskError:
    return ChatDeskError("Chats are being copied already.", "Wait until that is done.")
