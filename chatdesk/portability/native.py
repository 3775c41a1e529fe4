"""ChatDesk's own files, version 1: one conversation as a JSON document, everything as JSON lines.

docs/export-format.md describes both for everybody.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from chatdesk.domain.message import MessageStatus, Role
from chatdesk.domain.text import MAX_CONTENT, plain_name
from chatdesk.portability import attached, values
from chatdesk.portability.attached import FileRecord, Gathering
from chatdesk.portability.limits import MAX_LINE
from chatdesk.portability.pieces import PieceMaker
from chatdesk.portability.records import ConversationRecord, Found, MessageRecord, Skipped, Trouble
from chatdesk.portability.values import Unreadable

EVERYTHING = "chatdesk-export"
ONE = "chatdesk-conversation"
VERSION = 1

_ROLES = frozenset(Role)
_STATUSES = frozenset((MessageStatus.COMPLETE, MessageStatus.INTERRUPTED, MessageStatus.ERROR))

# Writing ----------------------------------------------------------------------------------------------------


def heading(
    format_name: str, exported_at: datetime, application: str, facts: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return what a file begins with."""
    return {
        "format": format_name,
        "version": VERSION,
        "exported_at": values.written(exported_at),
        "application": application,
    } | dict(facts or {})


def conversation_fields(record: ConversationRecord) -> dict[str, Any]:
    """Return a conversation as a JSON object."""
    return {
        "id": record.key,
        "title": record.title,
        "model": record.model,
        "system_prompt": record.system_prompt,
        "temperature": record.temperature,
        "created_at": values.written(record.created_at),
        "updated_at": values.written(record.updated_at),
        "pinned": record.pinned,
        "archived": record.archived,
    }


def message_fields(record: MessageRecord, *, inline: bool = False) -> dict[str, Any]:
    """Return a message as a JSON object; ``inline``: with the bytes of its files."""
    made: dict[str, Any] = {
        "id": record.key,
        "parent_id": record.parent,
        "replaces": record.replaces,
        "role": record.role,
        "content": record.content,
        "model": record.model,
        "usage": None if record.usage is None else dict(record.usage),
        "status": record.status,
        "error": record.error,
        "created_at": values.written(record.created_at),
        "updated_at": values.written(record.updated_at),
    }
    if record.author is not None:
        made["author"] = record.author
    if record.files:
        made["attachments"] = [attached.fields(file, inline=inline) for file in record.files]
    return made


def message_lines(record: MessageRecord) -> Iterator[str]:
    """Yield a message as lines: itself, then its files in pieces."""
    yield line({"message": message_fields(record)})
    for place, file in enumerate(record.files):
        for part in attached.parts(file):
            yield line({"file": {"place": place, "content": part}})


def line(value: Mapping[str, Any]) -> str:
    """Return one line of a file, with its end."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


class DocumentWriter:
    """Writes one conversation as a JSON document, message by message."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._separator = ""

    def begin(self, top: Mapping[str, Any], conversation: ConversationRecord) -> None:
        whole = dict(top) | {"conversation": conversation_fields(conversation)}
        text = json.dumps(whole, ensure_ascii=False, indent=1)
        self._write(text.removesuffix("\n}") + ',\n "messages": [')

    def message(self, record: MessageRecord) -> None:
        self._write(f"{self._separator}\n  " + line(message_fields(record, inline=True)).rstrip("\n"))
        self._separator = ","

    def end(self) -> None:
        self._write("\n ]\n}\n")


# Reading ----------------------------------------------------------------------------------------------------


def check_version(top: Mapping[str, Any]) -> None:
    """Raise ``Unreadable`` for a file of a later version: it would be read wrongly."""
    version = top.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise Unreadable("The version of this export cannot be read.")
    if version > VERSION:
        raise Unreadable("This export was made by a newer ChatDesk. Update this one to import it.")


def conversation_record(value: object) -> ConversationRecord:
    """Read a conversation; raises ``Unreadable``."""
    fields = values.as_object(value)
    key = values.key_of(fields.get("id"))
    if key is None:
        raise Unreadable("It has no id.")
    return ConversationRecord(
        key=key,
        title=values.title_of(fields.get("title")),
        model=values.text_of(fields.get("model"), values.MAX_MODEL),
        system_prompt=values.text_of(fields.get("system_prompt"), values.MAX_PROMPT),
        temperature=values.temperature_of(fields.get("temperature")),
        created_at=values.moment_of(fields.get("created_at")),
        updated_at=values.moment_of(fields.get("updated_at")),
        pinned=fields.get("pinned") is True,
        archived=fields.get("archived") is True,
    )


