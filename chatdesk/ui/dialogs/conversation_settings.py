"""The dialog for what a conversation tells its model, and how freely the model answers."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from chatdesk.domain.conversation import Conversation
from chatdesk.domain.text import storable
from chatdesk.language.door import _
from chatdesk.ui.check_box import CheckBox
from chatdesk.ui.theme.fonts import in_text
from chatdesk.ui.theme.theme import Theme

PROMPT_MOST = 100_000
USUAL = 1.0


class ConversationSettings(QDialog):
    """Edits system prompt and temperature; they hold for the next reply, in every window and on every device.

    ``save_requested(dict)`` with what was changed; nothing changed: it just closes.
    """

    save_requested = Signal(object)

    def __init__(self, theme: Theme, conversation: Conversation, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(_("Chat settings"))
        self.setAccessibleName(_("Chat settings"))
        self._before = conversation
        self.prompt = QPlainTextEdit(conversation.system_prompt or "")
        self.prompt.setProperty("look", "diagnostics")
        self.prompt.setTabChangesFocus(True)
        self.prompt.setAccessibleName(_("System prompt"))
        self.prompt.setPlaceholderText(_("What the model should know and how it should answer in this chat"))
        self.prompt.setFixedHeight(theme.px(140))
        self.own = CheckBox(theme, _("Set the temperature"))
        self.own.setChecked(conversation.temperature is not None)
        self.temperature = QDoubleSpinBox()
        self.temperature.setRange(0.0, 2.0)
        self.temperature.setSingleStep(0.1)
        self.temperature.setDecimals(1)
        self.temperature.setValue(USUAL if conversation.temperature is None else conversation.temperature)
        self.temperature.setAccessibleName(_("Temperature"))
        hint = QLabel(_("0 is sober, 2 is wild. Without it the model's own holds; some models refuse any."))
        hint.setProperty("look", "muted")
        hint.setWordWrap(True)
        self.temperature.setAccessibleDescription(hint.text())
        self.cancel_button, self.save_button = QPushButton(_("Cancel")), QPushButton(_("Save"))
        self.cancel_button.setAutoDefault(False)
        self.save_button.setProperty("look", "primary")
        self.save_button.setDefault(True)
        label = QLabel(_("System prompt"))
        label.setProperty("look", "title")
        label.setBuddy(self.prompt)
        warmth = QHBoxLayout()
        warmth.addWidget(self.own, 1)
        warmth.addWidget(self.temperature)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.save_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 22, 24, 20)
        column.setSpacing(10)
        for part in (label, self.prompt):
            column.addWidget(part)
        column.addSpacing(6)
        column.addLayout(warmth)
        column.addWidget(hint)
        column.addSpacing(6)
        column.addLayout(buttons)
        self.setFixedWidth(in_text(480))
        self.own.toggled.connect(self.temperature.setEnabled)
        self.temperature.setEnabled(self.own.isChecked())
        self.cancel_button.clicked.connect(self.reject)
        self.save_button.clicked.connect(self._save)
        self.prompt.setFocus()

    def _save(self) -> None:
        prompt = storable(self.prompt.toPlainText()).strip()[:PROMPT_MOST] or None
        warmth = round(self.temperature.value(), 1) if self.own.isChecked() else None
        updates: dict[str, object] = {}
        if prompt != (self._before.system_prompt or None):
            updates["system_prompt"] = prompt
        before = self._before.temperature
        if warmth != (None if before is None else round(before, 1)):
            updates["temperature"] = warmth
        if updates:
            self.save_requested.emit(updates)
        self.accept()
