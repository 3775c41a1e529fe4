"""Settings, Data: export and import, where the files of this computer are, and their size."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton

from chatdesk.language.door import N_, _
from chatdesk.services.portability.reports import Sizes
from chatdesk.ui.actions.table import ActionId
from chatdesk.ui.links import open_folder
from chatdesk.ui.settings.installation import Installation
from chatdesk.ui.settings.page import Fact, Page, Row, value_label
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.transfer.sentences import size
from chatdesk.ui.words import retell, say


class FilesPage(Page):
    """What can be taken along, the folder and what is in it.

    ``action_requested(ActionId)`` for what its buttons ask; they need somebody who is signed in.
    """

    action_requested = Signal(object)

    def __init__(self, theme: Theme, installation: Installation, *, signed_in: bool = False) -> None:
        super().__init__(theme, "Data")
        self._data = installation.data
        self._sizes: Sizes | None = None
        self.export_button = self._button("Export…", ActionId.EXPORT_EVERYTHING, signed_in)
        self.import_button = self._button("Import…", ActionId.IMPORT, signed_in)
        moving = self.card()
        moving.add(
            Row(theme, "Export everything", self.export_button, "All chats with all versions, in one file")
        )
        moving.add(Row(theme, "Import chats", self.import_button, "From an export of ChatDesk or of ChatGPT"))
        self.section("On this computer")
        self.note("Everything ChatDesk keeps on this computer is in one folder.")
        self.folder = value_label()
        self.sizes = value_label()
        card = self.card()
        card.add(Fact(self.folder, "Folder"))
        card.add(Fact(self.sizes, "Size"))
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

    def show_sizes(self, sizes: Sizes) -> None:
        """Show how much room the files take."""
        self._sizes = sizes
        self.refresh()

    def refresh(self) -> None:
        """Say it in the language in use."""
        self.folder.setText(str(self._data) if self._data is not None else _("None: nothing is kept"))
        if self._sizes is None:
            self.sizes.setText("–")
            return
        words = _("{cache} for the chats of this computer, {database} for the database")
        self.sizes.setText(words.format(cache=size(self._sizes.cache), database=size(self._sizes.database)))

    def _button(self, text: str, action: ActionId, signed_in: bool) -> QPushButton:
        button = QPushButton()
        button.setAutoDefault(False)
        button.setEnabled(signed_in)
        say(button.setText, text)
        button.clicked.connect(lambda: self.action_requested.emit(action))
        return button

    def _open(self) -> None:
        if self._data is not None:
            open_folder(self._data)
