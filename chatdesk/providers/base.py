"""The port of a model provider."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from chatdesk.domain.message import Role


@dataclass(frozen=True, slots=True)
class TurnPicture:
    """A picture that was attached: the bytes of a PNG, JPEG, WebP or GIF file."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Turn:
    """One message as a model reads it; a model that takes no pictures is told their names."""

    role: Role
    content: str
    pictures: tuple[TurnPicture, ...] = ()


@dataclass(frozen=True, slots=True)
class ReplyRequest:
    """What to answer, with which model and how freely (``temperature`` None: the model's own default)."""

    model: str
    turns: Sequence[Turn]
    temperature: float | None = None


@dataclass(frozen=True, slots=True)
class ReplyChunk:
    """A piece of the reply's text; the last one may carry token ``usage``."""

    text: str = ""
    usage: Mapping[str, Any] | None = None


class ChatProvider(Protocol):
    """Streams replies of a model.

    ``stream`` raises ``Misconfigured`` (no such model, wrong key), ``Offline``, ``Retryable`` or ``Refused``;
    closing the iterator ends the request at once.
    """

    @property
    def name(self) -> str: ...

    @property
    def models(self) -> Sequence[str]:
        """What may be asked for, the default first; never empty."""
        ...

    def stream(self, request: ReplyRequest) -> AsyncGenerator[ReplyChunk, None]: ...

    async def close(self) -> None: ...
