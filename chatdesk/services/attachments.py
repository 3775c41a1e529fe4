"""The files of messages: fetched once, kept on this computer, shown everywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject

from chatdesk.backend.base import Remote
from chatdesk.domain.attachment import Attachment, NewFile, possible_paths
from chatdesk.domain.change import ChangeSet
from chatdesk.domain.errors import ChatDeskError, NeedsSignIn, Refused, Retryable
from chatdesk.domain.session import LinkState, SyncState
from chatdesk.runtime.tasks import TaskScope
from chatdesk.services.file_cache import FileCache
from chatdesk.services.notices import NoticeService
from chatdesk.services.open_account import OpenAccount

PARALLEL = 3
NOT_THE_FILE = "This file is not the one that the message names."


@dataclass(frozen=True, slots=True)
class _Wish:
    attachment: Attachment
    work: Callable[[bytes], Any]
    then: Callable[[Any], None]
    patient: bool


class AttachmentService(QObject):
    """Brings the bytes of attachments, from this computer if they are here, else from the back end."""

    def __init__(self, account: OpenAccount, notices: NoticeService, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._account = account
        self._notices = notices
        self._remote: Remote | None = None
        self._cache: FileCache | None = None
        self._scope: TaskScope | None = None
        self._put_off: list[_Wish] = []
        self._turns = asyncio.Semaphore(PARALLEL)
        account.state_changed.connect(self._look_again)
        account.changes_applied.connect(self._take_changes)

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
        self._put_off.clear()

    def prepare(
        self,
        attachment: Attachment,
        work: Callable[[bytes], Any],
        then: Callable[[Any], None],
        *,
        patient: bool = False,
    ) -> None:
        """Bring a file, run ``work`` on its bytes in a thread, and hand the result to ``then``.

        A notice says if the file cannot be had. A ``patient`` wish says nothing and waits for a connection if
        there is none; of a file that is not there it never hears again.
        """
        if self._scope is not None:
            self._scope.start(self._prepare(_Wish(attachment, work, then, patient)), "prepare")

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
        content = await self._account.store.unsent_file(attachment.path)
        if content is None:
            async with self._turns:
                content = await remote.get_file(attachment.path)
        if len(content) != attachment.size:
            raise Refused(NOT_THE_FILE, "", "size")
        await asyncio.to_thread(cache.write, attachment.path, content)
        return content

    # Inside -------------------------------------------------------------------------------------------------

    async def _prepare(self, wish: _Wish) -> None:
        try:
            content = await self.read(wish.attachment)
        except (Retryable, NeedsSignIn):
            if not wish.patient:
                raise
            self._put_off.append(wish)
            return
        except ChatDeskError:
            if not wish.patient:
                raise
            return
        wish.then(await asyncio.to_thread(wish.work, content))

    async def _gather(
        self, attachments: tuple[Attachment, ...], then: Callable[[tuple[NewFile, ...]], None]
    ) -> None:
        found = []
        for one in attachments:
            content = await self.read(one)
            found.append(NewFile(one.name, one.media_type, content, one.width, one.height))
        then(tuple(found))

    def _take_changes(self, changes: ChangeSet) -> None:
        """Forget the files of messages that were deleted, whoever deleted them."""
        cache = self._cache
        for change in changes.messages:
            message = change.message
            gone = message.deleted_at is not None and "attachments" in change.fields
            if gone and cache is not None and self._scope is not None:
                paths = possible_paths(message.conversation_id, message.id)
                self._scope.start(asyncio.to_thread(cache.forget, paths), "forget")
        if changes.forgotten_files and cache is not None and self._scope is not None:
            self._scope.start(asyncio.to_thread(cache.forget, changes.forgotten_files), "forget")

    def _look_again(self, state: SyncState) -> None:
        if state.link is LinkState.CONNECTED and self._put_off and self._scope is not None:
            again, self._put_off = self._put_off, []
            for wish in again:
                self._scope.start(self._prepare(wish), "prepare")

    def _failed(self, name: str, failure: BaseException) -> None:
        if isinstance(failure, ChatDeskError):
            self._notices.failed(failure)
        else:
            raise failure
