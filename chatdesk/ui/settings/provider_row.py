"""One provider in the settings: what it is, or what this device still lacks."""

from __future__ import annotations

from urllib.parse import urlsplit

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from chatdesk.domain.provider import ProviderSettings
from chatdesk.language.door import _, ngettext, sentence
from chatdesk.services.models import KEY_MISSING
from chatdesk.ui.settings.page import plain_label


class ProviderRow(QWidget):
    """Name, address and number of models with Edit; where the key is missing, a field for it.

    Signals: ``edit_requested(id)``, ``key_entered(id, key)``.
    """

    edit_requested = Signal(str)
    key_entered = Signal(str, str)

    def __init__(self, row: ProviderSettings, lack: str) -> None:
        super().__init__()
        self._id = row.id
        name, line = plain_label("title"), plain_label("muted")
        name.setText(row.name)
        count = ngettext("{count} model", "{count} models", len(row.models)).format(count=len(row.models))
        line.setText(f"{urlsplit(row.base_url).netloc or row.base_url} · {count}")
        self.edit_button = QPushButton(_("Edit…"))
        self.edit_button.setAutoDefault(False)
        self.edit_button.setAccessibleName(_("Edit {name}").format(name=row.name))
        self.edit_button.clicked.connect(lambda: self.edit_requested.emit(self._id))
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(name)
        words.addWidget(line)
        top = QHBoxLayout()
        top.addLayout(words, 1)
        top.addWidget(self.edit_button, 0, Qt.AlignmentFlag.AlignVCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        column.addLayout(top)
        self.lack = plain_label("error")
        self.lack.setText(sentence(lack))
        self.lack.setVisible(bool(lack))
        column.addWidget(self.lack)
        self.key, self.key_button = QLineEdit(), QPushButton(_("Save key"))
        self.key.setEchoMode(QLineEdit.EchoMode.Password)
        self.key.setMaxLength(600)
        self.key.setPlaceholderText(_("API key"))
        self.key.setAccessibleName(_("API key of {name}").format(name=row.name))
        self.key_button.setAutoDefault(False)
        self.key_button.setEnabled(False)
        self.key.textChanged.connect(lambda text: self.key_button.setEnabled(bool(text.strip())))
        self.key.returnPressed.connect(self._enter)
        self.key_button.clicked.connect(self._enter)
        entry = QHBoxLayout()
        entry.addWidget(self.key, 1)
        entry.addWidget(self.key_button)
        column.addLayout(entry)
        for widget in (self.key, self.key_button):
            widget.setVisible(lack == KEY_MISSING)

    def _enter(self) -> None:
        if key := self.key.text().strip():
            self.key_entered.emit(self._id, key)
