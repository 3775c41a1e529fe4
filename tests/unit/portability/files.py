"""Files of a foreign program as they come in real life, made here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chatdesk.portability.reading import FileReading
from chatdesk.portability.records import Found, MessageRecord, Piece, Skipped, Trouble


def node(
    key: str, parent: str | None, children: Sequence[str] = (), message: dict[str, Any] | None = None
) -> dict[str, Any]:
    """One node of a mapping; without a message it only holds the tree together."""
    return {"id": key, "parent": parent, "children": list(children), "message": message}


def said(role: str, content: object, **fields: Any) -> dict[str, Any]:
    """A message; ``content`` is a text, or the export's own content object."""
    whole = content if isinstance(content, dict) else {"content_type": "text", "parts": [content]}
    return {
        "author": {"role": role, "name": None},
        "content": whole,
        "create_time": 1_700_000_000.25,
        "update_time": None,
        "status": "finished_successfully",
        "weight": 1.0,
        "metadata": {},
        "recipient": "all",
    } | fields


def conversation(*nodes: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "title": "Bridges",
        "create_time": 1_700_000_000.0,
        "update_time": 1_700_000_100.0,
        "mapping": {each["id"]: each for each in nodes},
        "current_node": nodes[-1]["id"] if nodes else None,
        "conversation_id": "c-1",
        "default_model_slug": "gpt-4o",
        "is_archived": False,
        "is_starred": None,
    } | fields


def line_of(*texts: str) -> dict[str, Any]:
    """A conversation in which each text answers the one before."""
    nodes = [node("root", None, ["m0"])]
    for number, text in enumerate(texts):
        role = "assistant" if number % 2 else "user"
        parent = f"m{number - 1}" if number else "root"
        nodes.append(node(f"m{number}", parent, [f"m{number + 1}"], said(role, text)))
    nodes[-1]["children"] = []
    return conversation(*nodes)


def put(path: Path, whole: object) -> Path:
    path.write_text(json.dumps(whole), "utf-8")
    return path


def read(path: Path) -> list[Found]:
    """Everything that is found in a file."""
    reading = FileReading(path)
    reading.open()
    found = []
    try:
        while (each := reading.next()) is not None:
            found.append(each)
    finally:
        reading.close()
    return found


def messages(found: Sequence[Found]) -> list[MessageRecord]:
    return [message for each in found if isinstance(each, Piece) for message in each.messages]


def skipped(found: Sequence[Found]) -> list[tuple[str, str]]:
    return [(each.name, each.reason) for each in found if isinstance(each, Skipped)]


def troubles(found: Sequence[Found]) -> list[str]:
    return [each.reason for each in found if isinstance(each, Trouble)]
