"""What each change of the user is as a mutation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from chatdesk.domain.attachment import Attachment, as_record
from chatdesk.domain.clock import Clock
from chatdesk.domain.ids import new_id
from chatdesk.domain.mutation import PROFILE_LANE, PROVIDER_LANE, Mutation, MutationKind

NEW_TITLE = "New conversation"


class MutationMaker:
    """Makes the mutations of one user; the arguments are those of the RPC each kind names."""

    def __init__(self, user_id: str, clock: Clock) -> None:
        self._user_id = user_id
        self._clock = clock

    def create_conversation(self, conversation_id: str, title: str, model: str | None) -> Mutation:
        args = {"p_id": conversation_id, "p_title": title, "p_model": model}
        return self._make(MutationKind.CREATE_CONVERSATION, conversation_id, conversation_id, args)

    def update_conversation(self, conversation_id: str, updates: Mapping[str, Any]) -> Mutation:
        args = {"p_id": conversation_id, "p_updates": dict(updates)}
        return self._make(MutationKind.UPDATE_CONVERSATION, conversation_id, conversation_id, args)

    def delete_conversation(self, conversation_id: str) -> Mutation:
        return self._make(
            MutationKind.DELETE_CONVERSATION, conversation_id, conversation_id, {"p_id": conversation_id}
        )

    def update_membership(self, conversation_id: str, updates: Mapping[str, Any]) -> Mutation:
        args = {"p_conversation_id": conversation_id, "p_updates": dict(updates)}
        return self._make(MutationKind.UPDATE_MEMBERSHIP, conversation_id, conversation_id, args)

    def send_message(
        self,
        message_id: str,
        conversation_id: str,
        parent_id: str | None,
        role: str,
        content: str,
        replaces: str | None = None,
        attachments: Sequence[Attachment] = (),
        wants_reply: bool = False,
    ) -> Mutation:
        args: dict[str, Any] = {
            "p_id": message_id,
            "p_conversation_id": conversation_id,
            "p_parent_id": parent_id,
            "p_role": role,
            "p_content": content,
        }
        if replaces is not None:
            args["p_replaces"] = replaces
        if attachments:
            args["p_attachments"] = [as_record(attachment) for attachment in attachments]
        made = self._make(MutationKind.SEND_MESSAGE, conversation_id, message_id, args)
        return replace(made, wants_reply=wants_reply)

    def delete_message(self, conversation_id: str, message_id: str) -> Mutation:
        return self._make(MutationKind.DELETE_MESSAGE, conversation_id, message_id, {"p_id": message_id})

    def update_profile(self, updates: Mapping[str, Any]) -> Mutation:
        return self._make(
            MutationKind.UPDATE_PROFILE, PROFILE_LANE, self._user_id, {"p_updates": dict(updates)}
        )

    def save_provider(self, provider_id: str, settings: Mapping[str, Any]) -> Mutation:
        args = {"p_id": provider_id, "p_settings": dict(settings)}
        return self._make(MutationKind.SAVE_PROVIDER, PROVIDER_LANE, provider_id, args)

    def delete_provider(self, provider_id: str) -> Mutation:
        return self._make(MutationKind.DELETE_PROVIDER, PROVIDER_LANE, provider_id, {"p_id": provider_id})

    def _make(self, kind: MutationKind, lane: str, entity_id: str, args: Mapping[str, Any]) -> Mutation:
        return Mutation(
            id=new_id(),
            kind=kind,
            lane=lane,
            entity_id=entity_id,
            user_id=self._user_id,
            args=args,
            created_at=self._clock.now(),
        )
