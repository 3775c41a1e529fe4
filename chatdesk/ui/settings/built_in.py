"""The built-in model in the settings: what it is, and getting it or getting rid of it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QProgressBar, QPushButton, QWidget

from chatdesk.language.door import _
from chatdesk.providers.presets import is_safe_source
from chatdesk.services.built_in import BuiltInService, BuiltInState
from chatdesk.ui.settings.page import Card, Row, plain_label
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import failure_words, retell


class BuiltInCard(Card):
    """Says honestly what the model is good for; ``service`` None: there is none here."""

    def __init__(self, theme: Theme, service: BuiltInService | None) -> None:
        super().__init__()
        self._service = service
        self.button = QPushButton()
        self.button.setAutoDefault(False)
        self._row = Row(theme, "SmolLM2 135M", self.button)
        self._row.hint.show()
        self.add(self._row)
        self.progress = QProgressBar()
        self.progress.setRange(0, 100)
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(6)
        self.failure = plain_label("error")
        self.address_button, self.address, self.address_save = QPushButton(), QLineEdit(), QPushButton()
        self._entry = self._address_entry()
        for widget in (self.progress, self._entry, self.failure):
            widget.setContentsMargins(16, 0, 16, 12)
            self.column.addWidget(widget)
        self.button.clicked.connect(self._press)
        place = QHBoxLayout()
        place.setContentsMargins(12, 0, 16, 10)
        place.addWidget(self.address_button, 0, Qt.AlignmentFlag.AlignLeft)
        self.column.addLayout(place)
        if service is not None:
            service.changed.connect(self.refresh)
        retell(self.refresh)
        self.refresh()

    @property
    def state(self) -> BuiltInState:
        return BuiltInState.UNSUPPORTED if self._service is None else self._service.state

    def refresh(self) -> None:
        """Show the state, in the language in use."""
        service, state = self._service, self.state
        hint = _(
            "A tiny demo model that runs on this computer, offline and without a key. It answers in simple "
            "English and is often wrong: do not trust its facts, sums or code."
        )
        part = round((service.progress if service is not None else 0.0) * 100)
        more = {
            BuiltInState.UNSUPPORTED: _("It cannot run on this computer."),
            BuiltInState.NOWHERE: _("It is not installed, and there is no address to download it from."),
            BuiltInState.ABSENT: _("It is not installed. The download has 98 MB."),
            BuiltInState.FETCHING: _("Downloading: {percent} %").format(percent=part),
            BuiltInState.READY: _("It is installed, and answers where no other model is chosen."),
        }[state]
        self._row.hint.setText(f"{hint}\n{more}")
        text = {
            BuiltInState.ABSENT: _("Download"),
            BuiltInState.FETCHING: _("Cancel"),
            BuiltInState.READY: _("Remove") if service is not None and service.removable else "",
        }.get(state, "")
        self.button.setText(text)
        self.button.setVisible(bool(text))
        name = _("SmolLM2 135M")
        self.button.setAccessibleName(f"{text}: {name}" if text else name)
        self.button.setAccessibleDescription(more)
        self.progress.setVisible(state is BuiltInState.FETCHING)
        self.progress.setValue(part)
        self.column.setContentsMargins(0, 0, 0, 14 if self.progress.isVisibleTo(self) else 0)
        self.progress.setAccessibleName(more)
        failure = service.failure if service is not None else None
        self.failure.setText("" if failure is None else failure_words(failure))
        self.failure.setVisible(failure is not None)
        self._refresh_address()

    def _address_entry(self) -> QWidget:
        """A field for another address, which few people need: it comes when it is asked for."""
        self.address.setMaxLength(1_000)
        self.address_button.setProperty("look", "link")
        self.address_button.setFlat(True)
        for button in (self.address_button, self.address_save):
            button.setAutoDefault(False)
        self.address_button.clicked.connect(self._open_address)
        self.address_save.clicked.connect(self._choose_address)
        self.address.returnPressed.connect(self._choose_address)
        entry = QWidget()
        line = QHBoxLayout(entry)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.address, 1)
        line.addWidget(self.address_save)
        entry.hide()
        return entry

    def _refresh_address(self) -> None:
        service = self._service
        wanted = self.state in (BuiltInState.ABSENT, BuiltInState.NOWHERE)
        offered = wanted and service is not None and not service.address_fixed
        if not offered:
            self._entry.hide()
        self.address_button.setVisible(offered and self._entry.isHidden())
        self.address_button.setText(_("Download from another address…"))
        self.address.setPlaceholderText(_("https:// – empty for the usual address"))
        self.address.setAccessibleName(_("Address of the built-in model"))
        self.address_save.setText(_("Save"))

    def _open_address(self) -> None:
        if self._service is not None:
            self.address.setText(self._service.address)
            self._entry.show()
            self.address_button.hide()
            self.address.setFocus()

    def _choose_address(self) -> None:
        address = self.address.text().strip()
        if self._service is None:
            return
        if address and not is_safe_source(address):
            self.failure.setText(_("This is no address that begins with https://."))
            self.failure.show()
            self.address.setFocus()
            return
        self._entry.hide()
        self._service.address_chosen.emit(address)
        self.refresh()

    def _press(self) -> None:
        if self._service is None:
            return
        match self.state:
            case BuiltInState.ABSENT:
                self._service.fetch()
            case BuiltInState.FETCHING:
                self._service.stop_fetching()
            case BuiltInState.READY:
                self._service.remove()
