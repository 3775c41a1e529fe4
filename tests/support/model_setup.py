"""A models' service over a plain dictionary of secrets."""

from __future__ import annotations

from chatdesk.config.preferences import Preferences
from chatdesk.domain.clock import SystemClock
from chatdesk.domain.errors import VaultUnavailable
from chatdesk.providers.base import ChatProvider, LocalModel
from chatdesk.providers.registry import connected
from chatdesk.services.models import ModelService
from chatdesk.services.notices import NoticeService
from chatdesk.services.preferences import PreferenceService
from chatdesk.services.realtime import RealtimeService


class Drawer:
    """Secrets of one device; ``locked``: the keyring does not answer."""

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}
        self.locked = False

    async def read(self, name: str) -> str | None:
        self._open()
        return self.secrets.get(name)

    async def write(self, name: str, value: str) -> None:
        self._open()
        self.secrets[name] = value

    async def forget(self, name: str) -> None:
        self._open()
        self.secrets.pop(name, None)

    def _open(self) -> None:
        if self.locked:
            raise VaultUnavailable("The keyring is locked.", "Unlock it.")


def models_of(
    realtime: RealtimeService | None = None,
    drawer: Drawer | None = None,
    fixed: ChatProvider | None = None,
    notices: NoticeService | None = None,
    preferences: PreferenceService | None = None,
    built_in: LocalModel | None = None,
) -> ModelService:
    """Make the service; without ``realtime`` nobody is signed in."""
    notices = notices or NoticeService()
    return ModelService(
        account=(realtime or RealtimeService(SystemClock(), notices)).shared,
        preferences=preferences or PreferenceService(Preferences()),
        notices=notices,
        secrets=drawer or Drawer(),
        factory=connected,
        fixed=fixed,
        built_in=built_in,
    )
