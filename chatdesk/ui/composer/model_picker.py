"""The button in the composer that says which model answers, and lets one choose another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QToolButton, QWidget

from chatdesk.domain.provider import model_name
from chatdesk.language.door import _, sentence
from chatdesk.ui.composer.model_menu import ModelMenu, ModelRow
from chatdesk.ui.theme.fonts import sized
from chatdesk.ui.theme.icons import icon
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import retell

_WIDEST = 190


class ModelPicker(QToolButton):
    """Shows the model of the open conversation, or the one for the next new one.

    A conversation keeps its model, in every window; what is chosen for a new chat holds for all further ones
    of this window. Signals: ``model_chosen(conversation_id, model)``, never with an empty id;
    ``set_up_requested()`` where no model is set up.
    """

    model_chosen = Signal(str, str)
    set_up_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._models: tuple[str, ...] = ()
        self._names: dict[str, str] = {}
        self._lacks: dict[str, str] = {}
        self._conversation = ""
        self._own: str | None = None
        self._for_new: str | None = None
        self.setProperty("look", "model")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        sized(self, 0.92)
        self.clicked.connect(self.open)
        theme.changed.connect(self._refresh)
        retell(self._refresh)
        self._refresh()

    @property
    def model(self) -> str | None:
        """The model that answers next; None where none is set up and none was chosen."""
        if self._conversation:
            return self._own or self._default
        return self._for_new if self._for_new in self._models else self._default

    @property
    def _default(self) -> str | None:
        return self._models[0] if self._models else None

    def set_models(
        self,
        models: Sequence[str],
        names: Mapping[str, str] | None = None,
        lacks: Mapping[str, str] | None = None,
    ) -> None:
        """Offer these models, the default first, under these names; nothing where none is set up.

        ``lacks`` says of others why they cannot be asked here.
        """
        self._models = tuple(models)
        self._lacks = dict(lacks or {})
        self._names = dict(names or {})
        self._refresh()

    def show_conversation(self, conversation_id: str, model: str | None) -> None:
        """Show the model of a conversation, None for the default; an empty id stands for a new chat."""
        self._conversation, self._own = conversation_id, model
        self._refresh()

    def open(self) -> None:
        """Open the menu of models, or where there is none ask for one to be set up."""
        if not self._models:
            self.set_up_requested.emit()
            return
        shown, absent = self.model, ""
        if shown is not None and shown not in self._models:
            lack = sentence(self._lacks.get(shown, ""))
            name = self._name(shown)
            absent = f"{name} – {lack}" if lack else _("{model} (not set up here)").format(model=name)
        rows = []
        for place, model in enumerate(self._models):
            name = self._name(model)
            rows.append(ModelRow(model, name, name if place else _("{model} (default)").format(model=name)))
        menu = ModelMenu(rows, shown, absent, self._choose, self)
        menu.popup(self.mapToGlobal(QPoint(0, -menu.sizeHint().height() - 4)))
        menu.activate()

    def _name(self, model: str) -> str:
        return self._names.get(model) or model_name(model)

    def _choose(self, model: str) -> None:
        if not self._conversation:
            self._for_new = model
        elif model != self._own:
            self._own = model
            self.model_chosen.emit(self._conversation, model)
        self._refresh()

    def _refresh(self) -> None:
        muted = self._theme.tokens.text_muted
        side = self._theme.px(12)
        self.setIconSize(QSize(side, side))
        self.setIcon(icon("chevron-down", muted))
        model = None if self.model is None else self._name(self.model)
        words = model or _("No model set up")
        room = self._theme.px(_WIDEST)
        shown = QFontMetrics(self.font()).elidedText(words, Qt.TextElideMode.ElideMiddle, room)
        self.setText(shown.replace("&", "&&"))
        name = _("Model: {model}").format(model=model) if model else words
        self.setAccessibleName(name)
        tip = _("Choose the model that answers") if self._models else _("Set up a model")
        lack = sentence(self._lacks.get(self.model or "", ""))
        tip = f"{lack} {tip}" if lack else tip
        self.setToolTip(f"{model} – {tip}" if model and shown != model else tip)
        self.setAccessibleDescription(tip)
