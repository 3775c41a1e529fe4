"""A button that shows a shortcut and takes another one."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QKeyCombination, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QPushButton, QWidget

from chatdesk.language.door import _

_MODIFIER_KEYS = {
    Qt.Key.Key_Control,
    Qt.Key.Key_Shift,
    Qt.Key.Key_Alt,
    Qt.Key.Key_AltGr,
    Qt.Key.Key_Meta,
    Qt.Key.Key_unknown,
}
_REMOVING = (Qt.Key.Key_Backspace, Qt.Key.Key_Delete)


class KeyButton(QPushButton):
    """Shows ``keys``; a click waits for the next key pressed.

    Escape and leaving the button keep what was there, Backspace removes it. ``pressed_keys(str)`` carries the
    shortcut in Qt's portable form, empty to remove it; nothing is changed here.
    """

    pressed_keys = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = ""
        self._waiting = False
        self.setProperty("look", "key")
        self.setAutoDefault(False)
        self.clicked.connect(self._wait)

    @property
    def waiting(self) -> bool:
        """Whether the next key is taken."""
        return self._waiting

    def show_keys(self, shown: str) -> None:
        """Show a shortcut as the system writes it, empty for none."""
        self._shown = shown
        self._refresh()

    def event(self, event: QEvent) -> bool:
        # Tab and the shortcuts of the window come here first, or they would act instead of being taken.
        if self._waiting and isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                self._take(event)
                event.accept()
                return True
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._stop()

    def _wait(self) -> None:
        self._waiting = True
        self._refresh()

    def _stop(self) -> None:
        if self._waiting:
            self._waiting = False
            self._refresh()

    def _take(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _MODIFIER_KEYS or event.isAutoRepeat():
            return
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        self._stop()
        if not modifiers and key == Qt.Key.Key_Escape:
            return
        if not modifiers and key in _REMOVING:
            self.pressed_keys.emit("")
            return
        if key == Qt.Key.Key_Backtab:
            key = Qt.Key.Key_Tab
        sequence = QKeySequence(QKeyCombination(modifiers, key))
        self.pressed_keys.emit(sequence.toString(QKeySequence.SequenceFormat.PortableText))

    def _refresh(self) -> None:
        self.setText(_("Press the keys…") if self._waiting else self._shown or _("None"))
