"""Where a message is rewritten, in its place."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from chatdesk.language.door import N_
from chatdesk.ui.composer.text_field import TextField
from chatdesk.ui.timeline.look import Look
from chatdesk.ui.words import say

_HINT = N_("The message stays as a version; a new reply is written.")


class MessageEditor(QFrame):
    """A text field with Save and Cancel; Enter saves and Escape cancels.

    Signals: ``saved(str)`` the new text, ``cancelled()``, ``changed(str)``, ``grown()`` when the height that
    it needs is another one. It stays as it is until somebody closes it.
    """

    saved = Signal(str)
    cancelled = Signal()
    changed = Signal(str)
    grown = Signal()

    def __init__(self, look: Look, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("look", "composer")
        self.setProperty("active", "true")
        self.field = TextField()
        say(self.field.setAccessibleName, "Edit message")
        self.save = QPushButton()
        say(self.save.setText, "Save")
        self.save.setProperty("look", "primary")
        self.cancel = QPushButton()
        say(self.cancel.setText, "Cancel")
        self._hint = QLabel()
        say(self._hint.setText, _HINT)
        self._hint.setProperty("look", "muted")
        self._hint.setWordWrap(True)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._hint, 1)
        row.addWidget(self.cancel)
        row.addWidget(self.save)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 10, 10)
        column.setSpacing(8)
        column.addWidget(self.field)
        column.addLayout(row)
        self.set_look(look)
        self.field.put(text)
        self.field.submitted.connect(self._save)
        self.field.textChanged.connect(self._changed)
        self.field.document().documentLayout().documentSizeChanged.connect(lambda _size: self.grown.emit())
        self.save.clicked.connect(self._save)
        self.cancel.clicked.connect(self.cancelled)

    def set_look(self, look: Look) -> None:
        """Take other fonts."""
        self.field.setFont(look.font)
        self._hint.setFont(look.small)
        for button in (self.save, self.cancel):
            button.setFont(look.small)

    def height_for(self, width: int) -> int:
        """Return the height it needs at this width."""
        self.resize(width, self.height())
        layout = self.layout()
        if layout is None:
            return self.sizeHint().height()
        layout.activate()
        return max(self.sizeHint().height(), layout.totalHeightForWidth(width))

    def event(self, event: QEvent) -> bool:
        # Escape belongs to the editor, not to the shortcut that stops a reply.
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and not self.field.composing:
            event.accept()
            self.cancelled.emit()
        else:
            super().keyPressEvent(event)

    def _changed(self) -> None:
        text = self.field.text()
        self.save.setEnabled(bool(text.strip()))
        self.changed.emit(text)

    def _save(self) -> None:
        text = self.field.text()
        if text.strip():
            self.saved.emit(text)
