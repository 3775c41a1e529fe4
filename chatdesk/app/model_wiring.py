"""Who answers: the models' service, the card that asks for one, and the settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chatdesk.domain.change import ChangeSet
from chatdesk.services.models import KEY_MISSING
from chatdesk.ui.model_notice import NO_MODEL

if TYPE_CHECKING:
    from chatdesk.app.open_window import OpenWindow


class ModelWiring:
    """Joins everything about models for as long as the window is open."""

    def __init__(self, whole: OpenWindow) -> None:
        self._whole = whole
        whole.window.settings.models = whole.models
        whole.bonds.join(whole.generation.models_changed, self._show)
        whole.bonds.join(whole.generation.model_missing, self._show)
        whole.realtime.current_conversation_changed.connect(self._tell_lack)
        whole.realtime.changes_applied.connect(self._take_changes)
        whole.window.pane.notice.set_up_requested.connect(whole.window.settings.open_models)
        whole.window.verbs.update_requested.connect(self._update)
        self._show()

    def _update(self, conversation_id: str, updates: Mapping[str, Any]) -> None:
        """Change what a conversation tells its model."""
        self._whole.realtime.change(lambda make: make.update_conversation(conversation_id, updates))

    def _show(self) -> None:
        """Offer the models; if nothing can answer, the card to set one up is there instead."""
        models = self._whole.generation.models
        choices = [choice for choice in self._whole.models.choices if choice.ready]
        taken = Counter(choice.name for choice in choices)
        names = {
            choice.id: choice.name if taken[choice.name] == 1 else f"{choice.name} – {choice.provider}"
            for choice in choices
        }
        lacks = {choice.id: choice.lack for choice in self._whole.models.choices if choice.lack}
        self._whole.window.composer.picker.set_models(models, names, lacks)
        self._tell_lack()

    def _take_changes(self, changes: ChangeSet) -> None:
        if any(each.entry.id == self._whole.realtime.current_conversation for each in changes.conversations):
            self._tell_lack()

    def _tell_lack(self, _conversation_id: str = "") -> None:
        """Say above the composer why nobody would answer what is written there."""
        whole, models = self._whole, self._whole.generation.models
        entry = whole.conversations.entry(whole.realtime.current_conversation)
        model = entry.conversation.model if entry is not None else None
        choice = whole.models.choice(model) if model else None
        if choice is None and not models:
            choice = next((each for each in whole.models.choices if each.lack == KEY_MISSING), None)
        if choice is not None and choice.lack == KEY_MISSING:
            whole.window.pane.notice.say_key_missing(choice.provider)
        else:
            whole.window.set_model_notice(None if models else NO_MODEL)
