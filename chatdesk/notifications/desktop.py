"""Notifications by the service that every Linux desktop has, with a tray or without.

The protocol: https://specifications.freedesktop.org/notification-spec/latest/
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

from jeepney import DBusAddress, MatchRule, message_bus

from chatdesk.notifications.session_bus import BusFailure, SessionBus
from chatdesk.runtime.tasks import TaskScope

_log = logging.getLogger(__name__)

SERVICE = "org.freedesktop.Notifications"
_SERVICE = DBusAddress("/org/freedesktop/Notifications", SERVICE, SERVICE)
_CLICK = "default"
"""The action of a click on the notification itself."""

_AS_THE_DESKTOP_LIKES = -1
_NORMAL = ("y", 1)


class DesktopNotifications:
    """One notification per subject: a newer one takes the place of the older.

    Connects when it is needed first, and again after the bus or the service went away; a desktop without
    either costs nothing and raises nothing. ``on_chosen(subject, token)``: one was clicked; the token
    (empty if the desktop has none) lets a window come to the front under Wayland.
    """

    def __init__(
        self, address: str, icon: Path, on_chosen: Callable[[str, str], None], scope: TaskScope | None = None
    ) -> None:
        self._address = address
        self._icon = icon
        self._on_chosen = on_chosen
        self._scope = scope or TaskScope("notifications")
        self._bus: SessionBus | None = None
        self._can: frozenset[str] | None = None
        self._shown: dict[str, int] = {}
        """The number of the notification on screen, by subject."""
        self._tokens: dict[int, str] = {}
        self._turn = asyncio.Lock()

    async def tell(self, heading: str, text: str, subject: str, *, action: str) -> bool:
        """Show a notification about ``subject``; ``action`` says what a click does. False: nobody does."""
        async with self._turn:
            try:
                bus = await self._connected()
                can = await self._capabilities(bus)
                what = self._notification(heading, text, subject, action, can)
                (number,) = await bus.call(_SERVICE, "Notify", "susssasa{sv}i", what)
            except BusFailure as failure:
                _log.info("No notification by the desktop: %s", failure)
                self._can = None
                return False
            self._shown[subject] = number
            return True

    def tells(self, subject: str) -> bool:
        """Whether a notification about ``subject`` is on screen, as far as the desktop said."""
        return subject in self._shown

    async def withdraw(self, subject: str) -> None:
        """Take the notification about ``subject`` away if it is still there."""
        number = self._shown.pop(subject, None)
        if number is not None and self._bus is not None:
            try:
                await self._bus.call(_SERVICE, "CloseNotification", "u", (number,))
            except BusFailure as failure:
                _log.debug("The notification is not there any more: %s", failure)

    async def close(self) -> None:
        """Hang up; what is on screen stays there and leads nowhere any more."""
        bus, self._bus = self._bus, None
        self._shown.clear()
        if bus is not None:
            await bus.close()
        await self._scope.close()

    # Inside -------------------------------------------------------------------------------------------------

    def _notification(
        self, heading: str, text: str, subject: str, action: str, can: frozenset[str]
    ) -> tuple[Any, ...]:
        if "body" not in can:
            heading, text = f"{heading}: {text}", ""
        elif "body-markup" in can:
            text = escape(text, quote=False)
        hints = {
            "desktop-entry": ("s", "chatdesk"),
            "category": ("s", "im.received"),
            "urgency": _NORMAL,
        }
        actions = [_CLICK, action] if "actions" in can else []
        replaced = self._shown.get(subject, 0)
        icon = self._icon.as_uri()
        return ("ChatDesk", replaced, icon, heading, text, actions, hints, _AS_THE_DESKTOP_LIKES)

    async def _connected(self) -> SessionBus:
        if self._bus is None:
            if not self._address:
                raise BusFailure("There is no session bus.")
            bus = await SessionBus.open(
                self._address, self._scope, on_signal=self._heard, on_lost=self._forget
            )
            try:
                for rule in _signals():
                    await bus.listen(rule)
            except BusFailure:
                await bus.close()
                raise
            self._bus = bus
        return self._bus

    async def _capabilities(self, bus: SessionBus) -> frozenset[str]:
        if self._can is None:
            (names,) = await bus.call(_SERVICE, "GetCapabilities")
            self._can = frozenset(names)
        return self._can

    def _heard(self, member: str, arguments: tuple[Any, ...]) -> None:
        match member, arguments:
            case "ActivationToken", (int(number), str(token)):
                if number in self._shown.values():
                    self._tokens[number] = token
            case "ActionInvoked", (int(number), str(action)):
                subject = self._subject(number)
                if subject is not None and action == _CLICK:
                    self._on_chosen(subject, self._tokens.pop(number, ""))
            case "NotificationClosed", (int(number), *_):
                subject = self._subject(number)
                self._tokens.pop(number, None)
                if subject is not None:
                    del self._shown[subject]
            case "NameOwnerChanged", _:
                # Another service counts anew: an old number would replace somebody else's notification.
                self._shown.clear()
                self._tokens.clear()
                self._can = None

    def _subject(self, number: int) -> str | None:
        return next((subject for subject, shown in self._shown.items() if shown == number), None)

    def _forget(self) -> None:
        self._bus = None
        self._heard("NameOwnerChanged", ())


def _signals() -> tuple[MatchRule, MatchRule]:
    """What the service says of its notifications, and the bus of the service."""
    bus = message_bus.bus_name
    changes = MatchRule(type="signal", sender=bus, interface=bus, member="NameOwnerChanged")
    changes.add_arg_condition(0, SERVICE)
    return MatchRule(type="signal", sender=SERVICE, interface=SERVICE), changes
