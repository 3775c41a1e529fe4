"""The built-in model in the settings: what it is, and getting it or getting rid of it."""

from __future__ import annotations

from PySide6.QtWidgets import QProgressBar, QPushButton

from chatdesk.language.door import _
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
        for widget in (self.progress, self.failure):
            widget.setContentsMargins(16, 0, 16, 12)
            self.column.addWidget(widget)
        self.button.clicked.connect(self._press)
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
            BuiltInState.NOWHERE: _("It is not installed, and CHATDESK_BUILT_IN_URL names no source."),
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
