"""Which way a notification takes: the desktop's own service, or the icon in the tray."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from chatdesk.notifications.address import bus_address
from chatdesk.resources import resource
from chatdesk.runtime.tasks import TaskScope
from chatdesk.ui.tray import Tray

if TYPE_CHECKING:
    from chatdesk.notifications.desktop import DesktopNotifications


class Notifier:
    """The service of a Linux desktop, which works without a tray (plain GNOME); elsewhere the icon.

    ``on_chosen(conversation_id)``: a notification was clicked.
    """

    def __init__(self, tray: Tray, on_chosen: Callable[[str], None]) -> None:
        self._tray = tray
        self._on_chosen = on_chosen
        self._scope = TaskScope("notifier")
        self._desktop: DesktopNotifications | None = None
        tray.alert_chosen.connect(on_chosen)

    def tell(self, heading: str, text: str, conversation_id: str, *, action: str) -> None:
        """Show one notification in the way this desktop has; nothing where it has none."""
        self._scope.start(self._tell(heading, text, conversation_id, action), "tell")

    def withdraw(self, conversation_id: str) -> None:
        """Take away what was told of a conversation, because its reader is there."""
        if self._desktop is not None and self._desktop.tells(conversation_id):
            self._scope.start(self._desktop.withdraw(conversation_id), "withdraw")

    async def close(self) -> None:
        """End; nothing is told any more."""
        await self._scope.close()
        if self._desktop is not None:
            await self._desktop.close()

    async def _tell(self, heading: str, text: str, conversation_id: str, action: str) -> None:
        desktop = self._by_the_desktop()
        if desktop is None or not await desktop.tell(heading, text, conversation_id, action=action):
            self._tray.alert(heading, text, conversation_id)

    def _by_the_desktop(self) -> DesktopNotifications | None:
        address = bus_address(os.environ)
        if self._desktop is None and address:
            # Only here: the library is on Linux alone.
            from chatdesk.notifications.desktop import DesktopNotifications

            icon = resource("icons", "chatdesk.svg")
            self._desktop = DesktopNotifications(address, icon, self._chosen)
        return self._desktop

    def _chosen(self, conversation_id: str, token: str) -> None:
        if token:
            # Qt hands it to the compositor with the next window that asks to come to the front.
            os.environ["XDG_ACTIVATION_TOKEN"] = token
        self._on_chosen(conversation_id)
