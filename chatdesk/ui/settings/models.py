"""Settings, Models: what answers now, and how to set it up."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QPlainTextEdit

from chatdesk.config.environment import MODEL_VARIABLES
from chatdesk.language.door import N_, _
from chatdesk.ui.settings.installation import Installation
from chatdesk.ui.settings.page import Fact, Page, value_label
from chatdesk.ui.theme.fonts import code_font
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import retell, say

EXAMPLE = "CHATDESK_API_BASE=http://localhost:11434/v1\nCHATDESK_MODEL=llama3.2"


class ModelsPage(Page):
    """Shows what the environment says; it is read when ChatDesk starts."""

    def __init__(self, theme: Theme, installation: Installation) -> None:
        super().__init__(theme, "Models")
        self._installation = installation
        self.provider, self.models, self.key = value_label(), value_label(), value_label()
        card = self.card()
        for text, value in (
            (N_("Provider"), self.provider),
            (N_("Models"), self.models),
            (N_("API key"), self.key),
        ):
            card.add(Fact(value, text))
        self._names: list[QLabel] = []
        self.section("How to set up a model")
        self.note("Set these variables in the environment and start ChatDesk again.")
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
        self.column.addStretch(1)
        theme.changed.connect(self._size)
        retell(self.refresh)
        self._size()
        self.refresh()

    def refresh(self) -> None:
        """Say it in the language in use."""
        facts = self._installation
        self.provider.setText(facts.provider or _("None yet"))
        self.models.setText(", ".join(facts.models) or _("None yet"))
        self.key.setText(_("Set") if facts.key_set else _("Not set"))

    def _size(self) -> None:
        for widget in (self.example, *self._names):
            widget.setFont(code_font(self.theme.px(13)))
        self.example.setFixedHeight(self.theme.px(2 * 20) + 30)
