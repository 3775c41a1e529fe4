"""What a message of ChatGPT's export says, as Markdown."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from chatdesk.portability.chatgpt_files import pointer_of
from chatdesk.portability.values import as_object

_HIDDEN = frozenset(
    ("thoughts", "reasoning_recap", "user_editable_context", "model_editable_context", "app_pairing_content")
)
"""What ChatGPT itself does not show in the conversation."""


def text_of_message(message: Mapping[str, Any], brought: Collection[str] = ()) -> str:
    """Return the text of a message, empty when there is nothing to show.

    ``brought``: ids of pictures that come along, so that no word need stand in their place.
    """
    content = as_object(message.get("content"))
    kind = content.get("content_type")
    if kind in _HIDDEN:
        return ""
    tool = as_object(message.get("author")).get("role") == "tool"
    parts = [part for part in _parts(content, kind, brought) if part.strip()]
    text = "\n\n".join(parts)
    if text and tool:
        name = as_object(message.get("author")).get("name")
        return f"**{name}**\n\n{text}" if isinstance(name, str) and name else text
    return text


def _parts(content: Mapping[str, Any], kind: object, brought: Collection[str]) -> Iterator[str]:
    parts = content.get("parts")
    if isinstance(parts, list):
        for part in parts:
            yield _part(part, brought)
        return
    text = content.get("text")
    if kind == "code" and isinstance(text, str):
        language = content.get("language")
        yield _fenced(text, language if isinstance(language, str) and language != "unknown" else "")
    elif kind == "execution_output" and isinstance(text, str):
        yield _fenced(text, "")
    elif kind == "tether_quote":
        yield from _quote(content)
    elif isinstance(text, str):
        yield text
    elif isinstance(result := content.get("result"), str):
        yield result


def _part(part: object, brought: Collection[str]) -> str:
    """A part is a text, a picture or a sound; what cannot be brought along leaves a word about it."""
    if isinstance(part, str):
        return part
    fields = as_object(part)
    kind = fields.get("content_type")
    text = fields.get("text")
    if isinstance(text, str):
        return text
    if kind == "image_asset_pointer":
        return "" if pointer_of(fields) in brought else "*[image]*"
    if isinstance(kind, str) and ("audio" in kind or "video" in kind):
        return "*[recording]*"
    return "*[attachment]*" if fields else ""


def _quote(content: Mapping[str, Any]) -> Iterator[str]:
    lines = [content.get(name) for name in ("title", "text", "url")]
    text = "\n".join(line for line in lines if isinstance(line, str))
    yield "\n".join(f"> {line}" for line in text.splitlines())


def _fenced(text: str, language: str) -> str:
    if not text.strip():
        return ""
    fence = "```"
    while fence in text:
        fence += "`"
    word = language if language.isalnum() else ""
    return f"{fence}{word}\n{text.rstrip()}\n{fence}"
