"""Mutations as text, and the rows a person sees before the server has answered."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chatdesk.domain.attachment import attachments_of
from chatdesk.domain.conversation import Conversation, MemberRole, Membership
from chatdesk.domain.errors import BadInput
from chatdesk.domain.message import DeliveryState, Message, MessageStatus, Role
from chatdesk.domain.mutation import PROFILE_LANE, PROVIDER_LANE, Mutation, MutationKind
from chatdesk.domain.provider import ProviderSettings
from chatdesk.store.rows import time_text

_OPTIONAL = type(None)
_FIELD_TYPES: Mapping[str, tuple[type, ...]] = {
    "title": (str,),
    "model": (str, _OPTIONAL),
    "system_prompt": (str, _OPTIONAL),
    "temperature": (int, float, _OPTIONAL),
    "pinned": (bool,),
    "archived": (bool,),
    "last_read_seq": (int,),
    "username": (str, _OPTIONAL),
    "display_name": (str,),
    "avatar_path": (str, _OPTIONAL),
    "shows_presence": (bool,),
    "shows_typing": (bool,),
    "shows_reading": (bool,),
}

_INCOMPLETE = "This change is incomplete and was not saved."


def to_text(mutation: Mutation) -> str:
    """Write a mutation as JSON; raises ``BadInput`` for what no server could take."""
    try:
        record = {
            "id": mutation.id,
            "kind": mutation.kind.value,
            "lane": mutation.lane,
            "entity_id": mutation.entity_id,
            "user_id": mutation.user_id,
            "args": dict(mutation.args),
            "created_at": time_text(mutation.created_at),
        }
        wish = {"wants_reply": True} if mutation.wants_reply else {}
        return json.dumps(record | wish, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as failure:
        raise BadInput(_INCOMPLETE, "Try again.", "mutation_json") from failure


def from_text(text: str) -> Mutation:
    """Read a mutation; raises ``ValueError``, ``TypeError`` or ``KeyError`` for anything else."""
    record = json.loads(text)
    args = record["args"]
    mutation = Mutation(
        id=record["id"],
        kind=MutationKind(record["kind"]),
        lane=record["lane"],
        entity_id=record["entity_id"],
        user_id=record["user_id"],
        args=dict(args),
        created_at=datetime.fromisoformat(record["created_at"]),
        wants_reply=record.get("wants_reply") is True,
    )
    check_mutation(mutation)
    return mutation


def digest(text: str) -> int:
    """Return the CRC-32 that tells a damaged entry from a whole one."""
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


def check_mutation(mutation: Mutation) -> None:
    """Raise ``BadInput`` for text that cannot be stored or sent, and for arguments that give no row."""
    _check_text([mutation.id, mutation.lane, mutation.entity_id, mutation.user_id, mutation.args])
    args, kind = mutation.args, mutation.kind
    try:
        if kind is MutationKind.SEND_MESSAGE:
            sound = (args["p_id"], args["p_conversation_id"]) == (mutation.entity_id, mutation.lane)
            _ = message_of(mutation)
        elif kind is MutationKind.CREATE_CONVERSATION:
            sound = args["p_id"] == mutation.entity_id == mutation.lane
            _ = conversation_of(mutation)
        elif kind is MutationKind.UPDATE_PROFILE:
            sound = mutation.lane == PROFILE_LANE and _sound_updates(args["p_updates"])
        elif kind in (MutationKind.SAVE_PROVIDER, MutationKind.DELETE_PROVIDER):
            sound = mutation.lane == PROVIDER_LANE and args["p_id"] == mutation.entity_id
            if kind is MutationKind.SAVE_PROVIDER:
                _ = provider_of(mutation, None)
        elif kind is MutationKind.DELETE_MESSAGE:
            sound = args["p_id"] == mutation.entity_id
        elif kind is MutationKind.UPDATE_MEMBERSHIP:
            sound = args["p_conversation_id"] == mutation.lane == mutation.entity_id
            sound = sound and _sound_updates(args["p_updates"])
        else:
            sound = args["p_id"] == mutation.entity_id == mutation.lane
            if kind is MutationKind.UPDATE_CONVERSATION:
                sound = sound and _sound_updates(args["p_updates"])
    except (KeyError, ValueError, TypeError) as failure:
        raise BadInput(_INCOMPLETE, "Try again.", "mutation_args") from failure
    if not sound:
        raise BadInput(_INCOMPLETE, "Try again.", "mutation_ids")


def _sound_updates(updates: object) -> bool:
    return isinstance(updates, Mapping) and all(
        isinstance(value, _FIELD_TYPES.get(name, (object,))) for name, value in updates.items()
    )


def _check_text(value: object) -> None:
    if isinstance(value, str):
        if "\0" in value:
            raise BadInput(
                "The text contains a NUL character, which cannot be stored.",
                "Remove it and try again.",
                "nul",
            )
        try:
            value.encode()
        except UnicodeEncodeError as failure:
            raise BadInput(
                "The text contains half of a character, which cannot be stored.",
                "Remove it and try again.",
                "surrogate",
            ) from failure
    elif isinstance(value, Mapping):
        for key, part in value.items():
            _check_text(key)
            _check_text(part)
    elif isinstance(value, Sequence):
        for part in value:
            _check_text(part)


def message_of(mutation: Mutation) -> Message:
    """Build the row of a SEND_MESSAGE that the server has not numbered yet."""
    args = mutation.args
    return Message(
        id=mutation.entity_id,
        conversation_id=mutation.lane,
        parent_id=_text_or_none(args.get("p_parent_id")),
        author_id=mutation.user_id,
        role=Role(args["p_role"]),
        content=_text(args["p_content"]),
        model=_text_or_none(args.get("p_model")),
        status=MessageStatus.COMPLETE,
        seq=None,
        revision=0,
        created_at=mutation.created_at,
        updated_at=mutation.created_at,
        delivery=DeliveryState.PENDING,
        replaces=_text_or_none(args.get("p_replaces")),
        attachments=attachments_of(mutation),
    )


def conversation_of(mutation: Mutation) -> Conversation:
    """Build the row of a CREATE_CONVERSATION; revision and epoch 0 say that the server does not know it."""
    args = mutation.args
    return Conversation(
        id=mutation.entity_id,
        owner_id=mutation.user_id,
        title=_text(args["p_title"]),
        model=_text_or_none(args.get("p_model")),
        system_prompt=_text_or_none(args.get("p_system_prompt")),
        temperature=args.get("p_temperature"),
        last_seq=0,
        revision=0,
        epoch=0,
        created_at=mutation.created_at,
        updated_at=mutation.created_at,
    )


def membership_of(mutation: Mutation) -> Membership:
    """Build the maker's own view of a CREATE_CONVERSATION."""
    return Membership(mutation.entity_id, mutation.user_id, MemberRole.OWNER, 0, False, False, 0)


def provider_of(mutation: Mutation, before: ProviderSettings | None) -> ProviderSettings:
    """Build the row of a SAVE_PROVIDER, which names every field; revision 0: the server does not know it."""
    settings = mutation.args["p_settings"]
    return ProviderSettings(
        id=mutation.entity_id,
        kind=_text(settings["kind"]),
        name=_text(settings["name"]),
        base_url=_text(settings["base_url"]),
        models=tuple(_text(model) for model in settings["models"]),
        revision=0 if before is None else before.revision,
        updated_at=mutation.created_at,
    )


def updates_of(mutation: Mutation, known: frozenset[str]) -> dict[str, Any]:
    """Return the fields an UPDATE_* sets, without those this version does not know."""
    return {name: value for name, value in mutation.args["p_updates"].items() if name in known}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("text expected")
    return value


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)
