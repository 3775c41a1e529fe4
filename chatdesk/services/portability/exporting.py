"""From the store into a file, a page at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from chatdesk import __version__
from chatdesk.domain.attachment import Attachment
from chatdesk.domain.branch import Branches
from chatdesk.domain.conversation import ConversationEntry
from chatdesk.domain.errors import ChatDeskError, NeedsSignIn, Retryable
from chatdesk.domain.message import Message, MessageStatus, Role
from chatdesk.domain.profile import Profile
from chatdesk.domain.text import plain_name
from chatdesk.language.door import N_, _
from chatdesk.portability import native
from chatdesk.portability.attached import FileRecord
from chatdesk.portability.file_folder import FileFolder
from chatdesk.portability.files import WholeFile
from chatdesk.portability.markdown import MarkdownWriter
from chatdesk.portability.records import ConversationRecord, MessageRecord
from chatdesk.portability.tombstones import Pruning
from chatdesk.services.portability.reports import ExportFormat, ExportReport
from chatdesk.store.store import Store

PAGE = 100
MOST_VAIN = 3
"""So often the server is asked for a file in vain; then those that are not here are left out."""

ReadFile = Callable[[Attachment], Awaitable[bytes]]
APPLICATION = f"ChatDesk {__version__}"
UNTITLED = N_("New chat")
NAMES = {"user": N_("You"), "assistant": N_("Assistant"), "system": N_("System"), "": N_("Deleted user")}


class Exporter:
    """Writes what the store has; the file appears when all of it is written. ``now``: the time of export.

    ``user_id`` is whose export it is: what others wrote says their names.
    """

    def __init__(self, store: Store, user_id: str, now: datetime, read_file: ReadFile) -> None:
        self._store = store
        self._user_id = user_id
        self._people: dict[str, Profile] = {}
        self._copied = "{name}"
        """How a name is written that came with somebody's words: programs know it, people must be told."""
        self._read_file = read_file
        self._attachments: dict[str, tuple[Attachment, ...]] = {}
        self._vain = 0
        """How many files in a row could not be had for want of the server."""
        self.lost_files = 0
        self._now = now
        self.messages = 0

    async def conversation(
        self, entry: ConversationEntry, path: Path, kind: ExportFormat, tree: Branches
    ) -> ExportReport:
        """Write one conversation: as Markdown what ``tree`` shows, as JSON all of it."""
        file, folder = WholeFile(path), FileFolder(path)
        try:
            await asyncio.to_thread(file.open)
            if kind is ExportFormat.MARKDOWN:
                await self._markdown(entry, file, tree, folder)
            else:
                await self._document(entry, file)
            await asyncio.to_thread(folder.finish)
            await asyncio.to_thread(file.finish)
        finally:
            folder.discard()
            file.discard()
        return ExportReport(path, 1, self.messages, lost_files=self.lost_files)

    async def everything(
        self, entries: Sequence[ConversationEntry], missing: int, path: Path, told: Callable[[int, int], None]
    ) -> ExportReport:
        """Write all conversations as lines; ``missing`` messages are not here, which the file says itself."""
        file = WholeFile(path)
        facts = {"conversations": len(entries), "missing_messages": missing}
        conversations = 0
        try:
            await asyncio.to_thread(file.open)
            file.write(native.line(native.heading(native.EVERYTHING, self._now, APPLICATION, facts)))
            for number, listed in enumerate(entries):
                told(number, len(entries))
                entry = await self._store.entry(listed.id)
                if entry is None:
                    continue  # deleted meanwhile
                conversations += 1
                top = native.line({"conversation": native.conversation_fields(record_of(entry))})
                file.write(top)
                async for rows in self._whole_pages(entry.id):
                    await asyncio.to_thread(_write_lines, file, rows)
            ending = {"end": {"conversations": conversations, "messages": self.messages}}
            file.write(native.line(ending))
            await asyncio.to_thread(file.finish)
        finally:
            file.discard()
        return ExportReport(path, conversations, self.messages, missing, lost_files=self.lost_files)

    async def _document(self, entry: ConversationEntry, file: WholeFile) -> None:
        writer = native.DocumentWriter(file.write)
        writer.begin(native.heading(native.ONE, self._now, APPLICATION), record_of(entry))
        async for rows in self._whole_pages(entry.id):
            await asyncio.to_thread(_write_all, writer, rows)
        writer.end()

    async def _markdown(
        self, entry: ConversationEntry, file: WholeFile, tree: Branches, folder: FileFolder
    ) -> None:
        names = {role: _(name) for role, name in NAMES.items()}
        self._copied = _("{name} (copied)")
        writer = MarkdownWriter(file.write, names, _moment, folder.link)
        writer.begin(record_of(entry), _(UNTITLED))
        async for rows in self._whole_pages(entry.id, lambda row: not tree.is_hidden(row.key)):
            await asyncio.to_thread(_write_all, writer, rows)
        writer.end()

    async def _pages(self, conversation_id: str) -> AsyncIterator[list[MessageRecord]]:
        """Yield the messages that are left in their order, those that wait to be sent last."""
        pruning = Pruning(await self._store.nodes(conversation_id))
        self._people = {each.id: each for each in await self._store.profiles()}
        seq: int | None = 0
        while seq is not None:
            page = await self._store.numbered_after(conversation_id, seq, PAGE)
            seq = page[-1].seq if len(page) == PAGE else None
            yield self._records(page, pruning)
        if waiting := await self._store.waiting(conversation_id):
            yield self._records(waiting, pruning)

    async def _whole_pages(
        self, conversation_id: str, wanted: Callable[[MessageRecord], bool] = lambda _row: True
    ) -> AsyncIterator[list[MessageRecord]]:
        """Yield the messages with their files; one that has any comes alone, for they may be large."""
        async for page in self._pages(conversation_id):
            plain: list[MessageRecord] = []
            for row in page:
                if not wanted(row):
                    self.messages -= 1
                elif not row.files:
                    plain.append(row)
                else:
                    if plain:
                        yield plain
                        plain = []
                    yield [await self._with_files(row)]
            if plain:
                yield plain

    async def _with_files(self, row: MessageRecord) -> MessageRecord:
        contents = [await self._content(each) for each in self._attachments[row.key]]
        return replace(
            row,
            files=tuple(
                replace(file, content=content) for file, content in zip(row.files, contents, strict=True)
            ),
        )

    async def _content(self, attachment: Attachment) -> bytes | None:
        """Return a file; None when it cannot be had, which ends no export."""
        if self._vain < MOST_VAIN:
            try:
                content = await self._read_file(attachment)
            except (Retryable, NeedsSignIn):
                self._vain += 1
            except ChatDeskError:
                pass  # It is not there any more.
            else:
                self._vain = 0
                return content
        self.lost_files += 1
        return None

    def _records(self, messages: Sequence[Message], pruning: Pruning) -> list[MessageRecord]:
        rows = [
            message_of(each, pruning, self._author_of(each)) for each in messages if pruning.is_left(each.id)
        ]
        self._attachments = {each.id: each.attachments for each in messages if each.attachments}
        self.messages += len(rows)
        return rows

    def _author_of(self, message: Message) -> str | None:
        author = author_of(message, self._user_id, self._people)
        return self._copied.format(name=author) if author and message.author_id is None else author


