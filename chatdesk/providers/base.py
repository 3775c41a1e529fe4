"""The port of a model provider."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
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
    """What to answer, with which model and how freely (``temperature`` None: the model's own default).

    ``options`` are further fields of the wire, for models that need them.
    """

    model: str
    turns: Sequence[Turn]
    temperature: float | None = None
    options: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ReplyChunk:
    """A piece of the reply's text; the last one may carry token ``usage``."""

    text: str = ""
    usage: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach a provider from this device. ``key``, ``headers`` and ``proxy`` never leave it."""

    name: str
    base_url: str
    models: tuple[str, ...]
    key: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    proxy: str = ""


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


class ListingProvider(ChatProvider, Protocol):
    """A provider that can be asked which models it has."""

    async def fetch_models(self) -> tuple[str, ...]:
        """Return their names; raises what ``stream`` raises."""
        ...


class ProviderFactory(Protocol):
    """Makes the adapter for a connection; ``hasty``: for a question whose answer nobody waits long for."""

    def __call__(self, connection: Connection, *, hasty: bool = False) -> ListingProvider: ...


class LocalModel(ChatProvider, Protocol):
    """A model that ChatDesk brings along, once its file is there."""

    @property
    def supported(self) -> bool:
        """Whether this computer can run it."""
        ...

    @property
    def installed(self) -> bool:
        """Whether it can answer."""
        ...

    @property
    def fetchable(self) -> bool:
        """Whether its file can be downloaded."""
        ...

    @property
    def removable(self) -> bool:
        """Whether its file can be deleted."""
        ...

    @property
    def address_fixed(self) -> bool:
        """Whether the environment says where its file is downloaded from."""
        ...

    def use_address(self, url: str) -> None:
        """Download its file from here from now on, unless the address is fixed."""
        ...

    async def fetch(self, progress: Callable[[float], None]) -> None:
        """Download it; ``progress`` from 0 to 1. Raises ``Misconfigured``, ``Offline`` or ``Refused``."""
        ...

    def stop_fetching(self) -> None: ...

    async def remove(self) -> None: ...
