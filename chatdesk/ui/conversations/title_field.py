"""The field above the list that narrows it to titles with certain words."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit, QToolButton, QWidget

from chatdesk.ui.theme.icons import paint_icon
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import say

_GLASS = 16
_ROOM = 9


class TitleField(QLineEdit):
    """Escape clears it, and empty it is left; down leads into the list.

    Signals: ``down_pressed()``; ``first_wanted()`` for Enter; ``messages_wanted()`` for Ctrl+Enter;
    ``left()`` for Escape in the empty field.
    """

    down_pressed = Signal()
    first_wanted = Signal()
    messages_wanted = Signal()
    left = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setProperty("look", "filter")
        self.setClearButtonEnabled(True)
        say(self.setAccessibleName, "Find a chat by its title")
        for button in self.findChildren(QToolButton):
            say(button.setAccessibleName, "Show all chats again")
        theme.changed.connect(self._colour)
        self._colour()

    def event(self, event: QEvent) -> bool:
        # While a reply is written Escape is a shortcut of the window; in here it is about the field first.
        overrides = event.type() == QEvent.Type.ShortcutOverride and bool(self.text())
        if overrides and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Escape:
                self.clear() if self.text() else self.left.emit()
            case Qt.Key.Key_Down:
                self.down_pressed.emit()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                ctrl = event.modifiers() & Qt.KeyboardModifier.ControlModifier
                (self.messages_wanted if ctrl else self.first_wanted).emit()
            case _:
                super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        side = self._theme.px(_GLASS)
        painter = QPainter(self)
        # Painted: an action of the field would be a button to whoever hears the window.
        place = QRectF(_ROOM, (self.height() - side) / 2, side, side)
        paint_icon(painter, "search", self._theme.tokens.text_muted, place)
        painter.end()

    def _colour(self) -> None:
        self.setTextMargins(self._theme.px(_GLASS), 0, 0, 0)
        self.update()