def record_of(entry: ConversationEntry) -> ConversationRecord:
    """Return a conversation as files have it."""
    row, own = entry.conversation, entry.membership
    return ConversationRecord(
        key=row.id,
        title=row.title,
        model=row.model,
        system_prompt=row.system_prompt,
        temperature=row.temperature,
        created_at=row.created_at,
        updated_at=row.updated_at,
        pinned=own.pinned,
        archived=own.archived,
    )


def author_of(message: Message, user_id: str, people: Mapping[str, Profile]) -> str | None:
    """Return what somebody else is called who wrote a message, empty when nobody knows any more.

    None for what ``user_id`` wrote, and for what nobody did.
    """
    if message.role is not Role.USER or message.author_id == user_id:
        return None
    if message.author_id is None:
        return message.author_name
    person = people.get(message.author_id)
    return plain_name((person.display_name or person.username or "") if person else "") or _("Someone")


def message_of(message: Message, pruning: Pruning, author: str | None) -> MessageRecord:
    """Return a message as files have it; one that is being written is as if it had been cut off here."""
    parent, replaces = pruning.place(message.id)
    streaming = message.status is MessageStatus.STREAMING
    return MessageRecord(
        key=message.id,
        role=message.role.value,
        content=message.content,
        parent=parent,
        replaces=replaces,
        model=message.model,
        usage=message.usage,
        status=(MessageStatus.INTERRUPTED if streaming else message.status).value,
        error=message.error,
        created_at=message.created_at,
        updated_at=message.updated_at,
        files=tuple(
            FileRecord(each.name, each.media_type, None, each.width, each.height)
            for each in message.attachments
        ),
        author=author,
    )


def gone() -> ChatDeskError:
    """Say that the conversation to export is not there any more."""
    return ChatDeskError("This conversation is not here any more.")


def _write_lines(file: WholeFile, rows: Sequence[MessageRecord]) -> None:
    for row in rows:
        for line in native.message_lines(row):
            file.write(line)


def _write_all(writer: native.DocumentWriter | MarkdownWriter, rows: Sequence[MessageRecord]) -> None:
    for row in rows:
        writer.message(row)


def _moment(moment: datetime) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")
