"""Which model answers: what the generation service asks, and the simplest answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from chatdesk.domain.errors import Misconfigured
from chatdesk.providers.base import ChatProvider
from chatdesk.providers.windows import window_of


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model that can be chosen: ``id`` is what a conversation remembers, the others are for people.

    ``lack`` says in one sentence why it cannot answer on this device; empty when it can.
    """

    id: str
    name: str
    provider: str
    provider_id: str = ""
    lack: str = ""

    @property
    def ready(self) -> bool:
        return not self.lack


@dataclass(frozen=True, slots=True)
class Asked:
    """A provider with the name it knows the model by; ``window`` is how many tokens it reads at once.

    ``titles``: whether it may be asked for the title of a conversation as well.
    """

    provider: ChatProvider
    model: str
    window: int
    titles: bool = True


class ModelSource(Protocol):
    """Finds who answers. ``models`` are the ids of those that can, the default first; ``known`` whether any
    is set up at all, be it one that lacks something on this device.
    """

    @property
    def models(self) -> tuple[str, ...]: ...

    @property
    def known(self) -> bool: ...

    async def ask(self, model: str | None) -> Asked:
        """Return who answers for an id, None for the default; raises ``Misconfigured`` or ``Retryable``."""
        ...

    async def title_model(self, asked: Asked) -> Asked | None:
        """Return who makes the title of a conversation that ``asked`` answers, if anybody should."""
        ...


class FixedModels:
    """One provider, or none, from the first moment to the last."""

    def __init__(self, provider: ChatProvider | None) -> None:
        self._provider = provider

    @property
    def models(self) -> tuple[str, ...]:
        return tuple(self._provider.models) if self._provider else ()

    @property
    def known(self) -> bool:
        return self._provider is not None

    async def ask(self, model: str | None) -> Asked:
        if self._provider is None:
            raise nobody()
        name = model or self._provider.models[0]
        return Asked(self._provider, name, window_of(name), titles=False)

    async def title_model(self, asked: Asked) -> Asked | None:
        return asked if asked.titles else None


def nobody() -> Misconfigured:
    """Say that no model is set up."""
    return Misconfigured("No model is set up yet.", "Set one up in the settings, under Models.")
