"""The rows of the palette, under their captions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from chatdesk.domain.conversation import ConversationEntry
from chatdesk.domain.message import Role
from chatdesk.domain.search import Query, Ranges, SearchHit, TitleHit
from chatdesk.language.door import _
from chatdesk.models.conversation_list import NEW_TITLE
from chatdesk.ui.actions.table import ActionId
from chatdesk.ui.words import moment_label

AnyIndex = QModelIndex | QPersistentModelIndex


class RowKind(StrEnum):
    """What choosing a row leads to; a caption cannot be chosen."""

    CAPTION = "caption"
    CONVERSATION = "conversation"
    MESSAGE = "message"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class PaletteRow:
    """One row: ``text`` with places to highlight, ``above`` it a smaller line, ``aside`` at the right."""

    kind: RowKind
    text: str
    ranges: Ranges = ()
    above: str = ""
    aside: str = ""
    icon: str = ""
    conversation_id: str = ""
    message_id: str = ""
    action: ActionId | None = None

    @property
    def spoken(self) -> str:
        """What a screen reader says."""
        return ", ".join(part for part in (self.above, self.text, self.aside) if part)


@dataclass(frozen=True, slots=True)
class Command:
    """An action as the palette offers it; ``keys`` as they are written on this system."""

    action: ActionId
    text: str
    icon: str
    keys: str


class PaletteRole(IntEnum):
    """``ROW`` is the ``PaletteRow`` itself."""

    ROW = Qt.ItemDataRole.UserRole + 1


class PaletteModel(QAbstractListModel):
    """A short list that is replaced as a whole: with every letter it is another one."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[PaletteRow] = []

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008 (Qt's own default, immutable)
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.text
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return row.spoken
        return row if role == PaletteRole.ROW else None

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        row = self.row(index.row())
        if row is None or row.kind is RowKind.CAPTION:
            return Qt.ItemFlag.ItemNeverHasChildren
        flag = Qt.ItemFlag
        return flag.ItemIsEnabled | flag.ItemIsSelectable | flag.ItemNeverHasChildren

    def row(self, number: int) -> PaletteRow | None:
        """Return a row, or None beyond the ends."""
        return self._rows[number] if 0 <= number < len(self._rows) else None

    def show_rows(self, rows: Iterable[PaletteRow]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self._rows = list(rows)
        self.endResetModel()

    def step(self, start: int, by: int) -> int:
        """Return the row ``by`` places from ``start`` among those that can be chosen; -1 without any.

        Single steps go round at the ends, larger ones stop there.
        """
        open_rows = [n for n, row in enumerate(self._rows) if row.kind is not RowKind.CAPTION]
        if not open_rows:
            return -1
        if start not in open_rows:
            return open_rows[0] if by > 0 else open_rows[-1]
        place = open_rows.index(start) + by
        return open_rows[place % len(open_rows)] if abs(by) == 1 else open_rows[_within(place, open_rows)]

    def section(self, start: int, by: int) -> int:
        """Return the first row of the next or previous section, going round; -1 when there is none."""
        firsts = [n + 1 for n, row in enumerate(self._rows) if row.kind is RowKind.CAPTION]
        if not firsts:
            return self.step(-1, 1)
        at = max((place for place, first in enumerate(firsts) if first <= start), default=0)
        return firsts[(at + by) % len(firsts)]


def _within(place: int, rows: list[int]) -> int:
    return max(0, min(place, len(rows) - 1))


# What the sections are made of


def caption(text: str) -> PaletteRow:
    """Make the heading of a section."""
    return PaletteRow(RowKind.CAPTION, text)


def conversation_rows(entries: Iterable[ConversationEntry], now: datetime) -> list[PaletteRow]:
    """Make rows of conversations that were not searched for."""
    return title_rows((TitleHit(entry, ()) for entry in entries), now)


def title_rows(hits: Iterable[TitleHit], now: datetime) -> list[PaletteRow]:
    """Make rows of conversations that were found by their title."""
    return [
        PaletteRow(
            RowKind.CONVERSATION,
            hit.entry.conversation.title or _(NEW_TITLE),
            hit.ranges,
            aside=moment_label(hit.entry.conversation.updated_at, now.astimezone().date()),
            icon="pin" if hit.entry.membership.pinned else "chat",
            conversation_id=hit.entry.id,
        )
        for hit in hits
    ]


def message_rows(hits: Iterable[SearchHit], now: datetime) -> list[PaletteRow]:
    """Make rows of messages that were found."""
    return [
        PaletteRow(
            RowKind.MESSAGE,
            hit.snippet,
            hit.ranges,
            above=hit.entry.conversation.title or _(NEW_TITLE),
            aside=moment_label(hit.message.created_at, now.astimezone().date()),
            icon="sparkle" if hit.message.role is Role.ASSISTANT else "user",
            conversation_id=hit.entry.id,
            message_id=hit.message.id,
        )
        for hit in hits
    ]


def command_rows(commands: Iterable[Command], query: Query) -> list[PaletteRow]:
    """Make rows of the commands that hold every word of the query."""
    return [
        PaletteRow(
            RowKind.COMMAND,
            command.text,
            query.ranges(command.text),
            aside=command.keys,
            icon=command.icon,
            action=command.action,
        )
        for command in commands
        if query.matches(command.text)
    ]
