"""Frames of the feed: broadcasts as they arrive and as they are sent.

A topic decides what may come from it: rows only from topics to which no client can send, deltas and stops
only from ``...:live`` topics, and only about the conversation that the topic names. So a member cannot forge
a row, whatever they broadcast.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from chatdesk.backend import wire, wire_sharing
from chatdesk.backend.wire import BadRow, Fields
from chatdesk.domain.change import EntityChanged, EntityKind, EntityRecord, MessageChanged, RemoteChange
from chatdesk.domain.ephemeral import Broadcast, Delta, Ephemeral, MarksMoved, StopRequested, Typing
from chatdesk.domain.presence import Attention, Sighting, Sign
from chatdesk.domain.text import storable

MOST_SIGNS = 500
"""Instances on one topic that are believed; what a group can be is far less."""

MAX_DELTA = 256_000
"""Characters of one delta that are believed."""

_PIECE = 32_000
"""Characters of one delta that are sent: 128 KB at most, half of the smallest broadcast limit."""


def read(topic: str, event: str, payload: object) -> RemoteChange | Ephemeral:
    """Read one broadcast of ``topic``; raises ``BadRow``, also for one that has no business there."""
    parts = topic.split(":")
    if parts[0] == "user" and len(parts) == 2:
        return _entity(event, payload)
    if parts[0] == "conversation" and len(parts) == 3:
        return _marks(parts[1], payload) if event == "marks" else _message(parts[1], event, payload)
    if parts[0] == "conversation" and len(parts) == 4 and parts[3] == "live":
        return _ephemeral(parts[1], event, payload)
    raise BadRow("a broadcast came from an unknown topic")


def entity_changed(value: object, *, hint: bool = False) -> EntityChanged:
    """Read a line of ``user_changes``; a record that cannot be believed is a ``BadRow``."""
    row = Fields(value, "change")
    kind = row.choice("kind", EntityKind)
    record = row.get("record")
    removed = False if hint else row.flag("removed")
    return EntityChanged(
        kind=kind,
        entity_id=row.id("entity_id"),
        entity_revision=row.whole("entity_revision"),
        user_revision=row.whole("user_revision"),
        removed=removed,
        record=None if record is None or removed else _READERS[kind](record),
        last_seq=row.whole("last_seq") if hint else None,
        updated_at=row.moment("updated_at") if hint else None,
    )


def carries_presence(topic: str) -> bool:
    """Tell whether people are shown on a topic: the user's own, and those that members write on."""
    return topic.startswith("user:") or topic.endswith(":live")


def sighting(topic: str, metas: Iterable[object]) -> Sighting:
    """Read what is shown on a topic, without what cannot be believed; raises ``BadRow`` for other topics."""
    parts = topic.split(":")
    own = parts[0] == "user" and len(parts) == 2
    if not own and not (parts[0] == "conversation" and len(parts) == 4 and parts[3] == "live"):
        raise BadRow("presence came from an unknown topic")
    signs: dict[str, Sign] = {}
    for meta in metas:
        try:
            sign = _sign(meta, own=own)
        except BadRow:
            continue
        if (not own or sign.user_id == parts[1]) and len(signs) < MOST_SIGNS:
            signs[sign.instance] = sign
    return Sighting("" if own else parts[1], tuple(signs.values()))


def shown(sign: Sign) -> Mapping[str, str]:
    """Return what is tracked for ``sign``; Supabase allows ten keys."""
    shown = {"instance": sign.instance, "user_id": sign.user_id, "attention": sign.attention.value}
    return shown | {"device": sign.device, "name": sign.name} if sign.device else shown


def write(change: Broadcast) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield (event, payload) of the broadcasts that carry ``change``; a long delta becomes several."""
    if isinstance(change, StopRequested):
        yield "stop", {"conversation_id": change.conversation_id, "message_id": change.message_id}
        return
    if isinstance(change, Typing):
        yield (
            "typing",
            {
                "conversation_id": change.conversation_id,
                "user_id": change.user_id,
                "instance": change.instance,
                "active": change.active,
            },
        )
        return
    text = storable(change.text)
    for start in range(0, len(text), _PIECE):
        yield (
            "delta",
            {
                "conversation_id": change.conversation_id,
                "message_id": change.message_id,
                "offset": change.offset + start,
                "text": text[start : start + _PIECE],
            },
        )


_READERS: Mapping[EntityKind, Callable[[object], EntityRecord]] = {
    EntityKind.PROFILE: wire.profile,
    EntityKind.CONVERSATION: wire.conversation,
    EntityKind.MEMBERSHIP: wire.membership,
    EntityKind.PROVIDER: wire.provider,
    EntityKind.ROSTER: wire_sharing.roster,
    EntityKind.INVITATION: wire_sharing.invitation,
}


def _entity(event: str, payload: object) -> EntityChanged:
    if event == "entity":
        return entity_changed(payload)
    if event == "hint":
        return entity_changed(payload, hint=True)
    raise BadRow("a user topic carried an unknown event")


def _message(conversation_id: str, event: str, payload: object) -> MessageChanged:
    if event != "message":
        raise BadRow("a conversation topic carried an unknown event")
    frame = Fields(payload, "frame")
    _belongs(frame, conversation_id)
    record = None if frame.get("record") is None else wire.message(frame.get("record"))
    change = MessageChanged(
        conversation_id=conversation_id,
        message_id=frame.id("message_id"),
        revision=frame.whole("revision"),
        record=record,
    )
    if record is not None and (
        record.id != change.message_id
        or record.conversation_id != conversation_id
        or record.revision != change.revision
    ):
        raise BadRow("frame.record is another row than the frame says")
    return change


def _ephemeral(conversation_id: str, event: str, payload: object) -> Ephemeral:
    frame = Fields(payload, "frame")
    _belongs(frame, conversation_id)
    if event == "delta":
        return Delta(
            conversation_id=conversation_id,
            message_id=frame.id("message_id"),
            offset=frame.whole("offset"),
            text=frame.text("text", MAX_DELTA),
        )
    if event == "stop":
        return StopRequested(conversation_id=conversation_id, message_id=frame.id("message_id"))
    if event == "typing":
        return Typing(conversation_id, frame.id("user_id"), frame.id("instance"), frame.flag("active"))
    raise BadRow("a live topic carried an unknown event")


def _marks(conversation_id: str, payload: object) -> MarksMoved:
    _belongs(Fields(payload, "frame"), conversation_id)
    return MarksMoved(conversation_id)


def _sign(meta: object, *, own: bool) -> Sign:
    row = Fields(meta, "presence")
    return Sign(
        instance=row.id("instance"),
        user_id=row.id("user_id"),
        attention=row.choice("attention", Attention),
        device=row.id("device") if own else "",
        name=row.text("name", 80) if own else "",
    )


def _belongs(frame: Fields, conversation_id: str) -> None:
    if frame.id("conversation_id") != conversation_id:
        raise BadRow("frame.conversation_id is not the topic's")
