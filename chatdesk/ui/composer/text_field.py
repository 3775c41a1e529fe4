"""The growing text field of the composer."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMimeData, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QInputMethodEvent,
    QKeyEvent,
    QKeySequence,
    QResizeEvent,
    QTextCursor,
    QTextOption,
)
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from chatdesk.domain.text import storable
from chatdesk.ui.composer.long_lines import LONGEST, broken, mended, outside, step_over
from chatdesk.ui.composer.tray import holds_picture, local_files

LINES_LEAST = 1
LINES_MOST = 8


class TextField(QPlainTextEdit):
    """A plain text field that is 1 to 8 lines high.

    Enter asks to send and Shift+Enter starts a line, or as ``enter_sends`` says; while an input method
    composes, Enter belongs to it.
    Signals: ``submitted()``; ``focus_changed(bool)``; ``repaired()`` after a paste lost characters that
    cannot be stored; ``files_brought(QMimeData)`` when files or a picture were pasted or dropped instead of
    text; ``pasted(QTextCursor)`` selects a text that came in one piece.
    """

    submitted = Signal()
    repaired = Signal()
    focus_changed = Signal(bool)
    files_brought = Signal(object)
    pasted = Signal(QTextCursor)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._composing = False
        self._replacing = False
        """Whether the text is none for a moment, which is no reason to become lower."""
        self._broken = False
        """Whether a long line may be in pieces here."""
        self._before = 0
        self.cursorPositionChanged.connect(self._leave_joint)
        self.enter_sends = True
        """Whether Enter alone sends; if not, Ctrl+Enter does and Enter starts a line."""
        self.setTabChangesFocus(True)
        self.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.viewport().setAutoFillBackground(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(2)
        self.document().documentLayout().documentSizeChanged.connect(self._grow)
        self._grow()
        # Qt counts its own setting up as a step that can be undone.
        self.document().clearUndoRedoStacks()

    @property
    def composing(self) -> bool:
        """Whether an input method holds text that is not committed yet."""
        return self._composing

    def text(self) -> str:
        """Return the text as typed; unlike ``toPlainText`` it keeps no-break spaces."""
        return mended(self.document().toRawText())

    def whole(self) -> bool:
        """Tell whether ``text`` is all there is: PySide drops lone surrogates silently."""
        raw = self.document().toRawText()
        return len(raw.encode("utf-16-le", "surrogatepass")) // 2 == self.document().characterCount() - 1

    def put(self, text: str) -> None:
        """Replace the whole text, repaired, and set the cursor behind it."""
        self._replacing = True
        # Emptied first: another way to wrap would lay the old text out once more.
        self.clear()
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        safe = storable(text)
        self._wrap_for(safe)
        self._broken = len(safe) > LONGEST
        self.setPlainText(broken(safe))
        self._replacing = False
        self._grow()
        self.moveCursor(self.textCursor().MoveOperation.End)

    # Keys and input methods

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            undo = event.matches(QKeySequence.StandardKey.Undo)
            if undo and not self.document().isUndoAvailable():
                event.ignore()  # There is nothing here to undo: it may concern what was done elsewhere.
                return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._broken and event.key() in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete):
            cursor = self.textCursor()
            if not cursor.hasSelection():
                step_over(cursor, event.key() == Qt.Key.Key_Delete)
                self.setTextCursor(cursor)
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)
        elif self._composing:
            # It commits the composed text; some platforms pass the key on as well.
            event.accept()
        elif not self._sends(event.modifiers()):
            # A block of its own, not Qt's line separator: blocks are laid out one by one.
            self.textCursor().insertBlock()
            self.ensureCursorVisible()
        else:
            event.accept()
            if not event.isAutoRepeat():
                self.submitted.emit()

    def _sends(self, modifiers: Qt.KeyboardModifier) -> bool:
        if self.enter_sends:
            return not modifiers & Qt.KeyboardModifier.ShiftModifier
        return bool(modifiers & Qt.KeyboardModifier.ControlModifier)

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        self._composing = bool(event.preeditString())
        super().inputMethodEvent(event)

    def insertFromMimeData(self, source: QMimeData) -> None:
        if local_files(source) or holds_picture(source):
            self.files_brought.emit(source)
            return
        pasted = source.text()
        safe = storable(pasted)
        self._wrap_for(safe)
        self._broken = self._broken or len(safe) > LONGEST
        begin = self.textCursor().selectionStart()
        self.insertPlainText(broken(safe))
        self.ensureCursorVisible()
        self._tell_pasted(begin)
        if safe != pasted:
            self.repaired.emit()

    def createMimeDataFromSelection(self) -> QMimeData:
        made = QMimeData()
        made.setText(mended(self.textCursor().selectedText()))
        return made

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        return source.hasText() or bool(local_files(source)) or holds_picture(source)

    def _tell_pasted(self, begin: int) -> None:
        whole = QTextCursor(self.document())
        whole.setKeepPositionOnInsert(True)  # what is typed behind it later was not pasted
        whole.setPosition(begin)
        whole.setPosition(self.textCursor().position(), QTextCursor.MoveMode.KeepAnchor)
        self.pasted.emit(whole)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focus_changed.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        # An input method that is left commits or drops what it held.
        self._composing = False
        super().focusOutEvent(event)
        self.focus_changed.emit(False)

    def _leave_joint(self) -> None:
        """Keep the cursor, and what is selected, out of the joints of a long line."""
        cursor, before = self.textCursor(), self._before
        self._before = cursor.position()
        if not self._broken:
            return
        forward = cursor.position() > before
        anchor = outside(self.document(), cursor.anchor(), forward)
        position = outside(self.document(), cursor.position(), forward)
        if (anchor, position) != (cursor.anchor(), cursor.position()):
            cursor.setPosition(anchor)
            cursor.setPosition(position, QTextCursor.MoveMode.KeepAnchor)
            self.setTextCursor(cursor)

    def _wrap_for(self, text: str) -> None:
        # Pieces of a long line end anywhere as well, and looking for the ends of words takes time.
        if len(text) > LONGEST and max(map(len, text.split("\n"))) > LONGEST:
            self.setWordWrapMode(QTextOption.WrapMode.WrapAnywhere)

    # Growing

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._grow()

    def _grow(self) -> None:
        if self._replacing:
            return
        # The plain text layout counts its height in lines.
        lines = round(self.document().documentLayout().documentSize().height())
        shown = min(max(lines, LINES_LEAST), LINES_MOST)
        margins = round(2 * self.document().documentMargin()) + 2 * self.frameWidth()
        height = shown * self.fontMetrics().lineSpacing() + margins
        if height != self.maximumHeight():
            self.setFixedHeight(height)
            if self.isVisible():
                self._make_room()
        policy = Qt.ScrollBarPolicy
        wanted = policy.ScrollBarAsNeeded if lines > LINES_MOST else policy.ScrollBarAlwaysOff
        if wanted != self.verticalScrollBarPolicy():
            self.setVerticalScrollBarPolicy(wanted)

    def _make_room(self) -> None:
        """Have everything around the field take its place now.

        Qt hands the news up by one parent in a turn of the loop, and in between it paints what has its old
        place: field and buttons were painted twice for each line that came or went.
        """
        around = self.parentWidget()
        while around is not None and (layout := around.layout()) is not None:
            layout.activate()
            around = around.parentWidget()
