"""Settings, Data: where the files of this computer are."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from chatdesk.language.door import N_, _
from chatdesk.ui.links import open_folder
from chatdesk.ui.settings.installation import Installation
from chatdesk.ui.settings.page import Fact, Page, value_label
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import retell, say


class FilesPage(Page):
    """The folder and what is in it."""

    def __init__(self, theme: Theme, installation: Installation) -> None:
        super().__init__(theme, "Data")
        self._data = installation.data
        self.note("Everything ChatDesk keeps on this computer is in one folder.")
        self.folder = value_label()
        card = self.card()
        card.add(Fact(self.folder, "Folder"))
        for name, meaning in (
            ("accounts/", N_("The chats of each account, ready to be read without a network")),
            ("local/", N_("The database of the account on this computer")),
            ("preferences.json", N_("These settings")),
            ("chatdesk.log", N_("What happened, for fault reports; no messages and no keys")),
        ):
            value = value_label(by_keyboard=False)
            value.setText(name)
            say(value.setAccessibleDescription, meaning)
            card.add(Fact(value, meaning, above=True))
        self.open_button = QPushButton()
        self.open_button.setAutoDefault(False)
        say(self.open_button.setText, "Open the folder")
        self.open_button.clicked.connect(self._open)
        self.open_button.setEnabled(self._data is not None)
        self.column.addSpacing(6)
        self.column.addWidget(self.open_button, 0, Qt.AlignmentFlag.AlignLeft)
        self.column.addStretch(1)
        retell(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Say it in the language in use."""
        self.folder.setText(str(self._data) if self._data is not None else _("None: nothing is kept"))

    def _open(self) -> None:
        if self._data is not None:
            open_folder(self._data)
