"""What a puppet does with whole chats, by the list's own menu."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chatdesk.app.puppet_strings import Strings
from chatdesk.services.device_access import DeviceAccess
from chatdesk.services.provider_inquiry import ProviderDraft
from chatdesk.ui.actions.table import ActionId

Request = dict[str, Any]


class ChatStrings(Strings):
    """Requests about conversations in the list."""

    async def choose(self, request: Request) -> Request:
        """Choose an entry of a chat's menu, such as ``chat.archive`` or ``chat.delete``."""
        self._whole.window.verbs.carry_out(ActionId(request["action"]), request["conversation_id"])
        return {}

    async def trigger(self, request: Request) -> Request:
        """Trigger an action of the window, such as ``chat.undo``."""
        self._whole.window.actions_table[ActionId(request["action"])].trigger()
        return {}

    async def pick(self, request: Request) -> Request:
        """Choose a model for the open chat, as the picker tells it."""
        self._whole.window.composer.picker.model_chosen.emit(
            self._whole.realtime.current_conversation, request["model"]
        )
        return {}

    async def provider(self, request: Request) -> Request:
        """Save a provider of models as its dialog does; with an ``id`` the one that is there."""
        models = self._whole.models
        if provider_id := request.get("provider_id", ""):
            draft = models.draft(provider_id)
        else:
            draft = ProviderDraft(
                "", request["kind"], request["name"], request["base_url"], ("gpt",), DeviceAccess()
            )
        key = DeviceAccess(request.get("key", ""))
        return {"provider_id": models.save(replace(draft, access=key))}
