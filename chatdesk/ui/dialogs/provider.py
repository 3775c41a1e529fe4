"""The dialog for one provider of models."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from chatdesk.domain.errors import ChatDeskError
from chatdesk.domain.text import storable
from chatdesk.language.door import _
from chatdesk.providers.presets import CUSTOM, PRESETS, final_address, preset_of
from chatdesk.services.device_access import DeviceAccess, to_text
from chatdesk.services.models import ModelService
from chatdesk.services.provider_inquiry import ModelsFetched, ProviderChecked, ProviderDraft
from chatdesk.ui.dialogs.provider_fields import address_fault, headers_from
from chatdesk.ui.settings.choice import Choice
from chatdesk.ui.theme.fonts import in_text
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import failure_words

_MODEL_MOST = 160
_MODELS_MOST = 500


class ProviderDialog(QDialog):
    """Adds a provider or edits one; asks it for its models and whether it answers before anything is kept.

    ``save_requested(ProviderDraft)`` when nothing is wrong with the fields; ``remove_requested(id)``.
    """

    save_requested = Signal(object)
    remove_requested = Signal(str)

    def __init__(
        self, theme: Theme, models: ModelService, draft: ProviderDraft | None, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        title = _("Add a provider") if draft is None else _("Edit provider")
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self._models = models
        self._id = "" if draft is None else draft.id
        self._asking = QObject(self)
        """Stands for this dialog in questions, so that only its own answers are shown."""
        self.kind = Choice(theme)
        self.name, self.base_url, self.key, self.proxy = QLineEdit(), QLineEdit(), QLineEdit(), QLineEdit()
        self.key.setEchoMode(QLineEdit.EchoMode.Password)
        self.models, self.headers = QPlainTextEdit(), QPlainTextEdit()
        self.preview, self.key_hint, self.outcome = QLabel(), QLabel(), QLabel()
        self.fetch_button = QPushButton(_("Fetch models"))
        self.check_button = QPushButton(_("Check"))
        self.more_button = QPushButton(_("Headers and proxy…"))
        self.remove_button = QPushButton(_("Remove…"))
        self.cancel_button = QPushButton(_("Cancel"))
        self.save_button = QPushButton(_("Save"))
        self.save_button.setProperty("look", "primary")
        self.save_button.setDefault(True)
        self._lay_out(theme)
        self._connect()
        kinds: dict[object, str] = {
            preset.kind: preset.name or _("Another one") for preset in PRESETS.values()
        }
        self.kind.offer(kinds, draft.kind if draft is not None and draft.kind in kinds else "openai")
        if draft is None:
            self._take_preset()
        else:
            self._fill(draft)
        self._follow()

    # Looks --------------------------------------------------------------------------------------------------

    def _lay_out(self, theme: Theme) -> None:
        for label, look in ((self.preview, "muted"), (self.key_hint, "muted"), (self.outcome, "muted")):
            label.setProperty("look", look)
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.key_hint.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for box, rows in ((self.models, 4), (self.headers, 2)):
            box.setTabChangesFocus(True)
            box.setProperty("look", "diagnostics")
            box.setFixedHeight(theme.px(rows * 19) + 16)
        self.models.setPlaceholderText(_("One name a line; the first one is used unless you choose."))
        self.headers.setPlaceholderText("X-Title: ChatDesk")
        self.proxy.setPlaceholderText("http://proxy.example.com:3128")
        self.name.setMaxLength(80)
        self.base_url.setMaxLength(500)
        self.key.setMaxLength(600)
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        self._extra: list[QWidget] = []
        for text, widget in (
            (_("Provider"), self.kind),
            (_("Name"), self.name),
            (_("Address"), self.base_url),
            ("", self.preview),
            (_("API key"), self.key),
            ("", self.key_hint),
            (_("Headers"), self.headers),
            (_("Proxy"), self.proxy),
            (_("Models"), self.models),
        ):
            row = grid.rowCount()
            grid.addWidget(widget, row, 1)
            if text:
                label = QLabel(text)
                label.setBuddy(widget)
                label.setContentsMargins(0, 8, 0, 0)
                widget.setAccessibleName(text)
                grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
                if widget in (self.headers, self.proxy):
                    self._extra += [label, widget]
        ask = QHBoxLayout()
        for button in (self.fetch_button, self.check_button, self.more_button):
            ask.addWidget(button)
        ask.addStretch(1)
        buttons = QHBoxLayout()
        buttons.addWidget(self.remove_button)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.save_button)
        for button in (
            self.fetch_button,
            self.check_button,
            self.more_button,
            self.remove_button,
            self.cancel_button,
        ):
            button.setAutoDefault(False)
        self.remove_button.setVisible(bool(self._id))
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 22, 24, 20)
        column.setSpacing(12)
        column.addLayout(grid)
        column.addLayout(ask)
        column.addWidget(self.outcome)
        column.addLayout(buttons)
        self.outcome.hide()
        self._show_extra(False)
        self.setFixedWidth(in_text(560))

    def _connect(self) -> None:
        self.kind.picked.connect(self._take_preset)
        self.base_url.textChanged.connect(self._follow)
        self.fetch_button.clicked.connect(self._fetch)
        self.check_button.clicked.connect(self._check)
        self.more_button.clicked.connect(lambda: self._show_extra(True))
        self.remove_button.clicked.connect(self._remove)
        self.cancel_button.clicked.connect(self.reject)
        self.save_button.clicked.connect(self._save)
        self._models.inquiry.models_fetched.connect(self._take_models)
        self._models.inquiry.provider_checked.connect(self._take_check)

    def _show_extra(self, shown: bool) -> None:
        for widget in self._extra:
            widget.setVisible(shown)
        self.more_button.setVisible(not shown)
        if shown:
            self.headers.setFocus()
        self._fit()

    def _fit(self) -> None:
        """Be as tall as the texts need at this width."""
        layout = self.layout()
        if layout is not None:
            layout.activate()
            tall = (
                layout.heightForWidth(self.width())
                if layout.hasHeightForWidth()
                else layout.sizeHint().height()
            )
            self.setMinimumHeight(tall)
            self.resize(self.width(), self.minimumHeight())

    def _fill(self, draft: ProviderDraft) -> None:
        self.name.setText(draft.name)
        self.base_url.setText(draft.base_url)
        self.key.setText(draft.access.key)
        self.proxy.setText(draft.access.proxy)
        self.headers.setPlainText(
            "\n".join(f"{name}: {value}" for name, value in draft.access.headers.items())
        )
        self.models.setPlainText("\n".join(draft.models))
        self._show_extra(bool(draft.access.headers or draft.access.proxy))

    def _take_preset(self) -> None:
        """Fill in what the preset knows; what the user wrote stays where the preset knows nothing."""
        preset = preset_of(str(self.kind.currentData()))
        if preset.kind != CUSTOM:
            self.name.setText(preset.name)
            self.base_url.setText(preset.base_url)
        elif any(self.base_url.text() == other.base_url for other in PRESETS.values()):
            self.name.clear()
            self.base_url.clear()
        self._follow()

    def _follow(self) -> None:
        preset = preset_of(str(self.kind.currentData()))
        address = self.base_url.text().strip()
        fault = address_fault(address) if address else ""
        if fault:
            self.preview.setText(fault)
        elif address:
            self.preview.setText(_("Messages go to {address}").format(address=final_address(address)))
        else:
            self.preview.setText(_("For example https://example.com/v1"))
        if preset.key_page:
            where = _("Make a key at {page}. It stays in the keyring of this computer.")
            self.key_hint.setText(where.format(page=preset.key_page))
        elif preset.local:
            self.key_hint.setText(_("A model on this computer needs no key."))
        else:
            self.key_hint.setText(_("If there is one, it stays in the keyring of this computer."))
        self.key.setAccessibleDescription(self.key_hint.text())
        self.base_url.setAccessibleDescription(self.preview.text())
        self._fit()

    # What the user does -------------------------------------------------------------------------------------

    def draft(self) -> ProviderDraft | None:
        """Return what was entered, or None after saying what is wrong with it."""
        name = " ".join(storable(self.name.text()).split())
        address = self.base_url.text().strip()
        headers, wrong = headers_from(self.headers.toPlainText())
        faults = (
            (self.name, "" if name else _("Give the provider a name.")),
            (self.base_url, address_fault(address)),
            (
                self.key,
                "" if self.key.text().strip().isascii() else _("The key has characters that no key has."),
            ),
            (self.headers, "" if not wrong else _("This is no header: {line}").format(line=wrong)),
            (self.proxy, address_fault(self.proxy.text()) if self.proxy.text().strip() else ""),
        )
        for widget, fault in faults:
            if fault:
                if widget in self._extra:
                    self._show_extra(True)
                self._say(fault, "error")
                widget.setFocus()
                return None
        names = (storable(line).strip() for line in self.models.toPlainText().splitlines())
        models = tuple(dict.fromkeys(line[:_MODEL_MOST] for line in names if line))[:_MODELS_MOST]
        access = DeviceAccess(self.key.text().strip(), headers, self.proxy.text().strip())
        try:
            to_text(access)
        except ChatDeskError as failure:
            self._say(failure_words(failure), "error")
            return None
        return ProviderDraft(self._id, str(self.kind.currentData()), name, address, models, access)

    def _fetch(self) -> None:
        if (draft := self.draft()) is not None:
            self._say(_("Asking for the models…"), "muted")
            self._models.inquiry.fetch_models(draft, self._asking)

    def _check(self) -> None:
        draft = self.draft()
        if draft is None:
            return
        if not draft.models:
            self._say(_("Fetch the models first, or type the name of one."), "error")
            self.models.setFocus()
            return
        self._say(_("Asking {model} to say hello…").format(model=draft.models[0]), "muted")
        self._models.inquiry.check(draft, self._asking)

    def _save(self) -> None:
        if (draft := self.draft()) is not None:
            self.save_requested.emit(draft)
            self.accept()

    def _remove(self) -> None:
        self.remove_requested.emit(self._id)
        self.accept()

    # What is answered ---------------------------------------------------------------------------------------

    def _take_models(self, fetched: ModelsFetched) -> None:
        if fetched.asked_by is not self._asking:
            return
        if fetched.failure is not None:
            self._say(failure_words(fetched.failure), "error")
        elif not fetched.models:
            self._say(_("It answers, but has no models."), "error")
        else:
            # What was there first stays first: it is the one that is used.
            before = [line.strip() for line in self.models.toPlainText().splitlines()]
            kept = [model for model in before if model in fetched.models]
            self.models.setPlainText("\n".join(dict.fromkeys([*kept, *fetched.models])))
            self._say(_("Found models: {count}").format(count=len(fetched.models)), "success")

    def _take_check(self, checked: ProviderChecked) -> None:
        if checked.asked_by is not self._asking:
            return
        if checked.failure is not None:
            self._say(failure_words(checked.failure), "error")
        else:
            self._say(_("{model} answers.").format(model=checked.model), "success")

    def _say(self, text: str, look: str) -> None:
        self.outcome.setProperty("look", look)
        self.outcome.style().polish(self.outcome)
        self.outcome.setText(text)
        self.outcome.show()
        self._fit()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))
