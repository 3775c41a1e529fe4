"""ChatGPT's export: conversations whose messages are a tree of nodes in a mapping.

Siblings in that tree are alternatives of which one is shown, which is what versions are here. The branch that
ChatGPT would show (``current_node``) becomes the newest one, because that is what is shown where nobody has
chosen. Nodes without anything to show are passed over: what hangs below them hangs below their parent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chatdesk.domain.text import MAX_CONTENT
from chatdesk.portability import values
from chatdesk.portability.chatgpt_files import Find, pictures_of
from chatdesk.portability.chatgpt_text import text_of_message
from chatdesk.portability.pieces import PieceMaker
from chatdesk.portability.records import ConversationRecord, Found, MessageRecord, Skipped
from chatdesk.portability.values import Unreadable, as_object

_ROLES = {"user": "user", "assistant": "assistant", "tool": "assistant", "system": "system"}
"""What a tool said is part of the reply; as a system message it would command the next model."""


def is_conversation(value: object) -> bool:
    """Tell whether a JSON value looks like one conversation of such an export."""
    return isinstance(as_object(value).get("mapping"), Mapping)


def _nothing(_pointer: str) -> None:
    return None


def read_conversation(raw: bytes, name: str, find: Find = _nothing) -> Iterator[Found]:
    """Read one element of the array; ``name`` is what it is called when it has no title."""
    try:
        fields = as_object(values.parse(raw))
        name = values.title_of(fields.get("title")) or name
        mapping = fields.get("mapping")
        if not isinstance(mapping, Mapping):
            raise Unreadable("It has no messages.")
        order = _walk(mapping, values.key_of(fields.get("current_node")))
        conversation = _conversation(fields, raw)
    except Unreadable as fault:
        yield Skipped(name, str(fault))
        return
    maker = PieceMaker(conversation)
    for record in _messages(mapping, order, find):
        yield from maker.take(record)
    yield from maker.end()


def _conversation(fields: Mapping[str, Any], raw: bytes) -> ConversationRecord:
    key = values.key_of(fields.get("conversation_id")) or values.key_of(fields.get("id"))
    return ConversationRecord(
        # Without an id its content is the only name that stays the same.
        key=key or hashlib.sha256(raw).hexdigest(),
        title=values.title_of(fields.get("title")),
        model=values.text_of(fields.get("default_model_slug"), values.MAX_MODEL),
        created_at=values.moment_of(fields.get("create_time")),
        updated_at=values.moment_of(fields.get("update_time")),
        pinned=fields.get("is_starred") is True,
        archived=fields.get("is_archived") is True,
    )


def _walk(mapping: Mapping[str, Any], current: str | None) -> list[tuple[str, str | None]]:
    """Return every node with its parent, parents first and the current branch last among its siblings.

    Raises ``Unreadable`` when the nodes are no tree.
    """
    parents = {key: _parent(mapping, key) for key in mapping}
    children: dict[str | None, list[str]] = {}
    for key in _in_order(mapping):
        children.setdefault(parents[key], []).append(key)
    shown: set[str] = set()
    step = current if current in parents else None
    while step is not None and step not in shown:
        shown.add(step)
        step = parents[step]
    found: list[tuple[str, str | None]] = []
    waiting: list[str] = []

    def put(siblings: list[str]) -> None:
        waiting.extend(sorted(reversed(siblings), key=lambda key: key not in shown))

    put(children.get(None, []))
    while waiting:
        key = waiting.pop()
        found.append((key, parents[key]))
        put(children.get(key, []))
    if len(found) != len(parents):
        raise Unreadable("Its messages answer each other in a circle.")
    return found


def _parent(mapping: Mapping[str, Any], key: str) -> str | None:
    parent = as_object(mapping[key]).get("parent")
    return parent if isinstance(parent, str) and parent in mapping else None


def _in_order(mapping: Mapping[str, Any]) -> list[str]:
    """The keys as their parents list them, which is the order in which ChatGPT counts the alternatives."""
    places: dict[str, int] = {}
    for key in mapping:
        listed = as_object(mapping[key]).get("children")
        for place, child in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(child, str):
                places.setdefault(child, place)
    return sorted(mapping, key=lambda key: places.get(key, len(mapping)))


@dataclass(slots=True)
class _Anchor:
    """Where what hangs below a node really hangs, when nodes without a text are passed over."""

    key: str | None


def _messages(
    mapping: Mapping[str, Any], order: list[tuple[str, str | None]], find: Find
) -> Iterator[MessageRecord]:
    anchors: dict[str | None, _Anchor] = {None: _Anchor(None)}
    firsts: dict[str | None, str] = {}
    for key, parent in order:
        above = anchors[parent]
        record = _message(key, as_object(as_object(mapping[key]).get("message")), find)
        if record is None:
            anchors[key] = above
            continue
        first = firsts.setdefault(above.key, record.key)
        anchors[key] = _Anchor(record.key)
        yield MessageRecord(
            key=record.key,
            role=record.role,
            content=record.content,
            parent=above.key,
            replaces=None if first == record.key else first,
            model=record.model,
            status=record.status,
            created_at=record.created_at,
            updated_at=record.updated_at,
            files=record.files,
        )


def _message(key: str, message: Mapping[str, Any], find: Find) -> MessageRecord | None:
    """Read a node's message; None when it has nothing to show."""
    author = as_object(message.get("author")).get("role")
    metadata = as_object(message.get("metadata"))
    hidden = metadata.get("is_visually_hidden_from_conversation") is True or message.get("weight") == 0
    role = _ROLES.get(author) if isinstance(author, str) else None
    if role is None or hidden:
        return None
    pictures = pictures_of(message, find)
    text = values.text_of(text_of_message(message, pictures), MAX_CONTENT) or ""
    if not text.strip() and not pictures:
        return None
    created_at = values.moment_of(message.get("create_time"))
    finished = message.get("status") in (None, "finished_successfully", "finished")
    return MessageRecord(
        key=values.key_of(key) or hashlib.sha256(key.encode("utf-8", "replace")).hexdigest(),
        role=role,
        content=text,
        model=values.text_of(metadata.get("model_slug"), values.MAX_MODEL) if role == "assistant" else None,
        status="complete" if finished or role != "assistant" else "interrupted",
        created_at=created_at,
        updated_at=values.moment_of(message.get("update_time")) or created_at,
        files=tuple(pictures.values()),
    )
