"""Export and import as the window asks for them."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from chatdesk.backend.base import Importer
from chatdesk.domain.clock import Clock
from chatdesk.domain.errors import ChatDeskError, NeedsSignIn, Retryable
from chatdesk.runtime.tasks import TaskScope
from chatdesk.services.open_account import OpenAccount
from chatdesk.services.portability.reports import (
    ExportFormat,
    Interrupted,
    Job,
    Phase,
    Progress,
)

if TYPE_CHECKING:
    from chatdesk.portability.reading import Preview
    from chatdesk.services.portability.exporting import Exporter, ReadFile
    from chatdesk.services.portability.importing import ImportRun

_log = logging.getLogger(__name__)

UNDER_WAY = "import_under_way"


class PortabilityService(QObject):
    """Writes files and reads them, one job at a time.

    Signals: ``progressed(Progress)`` · ``exported(ExportReport)``, ``examined(Preview)`` and
    ``imported(ImportReport)`` at the end of a job · ``failed(ChatDeskError)`` or ``cancelled()`` instead ·
    ``interrupted_found(Interrupted)`` once after ``attach`` when an import was cut off · ``measured(Sizes)``.
    """

    progressed = Signal(object)
    exported = Signal(object)
    examined = Signal(object)
    imported = Signal(object)
    failed = Signal(object)
    cancelled = Signal()
    interrupted_found = Signal(object)
    measured = Signal(object)

    def __init__(
        self,
        account: OpenAccount,
        clock: Clock,
        home: Path,
        read_file: ReadFile,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._read_file = read_file
        self._account = account
        self._clock = clock
        self._home = home
        self._scope: TaskScope | None = None
        self._importer: Importer | None = None
        self._job: asyncio.Task[Any] | None = None
        self._run: ImportRun | None = None
        self._stop = Event()
        self.asker: object | None = None
        """Who asked for the job: what comes of it concerns nobody else."""

    @property
    def busy(self) -> bool:
        """Whether a job is under way."""
        return self._job is not None and not self._job.done()

    def attach(self, importer: Importer) -> None:
        """Serve the account that is open."""
        self._scope = TaskScope("portability", self._broken)
        self._importer = importer
        self._scope.start(self._look_for_interrupted(), "look for an import")

    async def detach(self) -> None:
        """Stop what is under way; an import can be taken up when the account is opened again."""
        scope, self._scope, self._importer = self._scope, None, None
        self._stop.set()
        if scope is not None:
            await scope.close()
        self._job = self._run = None

    # What the user asks for ---------------------------------------------------------------------------------

    def export_conversation(self, conversation_id: str, path: Path, kind: ExportFormat) -> None:
        """Write one conversation to a file; ``exported`` follows."""
        self._begin(self._export_one(conversation_id, path, kind), "export a chat")

    def export_everything(self, path: Path) -> None:
        """Fetch what is not here and write everything to one file; ``exported`` follows."""
        self._begin(self._export_all(path), "export everything")

    def examine(self, path: Path) -> None:
        """See what a file would bring; ``examined`` follows."""
        self._begin(self._examine(path), "examine a file")

    def import_file(self, path: Path, total: int = 0, skip: int = 0) -> None:
        """Import a file of ``total`` conversations, of which ``skip`` were imported; ``imported`` follows."""
        self._begin(self._import(path, total, skip), "import")

    def cancel(self) -> None:
        """End the job. What an import has brought stays; an export leaves no file."""
        self._stop.set()
        if self._run is not None and not self._run.waiting:
            self._run.cancelled = True
        elif self._job is not None:
            if self._run is not None:
                self.forget_interrupted()
            self._job.cancel()

    def forget_interrupted(self) -> None:
        """Do not offer to go on with the import that was cut off."""
        self._account.save_setting(UNDER_WAY, "")

    def measure(self) -> None:
        """Look how much room the files take; ``measured`` follows."""
        if self._scope is not None:
            self._scope.start(self._measure(), "measure")

    # Inside -------------------------------------------------------------------------------------------------

    def _begin(self, work: Coroutine[Any, Any, None], name: str) -> None:
        if self._scope is None or self.busy:
            work.close()
            self.failed.emit(under_way())
            return
        self._stop.clear()
        self._job = self._scope.start(self._guarded(work), name)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except ChatDeskError as failure:
            self.failed.emit(failure)
        except asyncio.CancelledError:
            self.cancelled.emit()
            raise
        finally:
            self._run = None

    def _broken(self, name: str, failure: BaseException) -> None:
        """An error of our own: the job is over, and the window must not wait for it."""
        _log.error("Task %s failed", name, exc_info=failure)
        self.failed.emit(ChatDeskError("Something went wrong in ChatDesk.", "Try it again."))

    def _tell(self, job: Job, phase: Phase, done: int, total: int) -> None:
        self.progressed.emit(Progress(job, phase, done, total))

    async def _export_one(self, conversation_id: str, path: Path, kind: ExportFormat) -> None:
        from chatdesk.services.portability.exporting import gone

        self._tell(Job.EXPORT, Phase.FETCHING, 0, 0)
        missing, reason = await self._gather(conversation_id)
        store = self._account.store
        entry = await store.entry(conversation_id)
        if entry is None:
            raise gone()
        self._tell(Job.EXPORT, Phase.WRITING, 0, 0)
        tree = await store.branches(conversation_id, await self._account.view.choices(conversation_id))
        report = await self._exporter().conversation(entry, path, kind, tree)
        self.exported.emit(replace(report, missing=missing, reason=reason))

    async def _export_all(self, path: Path) -> None:
        self._tell(Job.EXPORT, Phase.FETCHING, 0, 0)
        missing, reason = await self._gather(None)
        entries = await self._account.store.entries()
        report = await self._exporter().everything(
            entries, missing, path, lambda done, total: self._tell(Job.EXPORT, Phase.WRITING, done, total)
        )
        self.exported.emit(replace(report, missing=missing, reason=reason))

    def _exporter(self) -> Exporter:
        from chatdesk.services.portability.exporting import Exporter

        account = self._account.account
        assert account is not None
        return Exporter(self._account.store, account.user_id, self._clock.now(), self._read_file)

    async def _gather(self, conversation_id: str | None) -> tuple[int, str]:
        """Bring everything here; return how many messages could not be had, and why."""
        engine, reason = self._account.engine, ""
        try:
            await engine.refresh_conversations()
            left = await engine.gather(
                lambda done, total: self._tell(Job.EXPORT, Phase.FETCHING, done, total), conversation_id
            )
        except (Retryable, NeedsSignIn) as failure:
            reason = failure.message
            unfetched = await self._account.store.unfetched()
            left = {each: count for each, count in unfetched.items() if conversation_id in (None, each)}
        return sum(left.values()), reason

    async def _examine(self, path: Path) -> None:
        from chatdesk.portability.reading import examine

        user_id, present = await self._present()
        loop = asyncio.get_running_loop()

        def told(done: int) -> bool:
            going_on = not self._stop.is_set()
            if going_on and done % 50 == 0:
                with suppress(RuntimeError):  # the loop has ended meanwhile
                    loop.call_soon_threadsafe(self._tell, Job.EXAMINE, Phase.READING, done, 0)
            return going_on

        self._tell(Job.EXAMINE, Phase.READING, 0, 0)
        preview: Preview | None = await asyncio.to_thread(examine, path, user_id, present, told)
        if preview is None:
            self.cancelled.emit()
        else:
            self.examined.emit(preview)

    async def _import(self, path: Path, total: int, skip: int) -> None:
        from chatdesk.services.portability.importing import ImportRun

        user_id, present = await self._present()
        importer, engine, store = self._importer, self._account.engine, self._account.store
        if importer is None:
            return

        async def keep(done: int) -> None:
            state = {"path": str(path), "done": done, "total": total}
            await store.save_setting(UNDER_WAY, json.dumps(state))

        self._run = ImportRun(
            importer=importer,
            clock=self._clock,
            user_id=user_id,
            take=engine.take_rows,
            told=lambda phase, done: self._tell(Job.IMPORT, phase, done, total),
            keep=keep,
        )
        self._tell(Job.IMPORT, Phase.SENDING, skip, total)
        await keep(skip)
        try:
            report = await self._run.run(path, present, skip, total)
        except ChatDeskError as failure:
            if not isinstance(failure, Retryable | NeedsSignIn):
                await store.save_setting(UNDER_WAY, "")  # the file will be no better next time
            raise
        await store.save_setting(UNDER_WAY, "")
        self.imported.emit(report)

    async def _present(self) -> tuple[str, frozenset[str]]:
        account = self._account.account
        if account is None:
            raise ChatDeskError("No account is open.", "Sign in first.")
        entries = await self._account.store.entries()
        return account.user_id, frozenset(entry.id for entry in entries)

    async def _look_for_interrupted(self) -> None:
        kept = await self._account.store.setting(UNDER_WAY)
        if not kept:
            return
        state = json.loads(kept)
        path = Path(state["path"])
        if path.is_file():
            self.interrupted_found.emit(Interrupted(path, int(state["done"]), int(state["total"])))
        else:
            self.forget_interrupted()

    async def _measure(self) -> None:
        from chatdesk.services.portability.disk import measure

        self.measured.emit(await asyncio.to_thread(measure, self._home))


def under_way() -> ChatDeskError:
    """What is said to who asks for a job beside another one."""
    return ChatDeskError("Another export or import is under way.", "Wait until it is done.")
