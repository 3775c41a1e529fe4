"""Who is here: the others who look at a conversation, and the user's own devices."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from PySide6.QtCore import QObject, Signal

from chatdesk.config.options import DEVICE
from chatdesk.domain.clock import Clock
from chatdesk.domain.ephemeral import Ephemeral
from chatdesk.domain.ids import is_id, new_id
from chatdesk.domain.presence import Attention, Sighting, Sign
from chatdesk.domain.profile import Profile
from chatdesk.domain.text import storable
from chatdesk.services.circle import Circle, Switch
from chatdesk.services.loaded import EntriesLoaded
from chatdesk.services.open_account import OpenAccount
from chatdesk.services.preferences import PreferenceService

SETTING = "devices"
"""The name under which an instance keeps the devices that it has seen."""

MOST_KEPT = 20
KEPT_FOR = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody else who looks at a conversation."""

    profile: Profile
    attention: Attention


@dataclass(frozen=True, slots=True)
class Device:
    """One of the user's devices; ``attention`` is None while it is offline, ``here`` marks this one."""

    id: str
    name: str
    attention: Attention | None
    seen_at: datetime
    here: bool = False


class PresenceService(QObject):
    """Keeps what was last seen and says what this device is.

    Signals: ``viewers_changed(str)`` with the conversation, ``devices_changed()``.
    """

    viewers_changed = Signal(str)
    devices_changed = Signal()

    def __init__(
        self,
        account: OpenAccount,
        circle: Circle,
        preferences: PreferenceService,
        clock: Clock,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._account = account
        self._circle = circle
        self._preferences = preferences
        self._clock = clock
        self._attention = Attention.ONLINE
        self._signs: dict[str, tuple[Sign, ...]] = {}
        self._known: dict[str, Device] = {}
        """The other devices, as they were when they were last seen."""
        self.name = storable(platform.node()).strip()[:80] or "ChatDesk"
        account.entries_loaded.connect(self._begin)
        account.company_told.connect(self._take)
        account.closed.connect(self._end)
        circle.changed.connect(self._recheck)

    @property
    def attention(self) -> Attention:
        """Whether the user is at it."""
        return self._attention

    def attend(self, attention: Attention) -> None:
        """The user is at it, or has not been for a while."""
        if attention is not self._attention:
            self._attention = attention
            if self._account.account is not None:
                self._account.engine.company.attend(attention)
            self.devices_changed.emit()

    def viewers(self, conversation_id: str) -> tuple[Viewer, ...]:
        """Return the others who look at a conversation, each once: whoever is at it first, then by name."""
        best: dict[str, Attention] = {}
        for sign in self._signs.get(conversation_id, ()):
            if best.get(sign.user_id) is not Attention.ONLINE:
                best[sign.user_id] = sign.attention
        people = ((self._circle.shown(each, Switch.PRESENCE), state) for each, state in best.items())
        found = [Viewer(profile, state) for profile, state in people if profile is not None]
        return tuple(sorted(found, key=lambda each: (each.attention is Attention.IDLE, each.profile.label)))

    def devices(self) -> tuple[Device, ...]:
        """Return this device and the user's others: those that are online first, then the last seen."""
        now = self._clock.now()
        here = Device(self._device_id(), self.name, self._attention, now, here=True)
        if not self._circle.takes_part(Switch.PRESENCE):
            return (here,)
        others = sorted(
            (each for each in self._known.values() if each.id != here.id),
            key=lambda each: (each.attention is None, -each.seen_at.timestamp(), each.name),
        )
        return (here, *others)

    # Inside -------------------------------------------------------------------------------------------------

    def _device_id(self) -> str:
        known = str(self._preferences.get(DEVICE))
        if not is_id(known):
            known = new_id()
            self._preferences.put(DEVICE, known)
        return known

    def _begin(self, _loaded: EntriesLoaded) -> None:
        company = self._account.engine.company
        company.attend(self._attention)
        company.introduce(self._device_id(), self.name)
        self._account.start(self._recall(), "devices")

    async def _recall(self) -> None:
        kept = _read(await self._account.store.setting(SETTING))
        self._known = {**kept, **self._known}
        self.devices_changed.emit()

    def _take(self, change: Ephemeral) -> None:
        if not isinstance(change, Sighting):
            return
        place = change.conversation_id
        if place:
            self._signs[place] = change.signs
            self.viewers_changed.emit(place)
            return
        now, before = self._clock.now(), dict(self._known)
        for each in before.values():
            if each.attention is not None:
                self._known[each.id] = Device(each.id, each.name, None, now)
        for sign in sorted(change.signs, key=lambda sign: sign.attention is Attention.ONLINE):
            self._known[sign.device] = Device(sign.device, sign.name, sign.attention, now)
        self._keep(now)
        self.devices_changed.emit()

    def _keep(self, now: datetime) -> None:
        newest = sorted(self._known.values(), key=lambda each: each.seen_at, reverse=True)[:MOST_KEPT]
        self._known = {each.id: each for each in newest if now - each.seen_at < KEPT_FOR}
        kept = {each.id: [each.name, each.seen_at.isoformat()] for each in self._known.values()}
        self._account.save_setting(SETTING, json.dumps(kept))

    def _recheck(self) -> None:
        for place in list(self._signs):
            self.viewers_changed.emit(place)
        self.devices_changed.emit()

    def _end(self) -> None:
        places, self._signs, self._known = list(self._signs), {}, {}
        for place in places:
            self.viewers_changed.emit(place)
        self.devices_changed.emit()


def _read(kept: str | None) -> dict[str, Device]:
    """Read what was kept; whatever cannot be understood is left out."""
    try:
        found = json.loads(kept or "{}")
        lines: Mapping[str, list[str]] = found if isinstance(found, dict) else {}
        return {
            key: Device(key, str(name), None, datetime.fromisoformat(at)) for key, (name, at) in lines.items()
        }
    except (ValueError, TypeError):
        return {}
