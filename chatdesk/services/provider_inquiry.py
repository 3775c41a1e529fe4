"""Asking a provider about itself: which models it has, whether it answers, whether it runs here at all."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import aclosing
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from chatdesk.domain.errors import ChatDeskError
from chatdesk.domain.message import Role
from chatdesk.providers.base import Connection, ProviderFactory, ReplyRequest, Turn
from chatdesk.providers.presets import PRESETS
from chatdesk.runtime.tasks import TaskScope
from chatdesk.services.device_access import DeviceAccess


@dataclass(frozen=True, slots=True)
class ProviderDraft:
    """A provider as somebody edits it; an empty ``id`` for a new one."""

    id: str
    kind: str
    name: str
    base_url: str
    models: tuple[str, ...]
    access: DeviceAccess

    def connection(self) -> Connection:
        """Return how to reach it."""
        access = self.access
        return Connection(self.name, self.base_url, self.models, access.key, access.headers, access.proxy)


@dataclass(frozen=True, slots=True)
class ModelsFetched:
    """The answer to ``fetch_models``: names, or why there are none."""

    asked_by: object
    models: tuple[str, ...] = ()
    failure: ChatDeskError | None = None


@dataclass(frozen=True, slots=True)
class ProviderChecked:
    """The answer to ``check``: ``failure`` None when the model answered."""

    asked_by: object
    model: str
    failure: ChatDeskError | None = None


@dataclass(frozen=True, slots=True)
class LocalProvider:
    """A provider that runs on this computer, with its models."""

    kind: str
    models: tuple[str, ...]


class ProviderInquiry(QObject):
    """Signals: ``models_fetched(ModelsFetched)``, ``provider_checked(ProviderChecked)``, and
    ``detected(tuple[LocalProvider])``. Each question is its own connection, closed afterwards.
    """

    models_fetched = Signal(object)
    provider_checked = Signal(object)
    detected = Signal(object)

    def __init__(self, factory: ProviderFactory, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._factory = factory
        self._scope = TaskScope("inquiry")

    def fetch_models(self, draft: ProviderDraft, asked_by: object) -> None:
        """Ask which models there are; ``models_fetched`` follows."""
        self._scope.start(self._fetch(draft, asked_by), "fetch models")

    def check(self, draft: ProviderDraft, asked_by: object) -> None:
        """Have the first model say something; ``provider_checked`` follows."""
        self._scope.start(self._check(draft, asked_by), "check")

    def detect(self, known: Collection[str]) -> None:
        """Look for local providers on this computer but for these kinds; ``detected`` follows."""
        self._scope.start(self._detect(frozenset(known)), "detect")

    async def close(self) -> None:
        """End every question."""
        await self._scope.close()
        self._scope = TaskScope("inquiry")

    async def _fetch(self, draft: ProviderDraft, asked_by: object) -> None:
        provider = self._factory(draft.connection())
        try:
            found = ModelsFetched(asked_by, await provider.fetch_models())
        except ChatDeskError as failure:
            found = ModelsFetched(asked_by, failure=failure)
        finally:
            await provider.close()
        self.models_fetched.emit(found)

    async def _check(self, draft: ProviderDraft, asked_by: object) -> None:
        model = draft.models[0] if draft.models else ""
        provider = self._factory(draft.connection())
        failure: ChatDeskError | None = None
        try:
            request = ReplyRequest(model, [Turn(Role.USER, "Hello")])
            async with aclosing(provider.stream(request)) as chunks:
                async for _chunk in chunks:
                    break
        except ChatDeskError as fault:
            failure = fault
        finally:
            await provider.close()
        self.provider_checked.emit(ProviderChecked(asked_by, model, failure))

    async def _detect(self, known: frozenset[str]) -> None:
        found = []
        for preset in PRESETS.values():
            if not preset.local or preset.kind in known:
                continue
            provider = self._factory(Connection(preset.name, preset.base_url, ()), hasty=True)
            try:
                found.append(LocalProvider(preset.kind, await provider.fetch_models()))
            except ChatDeskError:
                continue  # It does not run here, or is something else.
            finally:
                await provider.close()
        self.detected.emit(tuple(found))
