"""Settings, Models: who answers, and how to set it up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from chatdesk.config.environment import MODEL_VARIABLES
from chatdesk.config.options import DEFAULT_MODEL, TITLE_MODEL, Option
from chatdesk.language.door import N_, _, ngettext
from chatdesk.providers.presets import PRESETS
from chatdesk.services.device_access import DeviceAccess
from chatdesk.services.models import NO_TITLES, ModelService
from chatdesk.services.preferences import PreferenceService
from chatdesk.services.provider_inquiry import LocalProvider, ProviderDraft
from chatdesk.ui.dialogs.confirm import confirm
from chatdesk.ui.dialogs.provider import ProviderDialog
from chatdesk.ui.settings.built_in import BuiltInCard
from chatdesk.ui.settings.choice import Choice
from chatdesk.ui.settings.installation import Installation
from chatdesk.ui.settings.page import Card, Fact, Page, Row, plain_label, value_label
from chatdesk.ui.settings.provider_row import ProviderRow
from chatdesk.ui.theme.fonts import code_font
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import retell, say

EXAMPLE = "CHATDESK_API_BASE=http://localhost:11434/v1\nCHATDESK_MODEL=llama3.2"


class ModelsPage(Page):
    """The user's providers, the models that are chosen, and what the environment says.

    ``models`` None: nobody is there to be asked, as in a program that shows the page alone.
    """

    def __init__(
        self,
        theme: Theme,
        installation: Installation,
        preferences: PreferenceService,
        models: ModelService | None = None,
    ) -> None:
        super().__init__(theme, "Models")
        self._installation = installation
        self._preferences = preferences
        self._service = models
        self.rows: dict[str, ProviderRow] = {}
        self.found_buttons: dict[str, QPushButton] = {}
        self.dialog: ProviderDialog | None = None
        self._found: tuple[LocalProvider, ...] = ()
        self.default, self.title = Choice(theme), Choice(theme)
        self._chosen = self.card()
        for row in (
            Row(theme, DEFAULT_MODEL.text, self.default, "Only what this device can ask is offered."),
            Row(
                theme,
                TITLE_MODEL.text,
                self.title,
                "Names a chat after its first reply, never over your own name.",
            ),
        ):
            self._chosen.add(row)
        self.section("Providers")
        self._place = QVBoxLayout()
        self._place.setSpacing(8)
        self.column.addLayout(self._place)
        self._list: QWidget | None = None
        self.add_button = QPushButton()
        self.add_button.setAutoDefault(False)
        say(self.add_button.setText, "Add a provider…")
        self.column.addWidget(self.add_button, 0, Qt.AlignmentFlag.AlignLeft)
        self.section("Built-in model")
        self.built_in = BuiltInCard(theme, None if models is None else models.built_in)
        self.column.addWidget(self.built_in)
        self._tell_environment()
        self.column.addStretch(1)
        self.add_button.clicked.connect(lambda: self._open(None))
        self.add_button.setEnabled(models is not None)
        self.default.picked.connect(lambda value: preferences.put(DEFAULT_MODEL, value))
        self.title.picked.connect(lambda value: preferences.put(TITLE_MODEL, value))
        preferences.changed.connect(self._follow)
        theme.changed.connect(self._size)
        retell(self.refresh)
        if models is not None:
            models.models_changed.connect(self.refresh)
            models.inquiry.detected.connect(self._take_found)
            models.inquiry.detect({row.kind for row in models.providers})
        self._size()
        self.refresh()

    def _tell_environment(self) -> None:
        theme = self.theme
        self.section("From the environment")
        self.provider, self.models, self.key = value_label(), value_label(), value_label()
        card = self.card()
        for text, value in (
            (N_("Provider"), self.provider),
            (N_("Models"), self.models),
            (N_("API key"), self.key),
        ):
            card.add(Fact(value, text))
        self._names: list[QLabel] = []
        self.note("These variables are read when ChatDesk starts.")
        table = self.card()
        for variable in MODEL_VARIABLES:
            name = value_label(by_keyboard=False)
            name.setText(variable.name)
            name.setFont(code_font(theme.px(13)))
            say(name.setAccessibleDescription, variable.meaning)
            table.add(Fact(name, variable.meaning, above=True))
            self._names.append(name)
        self.section("Example: a model on this computer, with Ollama")
        self.example = QPlainTextEdit(EXAMPLE)
        self.example.setReadOnly(True)
        self.example.setTabChangesFocus(True)
        self.example.setProperty("look", "diagnostics")
        say(self.example.setAccessibleName, "Example of the variables")
        self.column.addWidget(self.example)

    def refresh(self) -> None:
        """Show what there is, in the language in use."""
        facts = self._installation
        self.provider.setText(facts.provider or _("None yet"))
        self.models.setText(", ".join(facts.models) or _("None yet"))
        self.key.setText(_("Set") if facts.key_set else _("Not set"))
        self._offer()
        self._show_providers()

    def _offer(self) -> None:
        choices = self._service.choices if self._service is not None else ()
        ready: dict[object, str] = {
            choice.id: f"{choice.name} – {choice.provider}" for choice in choices if choice.ready
        }
        models = self._service.models if self._service is not None else ()
        defaults: dict[object, str] = ready or {"": _("None yet")}
        self.default.offer(defaults, models[0] if models else "")
        self.default.setEnabled(len(defaults) > 1)
        titles: dict[object, str] = {"": _("The model of the chat"), NO_TITLES: _("None")} | ready
        wanted = self._preferences.get(TITLE_MODEL)
        self.title.offer(titles, wanted if wanted in titles else "")
        for box in (self.default, self.title):
            box.updateGeometry()

    def _show_providers(self) -> None:
        if self._list is not None:
            self._place.removeWidget(self._list)
            self._list.hide()
            self._list.deleteLater()
        card = Card()
        self.rows, self.found_buttons = {}, {}
        service = self._service
        for row in service.providers if service is not None else ():
            assert service is not None
            made = ProviderRow(row, service.lack(row))
            made.edit_requested.connect(self._edit)
            made.key_entered.connect(self._enter_key)
            card.add(made)
            self.rows[row.id] = made
        for found in self._found:
            card.add(self._found_row(found))
        if not card.column.count():
            nothing = plain_label("muted")
            nothing.setText(_("None yet. What you set up here is on all your devices; keys stay on each."))
            nothing.setContentsMargins(16, 12, 16, 12)
            card.add(nothing)
        self._list = card
        self._place.addWidget(card)

    def _found_row(self, found: LocalProvider) -> QWidget:
        button = QPushButton(_("Add"))
        button.setAutoDefault(False)
        button.clicked.connect(lambda: self._add_found(found))
        self.found_buttons[found.kind] = button
        count = len(found.models)
        models = ngettext("{count} model", "{count} models", count).format(count=count)
        line = _("{name} runs on this computer, with {models}.")
        text = line.format(name=PRESETS[found.kind].name, models=models)
        button.setAccessibleName(f"{_('Add')}: {text}")
        row = Row(self.theme, "", button)
        row.label.setText(text)
        return row

    # What the user does -------------------------------------------------------------------------------------

    def _open(self, draft: ProviderDraft | None) -> None:
        if self._service is None:
            return
        self.dialog = ProviderDialog(self.theme, self._service, draft, self)
        self.dialog.save_requested.connect(self._service.save)
        self.dialog.remove_requested.connect(self._remove)
        self.dialog.finished.connect(self._closed)
        self.dialog.open()

    def _edit(self, provider_id: str) -> None:
        if self._service is not None:
            self._open(self._service.draft(provider_id))

    def _enter_key(self, provider_id: str, key: str) -> None:
        if self._service is not None:
            draft = self._service.draft(provider_id)
            self._service.save(replace(draft, access=replace(draft.access, key=key)))

    def _remove(self, provider_id: str) -> None:
        service = self._service
        if service is None or provider_id not in self.rows:
            return
        question = _("Remove {name}?").format(name=service.draft(provider_id).name)
        detail = _("It goes from all your devices. Its key is removed from this one. Chats stay.")
        confirm(self, question, detail, _("Remove"), lambda: service.remove(provider_id), dangerous=True)

    def _add_found(self, found: LocalProvider) -> None:
        if self._service is not None:
            preset = PRESETS[found.kind]
            self._found = tuple(other for other in self._found if other.kind != found.kind)
            draft = ProviderDraft("", preset.kind, preset.name, preset.base_url, found.models, DeviceAccess())
            self._service.save(draft)

    def _closed(self) -> None:
        self.dialog = None

    def _take_found(self, found: tuple[LocalProvider, ...]) -> None:
        known = {row.kind for row in self._service.providers} if self._service is not None else set()
        self._found = tuple(one for one in found if one.kind not in known)
        self._show_providers()

    def _follow(self, option: Option[Any]) -> None:
        if option in (DEFAULT_MODEL, TITLE_MODEL):
            self._offer()

    def _size(self) -> None:
        for widget in (self.example, *self._names):
            widget.setFont(code_font(self.theme.px(13)))
        self.example.setFixedHeight(self.theme.px(2 * 20) + 30)
