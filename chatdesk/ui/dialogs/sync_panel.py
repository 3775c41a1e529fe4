"""The panel behind the sync badge: the state in a sentence, and what to hand in with a fault report."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from chatdesk.diagnostics.logs import redacted
from chatdesk.domain.session import LinkState, SyncState
from chatdesk.language.door import _
from chatdesk.ui.round_corners import RoundCorners
from chatdesk.ui.sync_face import sync_face
from chatdesk.ui.theme.fonts import code_font, in_text
from chatdesk.ui.words import retell, say

COPIED_MS = 1_500


class SyncPanel(QWidget):
    """A popover that shows a ``SyncState`` and the diagnostics; it closes on Escape or a click elsewhere.

    Signals: ``refresh_requested()``, ``sign_in_requested()``, ``failed_requested()`` to be taken to what
    could not be sent, ``diagnostics_requested()`` each time it opens.
    """

    refresh_requested = Signal()
    sign_in_requested = Signal()
    failed_requested = Signal()
    diagnostics_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        RoundCorners(self, 12)
        say(self.setAccessibleName, "Sync status")
        self._title = QLabel()
        self._title.setProperty("look", "title")
        self._sentence = QLabel()
        self._sentence.setWordWrap(True)
        self._report = QPlainTextEdit()
        self._report.setReadOnly(True)
        self._report.setProperty("look", "diagnostics")
        say(self._report.setAccessibleName, "Diagnostics")
        self._report.setTabChangesFocus(True)
        self._report.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.copy_button = QPushButton()
        self.refresh_button = QPushButton()
        self.failed_button = QPushButton()
        self.sign_in_button = QPushButton()
        say(self.copy_button.setText, "Copy diagnostics")
        say(self.refresh_button.setText, "Refresh now")
        say(self.failed_button.setText, "Show what failed")
        say(self.sign_in_button.setText, "Sign in again")
        self.sign_in_button.setProperty("look", "primary")
        self._copied = QTimer(self)
        self._copied.setSingleShot(True)
        self._copied.setInterval(COPIED_MS)
        self._copied.timeout.connect(lambda: self.copy_button.setText(_("Copy diagnostics")))
        self.copy_button.clicked.connect(self._copy)
        self.refresh_button.clicked.connect(self.refresh_requested)
        self.sign_in_button.clicked.connect(self._sign_in)
        self.failed_button.clicked.connect(self._show_failed)
        self._lay_out()
        self._state = SyncState(LinkState.STARTING)
        retell(self._retell)
        self._retell()
        self.set_diagnostics({})

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self.copy_button)
        buttons.addStretch(1)
        buttons.addWidget(self.failed_button)
        buttons.addWidget(self.refresh_button)
        buttons.addWidget(self.sign_in_button)
        card = QFrame()
        card.setProperty("look", "panel")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(card)
        column = QVBoxLayout(card)
        column.setContentsMargins(18, 16, 18, 16)
        column.setSpacing(8)
        for widget in (self._title, self._sentence, self._report):
            column.addWidget(widget)
        column.addSpacing(2)
        column.addLayout(buttons)
        self._widen()

    def _widen(self) -> None:
        self.setFixedWidth(in_text(400))
        self._report.setFont(code_font(in_text(12)))
        self._report.setFixedHeight(in_text(150))

    @property
    def sentence(self) -> str:
        """What is said about the state."""
        return self._sentence.text()

    def set_state(self, state: SyncState) -> None:
        """Show another state."""
        self._state = state
        face = sync_face(state)
        self._title.setText(face.text)
        self._sentence.setText(face.sentence)
        needs_sign_in = state.link is LinkState.NEEDS_SIGN_IN
        self.sign_in_button.setVisible(needs_sign_in)
        self.refresh_button.setVisible(not needs_sign_in)
        self.failed_button.setVisible(bool(state.failed))

    def set_diagnostics(self, facts: Mapping[str, object]) -> None:
        """Show the engine's own report, one line per fact; it holds no secrets."""
        lines = [line for name, value in facts.items() for line in _lines(name, value)]
        # The reasons in it may quote a server, which may quote anything.
        self._report.setPlainText(redacted("\n".join(lines)) or _("Nothing to report yet."))

    def _retell(self) -> None:
        self.set_state(self._state)

    def open_above(self, lower_left: QPoint) -> None:
        """Show the panel with its lower left corner at a global point."""
        self.diagnostics_requested.emit()
        self._widen()
        self.adjustSize()
        self.move(lower_left - QPoint(0, self.height()))
        self.show()
        self.copy_button.setFocus()

    def _copy(self) -> None:
        words = f"{self._title.text()}\n{self._sentence.text()}\n\n{self._report.toPlainText()}\n"
        QGuiApplication.clipboard().setText(redacted(words))
        self.copy_button.setText(_("Copied"))
        self._copied.start()

    def _show_failed(self) -> None:
        self.hide()
        self.failed_requested.emit()

    def _sign_in(self) -> None:
        self.hide()
        self.sign_in_requested.emit()


def _lines(name: str, value: object) -> list[str]:
    """Write one fact, a table below its name."""
    if isinstance(value, Mapping):
        return (
            [f"{name}:", *(f"  {key}: {each}" for key, each in value.items())] if value else [f"{name}: none"]
        )
    return [f"{name}: {'none' if value is None else value}"]
