"""The sheet of all keyboard shortcuts in force."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from chatdesk.language.door import _
from chatdesk.ui.actions.bindings import Bindings, native
from chatdesk.ui.actions.groups import FIELD_KEYS, grouped, plain
from chatdesk.ui.theme.fonts import sized
from chatdesk.ui.theme.theme import Theme

_COLUMN = 330


class ShortcutSheet(QDialog):
    """Shows which keys do what; ``send_keys`` are those that send and start a line, in Qt's portable form."""

    def __init__(
        self, theme: Theme, bindings: Bindings, send_keys: tuple[str, str], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(_("Keyboard shortcuts"))
        self.setAccessibleName(_("Keyboard shortcuts"))
        self._theme = theme
        self.shown: dict[str, str] = {}
        room = self.screen().availableSize()
        beside = theme.px(2 * _COLUMN + 92) <= room.width() * 0.95
        blocks = self._blocks(bindings, send_keys)
        columns = QHBoxLayout()
        columns.setSpacing(36)
        for block in _halves(blocks) if beside else (blocks,):
            column = QVBoxLayout()
            column.setSpacing(16)
            for title, rows in block:
                column.addWidget(self._group(title, rows))
            column.addStretch(1)
            columns.addLayout(column, 1)
        inside = QWidget()
        inside.setObjectName("settingsPage")
        whole = QVBoxLayout(inside)
        whole.setContentsMargins(28, 24, 28, 12)
        whole.setSpacing(16)
        heading = QLabel(_("Keyboard shortcuts"))
        sized(heading, 1.4, QFont.Weight.DemiBold)
        whole.addWidget(heading)
        whole.addLayout(columns)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setAccessibleName(_("Keyboard shortcuts"))
        self.area.setWidget(inside)
        self.close_button = QPushButton(_("Close"))
        self.close_button.setDefault(True)
        self.close_button.clicked.connect(self.accept)
        note = QLabel(_("Settings, Shortcuts changes them."))
        note.setProperty("look", "muted")
        note.setWordWrap(True)
        foot = QHBoxLayout()
        foot.setContentsMargins(28, 8, 16, 14)
        foot.addWidget(note, 1)
        foot.addWidget(self.close_button)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.area, 1)
        outer.addLayout(foot)
        self.close_button.setFocus()
        wanted = inside.sizeHint()
        least = theme.px((2 if beside else 1) * _COLUMN + 92)
        width = min(max(wanted.width() + 24, least), int(room.width() * 0.95))
        self.resize(width, min(wanted.height() + 70, int(room.height() * 0.9)))

    def _blocks(
        self, bindings: Bindings, send_keys: tuple[str, str]
    ) -> list[tuple[str, list[tuple[str, str]]]]:
        blocks = []
        for title, actions in grouped():
            rows = [(plain(_(action.text)), bindings.shown(action.id)) for action in actions]
            if title == "Writing":
                fields = zip(FIELD_KEYS, send_keys, strict=True)
                rows = [*((_(text), native(keys)) for (text, _usual), keys in fields), *rows]
            if rows := [row for row in rows if row[1]]:
                blocks.append((_(title), rows))
        return blocks

    def _group(self, title: str, rows: list[tuple[str, str]]) -> QWidget:
        made = QWidget()
        grid = QGridLayout(made)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(0, 1)
        head = QLabel(title)
        head.setProperty("look", "title")
        grid.addWidget(head, 0, 0, 1, 2)
        for number, (text, keys) in enumerate(rows, 1):
            said = QLabel(text)
            said.setWordWrap(True)
            said.setProperty("look", "muted")
            cap = QLabel(keys)
            cap.setProperty("look", "key")
            cap.setAccessibleName(_("{action}: {keys}").format(action=text, keys=keys))
            grid.addWidget(said, number, 0)
            grid.addWidget(cap, number, 1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.shown[text] = keys
        return made


def _halves(
    blocks: list[tuple[str, list[tuple[str, str]]]],
) -> tuple[list[tuple[str, list[tuple[str, str]]]], ...]:
    """Share the blocks between two columns of about the same height."""
    whole = sum(len(rows) + 2 for _title, rows in blocks)
    left: list[tuple[str, list[tuple[str, str]]]] = []
    height = 0
    for block in blocks:
        if height + (len(block[1]) + 2) / 2 > whole / 2:
            break
        height += len(block[1]) + 2
        left.append(block)
    return left, blocks[len(left) :]
