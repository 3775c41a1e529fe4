"""Who answers: the models' service, the card that asks for one, and the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatdesk.domain.provider import model_name
from chatdesk.ui.model_notice import NO_MODEL

if TYPE_CHECKING:
    from chatdesk.app.application import Application


class ModelWiring:
    """Joins everything about models for as long as the application lives."""

    def __init__(self, whole: Application) -> None:
        self._whole = whole
        whole.window.settings.models = whole.models
        whole.generation.models_changed.connect(self._show)
        whole.generation.model_missing.connect(self._show)
        whole.window.pane.notice.set_up_requested.connect(whole.window.settings.open_models)
        self._show()

    def _show(self) -> None:
        """Name the default model; if nothing can answer, the card to set one up is there instead."""
        models = self._whole.generation.models
        self._whole.window.set_model_name(model_name(models[0]) if models else None)
        self._whole.window.set_model_notice(None if models else NO_MODEL)
