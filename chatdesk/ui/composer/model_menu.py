"""The menu of models: all of them, or where a provider has hundreds those that were typed for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QFontMetrics,
    QGuiApplication,
    QKeyEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QLineEdit, QMenu, QWidget, QWidgetAction

from chatdesk.language.door import _, ngettext
from chatdesk.ui.round_corners import RoundCorners
from chatdesk.ui.theme.fonts import in_text

MOST_AT_ONCE = 15
"""Rows that are shown at once; with more models there is a field to type in."""

_WIDEST = 460


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model as the menu shows it; ``name`` is what is typed for."""

    id: str
    name: str
    text: str


class ModelMenu(QMenu):
    """Offers models in their order; ``on_chosen(id)``.

    ``absent`` is a sentence about the conversation's model where it cannot be chosen here. Letters go to the
    field without a click, and narrow the rows down to the models whose names have all the typed words.
    """

    def __init__(
        self,
        rows: Sequence[ModelRow],
        shown: str | None,
        absent: str,
        on_chosen: Callable[[str], None],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        # Of its own, or it is as mirrored as the button, whose arrow is behind the name.
        self.setLayoutDirection(QGuiApplication.layoutDirection())
        self.setAccessibleName(_("Models"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        RoundCorners(self, 8)
        self._shown = shown
        self._field: QLineEdit | None = None
        self._first: QAction | None = None
        if absent:
            self._say(absent)
            self.addSeparator()
        if len(rows) > MOST_AT_ONCE:
            self._field = self._add_field()
        only_one = QActionGroup(self)
        self._rows: list[tuple[ModelRow, QAction]] = []
        for row in rows:
            action = QAction(self._cut(row.text), self)
            action.setToolTip(row.text)
            action.setCheckable(True)
            action.setChecked(row.id == shown)
            action.triggered.connect(lambda _checked=False, chosen=row.id: on_chosen(chosen))
            only_one.addAction(action)
            self.addAction(action)
            self._rows.append((row, action))
        self._rest = self._say("")
        self._narrow("")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        held = event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
        if self._field is None or held or not self._typed(self._field, event):
            super().keyPressEvent(event)

    def activate(self) -> None:
        """Put the keyboard on the model in use, or on the first that was found."""
        if self._first is not None:
            self.setActiveAction(self._first)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.isVisible() and event.oldSize().isValid():
            # It stands on the button: what it loses, it loses at the top.
            self.move(self.x(), self.y() + event.oldSize().height() - event.size().height())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.setMinimumWidth(self.width())

    # Inside -------------------------------------------------------------------------------------------------

    def _add_field(self) -> QLineEdit:
        field = QLineEdit()
        # The menu keeps the focus: its arrows and Enter go on to work.
        field.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        field.setPlaceholderText(_("Type to find a model"))
        field.setAccessibleName(_("Find a model"))
        field.textChanged.connect(self._narrow)
        place = QWidgetAction(self)
        place.setDefaultWidget(field)
        self.addAction(place)
        return field

    @staticmethod
    def _typed(field: QLineEdit, event: QKeyEvent) -> bool:
        """Write what a key means to the field; False when it means nothing to it."""
        letters = event.text()
        if event.key() == Qt.Key.Key_Backspace:
            field.backspace()
        elif letters and letters.isprintable() and (field.text() or not letters.isspace()):
            field.insert(letters)
        else:
            return False
        return True

    def _say(self, words: str) -> QAction:
        action = QAction(self._cut(words), self)
        action.setEnabled(False)
        self.addAction(action)
        return action

    def _cut(self, words: str) -> str:
        cut = QFontMetrics(self.font()).elidedText(words, Qt.TextElideMode.ElideMiddle, in_text(_WIDEST))
        # An ampersand would be taken for a mnemonic.
        return cut.replace("&", "&&")

    def _narrow(self, typed: str) -> None:
        words = typed.casefold().split()
        found = [each for each in self._rows if all(word in each[0].name.casefold() for word in words)]
        seen = found[:MOST_AT_ONCE] if self._field is not None else found
        chosen = next((each for each in found if each[0].id == self._shown), None)
        if chosen is not None and chosen not in seen:
            seen[-1] = chosen
        visible = {row.id for row, _action in seen}
        for row, action in self._rows:
            action.setVisible(row.id in visible)
        left = len(found) - len(seen)
        more = ngettext("{count} more: type to find it", "{count} more: type to find them", left)
        self._rest.setText(more.format(count=left) if left else _("No model has this name."))
        self._rest.setVisible(bool(left) or not found)
        self._first = (chosen if chosen is not None and not words else seen[0])[1] if seen else None
        if self.isVisible():
            self.activate()
