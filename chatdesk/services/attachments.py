"""The files of messages: fetched once, kept on this computer, shown everywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from chatdesk.backend.base import Remote
from chatdesk.domain.attachment import Attachment, NewFile
from chatdesk.domain.errors import ChatDeskError, NeedsSignIn, Refused, Retryable
from chatdesk.domain.session import LinkState, SyncState
from chatdesk.runtime.tasks import TaskScope
from chatdesk.services.file_cache import FileCache
from chatdesk.services.notices import NoticeService
from chatdesk.services.realtime import RealtimeService

PARALLEL = 3
NOT_THE_FILE = "This file is not the one that the message names."


class AttachmentService(QObject):
    """Brings the bytes of attachments, from this computer if they are here, else from the back end.

    Signals: ``loaded(Attachment, bytes)`` and ``missing(Attachment, ChatDeskError)`` after ``want``. What
    could not be fetched for want of a connection is fetched when there is one.
    """

    loaded = Signal(object, bytes)
    missing = Signal(object, object)

    def __init__(
        self, realtime: RealtimeService, notices: NoticeService, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._realtime = realtime
        self._notices = notices
        self._remote: Remote | None = None
        self._cache: FileCache | None = None
        self._scope: TaskScope | None = None
        self._wanted: dict[str, Attachment] = {}
        self._put_off: dict[str, Attachment] = {}
        self._turns = asyncio.Semaphore(PARALLEL)
        realtime.state_changed.connect(self._look_again)

    def attach(self, remote: Remote, directory: Path) -> None:
        """Serve an account; what was fetched is kept below ``directory`` for a while."""
        self._remote = remote
        self._cache = FileCache(directory)
        self._scope = TaskScope("attachments", self._failed)

    async def detach(self) -> None:
        """Stop fetching."""
        if self._scope is not None:
            await self._scope.close()
        self._scope = self._remote = self._cache = None
        self._wanted.clear()
        self._put_off.clear()

    def want(self, attachment: Attachment) -> None:
        """Bring a file; ``loaded`` or ``missing`` follows. Asked for twice, it is brought once."""
        if self._scope is not None and attachment.path not in self._wanted:
            self._wanted[attachment.path] = attachment
            self._scope.start(self._bring(attachment), "attachment")

    def gather(self, attachments: Sequence[Attachment], then: Callable[[tuple[NewFile, ...]], None]) -> None:
        """Bring all of these and hand them on, to be attached anew; a notice says if one is missing."""
        if not attachments:
            then(())
        elif self._scope is not None:
            self._scope.start(self._gather(tuple(attachments), then), "gather")

    async def read(self, attachment: Attachment) -> bytes:
        """Return a file's bytes; raises ``ChatDeskError``."""
        cache, remote = self._cache, self._remote
        if cache is None or remote is None:
            raise Retryable("No account is open.")
        content = await asyncio.to_thread(cache.read, attachment.path)
        if content is not None and len(content) == attachment.size:
            return content
        content = await self._realtime.store.unsent_file(attachment.path)
        if content is None:
            async with self._turns:
                content = await remote.get_file(attachment.path)
        if len(content) != attachment.size:
            raise Refused(NOT_THE_FILE, "", "size")
        await asyncio.to_thread(cache.write, attachment.path, content)
        return content

    # Inside -------------------------------------------------------------------------------------------------

    async def _bring(self, attachment: Attachment) -> None:
        try:
            content = await self.read(attachment)
        except (Retryable, NeedsSignIn) as failure:
            self._put_off[attachment.path] = attachment
            self.missing.emit(attachment, failure)
        except ChatDeskError as failure:
            self.missing.emit(attachment, failure)
        else:
            self.loaded.emit(attachment, content)
        finally:
            self._wanted.pop(attachment.path, None)

    async def _gather(
        self, attachments: tuple[Attachment, ...], then: Callable[[tuple[NewFile, ...]], None]
    ) -> None:
        found = []
        for one in attachments:
            content = await self.read(one)
            found.append(NewFile(one.name, one.media_type, content, one.width, one.height))
        then(tuple(found))

    def _look_again(self, state: SyncState) -> None:
        if state.link is LinkState.CONNECTED and self._put_off:
            again, self._put_off = self._put_off, {}
            for attachment in again.values():
                self.want(attachment)

    def _failed(self, name: str, failure: BaseException) -> None:
        if isinstance(failure, ChatDeskError):
            self._notices.failed(failure)
        else:
            raise failure
