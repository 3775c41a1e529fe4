"""A conversation to be read by people: the branch that is shown, as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from chatdesk.portability.attached import FileRecord
from chatdesk.portability.records import ConversationRecord, MessageRecord


class MarkdownWriter:
    """Writes message by message.

    ``names``: what a role is called, and under "" somebody whose name is not known. ``moment``: how a time is
    written. Both are words of the reader's language, which this room does not know. ``link``: puts a file
    somewhere and returns what leads to it.
    """

    def __init__(
        self,
        write: Callable[[str], object],
        names: Mapping[str, str],
        moment: Callable[[datetime], str],
        link: Callable[[FileRecord], str],
    ) -> None:
        self._write = write
        self._names = names
        self._moment = moment
        self._link = link

    def begin(self, conversation: ConversationRecord, untitled: str) -> None:
        self._write(f"# {_line(conversation.title) or untitled}\n")
        facts = [
            part
            for part in (
                conversation.model,
                self._moment(conversation.created_at) if conversation.created_at is not None else None,
            )
            if part
        ]
        if facts:
            self._write(f"\n*{_line(' · '.join(facts))}*\n")
        if conversation.system_prompt:
            quoted = "\n".join(f"> {line}".rstrip() for line in conversation.system_prompt.splitlines())
            self._write(f"\n{quoted}\n")

    def message(self, record: MessageRecord) -> None:
        who = record.role if record.author is None else ""
        facts = [record.author or self._names.get(who, who)]
        if record.model:
            facts.append(record.model)
        if record.created_at is not None:
            facts.append(self._moment(record.created_at))
        self._write(f"\n---\n\n**{_line(' · '.join(facts))}**\n\n{_closed(record.content).rstrip()}\n")
        for file in record.files:
            self._write(f"\n{self._link(file)}\n")

    def end(self) -> None:
        self._write("")


def _line(text: str) -> str:
    return " ".join(text.split()).replace("*", "\\*")


def _closed(text: str) -> str:
    """Close a code block that was never closed, or it would swallow every message below it."""
    fence = ""
    for line in text.splitlines():
        mark = line.lstrip()
        if len(line) - len(mark) > 3 or not mark.startswith(("```", "~~~")):
            continue
        length = len(mark) - len(mark.lstrip(mark[0]))
        if not fence:
            fence = mark[0] * length
        elif mark[0] == fence[0] and length >= len(fence) and not mark[length:].strip():
            fence = ""
    return f"{text.rstrip()}\n{fence}" if fence else text
