"""What the user wrote for a chat that is not theirs to write in any more."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from chatdesk.language.door import _
from chatdesk.ui.theme.fonts import in_text
from chatdesk.ui.theme.theme import Theme

BETWEEN = "\n\n"


class KeptDialog(QDialog):
    """Shows texts that could not be sent, to be copied; ``discard_requested()`` when they may go."""

    discard_requested = Signal()

    def __init__(self, theme: Theme, texts: Sequence[str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(_("Unsent messages"))
        self.setAccessibleName(_("Unsent messages"))
        head = QLabel(_("Unsent messages"))
        head.setProperty("look", "title")
        hint = QLabel(
            _("You are not in this chat any more. Copy what you need of your text before you discard it.")
        )
        hint.setProperty("look", "muted")
        hint.setWordWrap(True)
        self.field = QPlainTextEdit(BETWEEN.join(texts))
        self.field.setReadOnly(True)
        self.field.setTabChangesFocus(True)
        self.field.setProperty("look", "diagnostics")
        self.field.setAccessibleName(_("Unsent messages"))
        self.field.setMinimumHeight(theme.px(160))
        self.copy_button = QPushButton(_("Copy"))
        self.copy_button.setProperty("look", "primary")
        self.discard_button = QPushButton(_("Discard"))
        self.discard_button.setProperty("look", "quiet")
        self.close_button = QPushButton(_("Keep for now"))
        for button in (self.discard_button, self.close_button):
            button.setAutoDefault(False)
        buttons = QHBoxLayout()
        buttons.addWidget(self.discard_button)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        buttons.addWidget(self.copy_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 22, 24, 20)
        column.setSpacing(10)
        for part in (head, hint, self.field):
            column.addWidget(part)
        column.addLayout(buttons)
        self.setFixedWidth(in_text(500))
        self.copy_button.clicked.connect(self._copy)
        self.discard_button.clicked.connect(self._discard)
        self.close_button.clicked.connect(self.reject)
        self.copy_button.setDefault(True)
        self.copy_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.field.toPlainText())
        self.copy_button.setText(_("Copied"))

    def _discard(self) -> None:
        self.discard_requested.emit()
        self.accept()