def message_record(value: object, files: tuple[FileRecord, ...] = ()) -> MessageRecord:
    """Read a message; raises ``Unreadable``."""
    fields = values.as_object(value)
    key, content, role = values.key_of(fields.get("id")), fields.get("content"), fields.get("role")
    if key is None or not isinstance(content, str) or not isinstance(role, str) or role not in _ROLES:
        raise Unreadable("A message has no id, text or role.")
    status, author = fields.get("status"), fields.get("author")
    return MessageRecord(
        key=key,
        role=role,
        content=values.text_of(content, MAX_CONTENT) or "",
        parent=values.key_of(fields.get("parent_id")),
        replaces=values.key_of(fields.get("replaces")),
        model=values.text_of(fields.get("model"), values.MAX_MODEL),
        usage=values.usage_of(fields.get("usage")),
        # Whoever wrote it is not here any more: a reply that was under way has ended.
        status=status if isinstance(status, str) and status in _STATUSES else _other_status(status),
        error=values.text_of(fields.get("error"), values.MAX_ERROR),
        created_at=values.moment_of(fields.get("created_at")),
        updated_at=values.moment_of(fields.get("updated_at")),
        files=files,
        author=plain_name(author) if isinstance(author, str) and role == Role.USER else None,
    )


def _other_status(status: object) -> str:
    return MessageStatus.INTERRUPTED if status == MessageStatus.STREAMING else MessageStatus.COMPLETE


def read_document(top: Mapping[str, Any]) -> Iterator[Found]:
    """Read one conversation from its document."""
    check_version(top)
    try:
        conversation = conversation_record(top.get("conversation"))
    except Unreadable as fault:
        yield Skipped("", str(fault))
        return
    messages = top.get("messages")
    maker = PieceMaker(conversation)
    for value in messages if isinstance(messages, list) else ():
        try:
            yield from _finished(maker, value, Gathering(values.as_object(value).get("attachments")))
        except Unreadable as fault:
            yield Skipped(conversation.title, str(fault))
    yield from maker.end()


def _finished(maker: PieceMaker, value: object, gathering: Gathering) -> Iterator[Found]:
    """Hand on a message with its files."""
    files = gathering.files()
    yield from maker.take(message_record(value, files))
    if gathering.lost:
        yield Skipped(maker.title, "A file of a message is missing or damaged.")


def read_lines(readline: Callable[[int], bytes]) -> Iterator[Found]:
    """Read the lines after the heading; a line that cannot be read is skipped, alone."""
    maker: PieceMaker | None = None
    title, ended = "", False
    waiting: tuple[object, Gathering] | None = None

    def settle() -> Iterator[Found]:
        """Hand on the message whose files may have followed it."""
        nonlocal waiting
        held, waiting = waiting, None
        if held is not None and maker is not None:
            try:
                yield from _finished(maker, *held)
            except Unreadable as fault:
                yield Skipped(title, str(fault))

    while raw := readline(MAX_LINE):
        if len(raw) == MAX_LINE and not raw.endswith(b"\n"):
            while (rest := readline(MAX_LINE)) and not rest.endswith(b"\n"):
                pass
            yield Skipped(title, "A message is too long.")
            continue
        if not raw.strip():
            continue
        try:
            value = values.as_object(values.parse(raw))
            if "file" in value:
                part = values.as_object(value["file"])
                if waiting is not None:
                    waiting[1].take(part.get("place"), part.get("content"))
                continue
            yield from settle()
            if "conversation" in value:
                if maker is not None:
                    yield from maker.end()
                maker = None
                title = values.title_of(values.as_object(value["conversation"]).get("title"))
                conversation = conversation_record(value["conversation"])
                maker = PieceMaker(conversation)
            elif "message" in value:
                described = values.as_object(value["message"]).get("attachments")
                waiting = (value["message"], Gathering(described))
            elif "end" in value:
                ended = True
                break
        except Unreadable as fault:
            yield Skipped(title, str(fault))
    yield from settle()
    if maker is not None:
        yield from maker.end()
    if not ended:
        yield Trouble("The file ends early; it may be damaged or incomplete.")
