"""The puppet's hands for windows: one more, one to the front, one away."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QGuiApplication

from chatdesk.app.puppet_strings import Strings
from chatdesk.ui.actions.table import ActionId
from chatdesk.ui.window_state import WindowState

if TYPE_CHECKING:
    from chatdesk.app.open_window import OpenWindow

Request = dict[str, Any]


class WindowStrings(Strings):
    """Requests about windows; see ``PuppetStrings``."""

    async def new_window(self, request: Request) -> Request:
        """Press the keys for one more window and wait until it is there; returns its number."""
        windows = self._application.windows
        placed: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def note(which: OpenWindow) -> None:
            if not placed.done():
                placed.set_result(which.number)

        connection = windows.placed.connect(note)
        self._whole.window.actions_table[ActionId.NEW_WINDOW].trigger()
        try:
            return {"window": await placed}
        finally:
            windows.placed.disconnect(connection)

    async def front(self, request: Request) -> Request:
        """Bring the window to the front."""
        self._whole.window.activateWindow()
        return {}

    async def place(self, request: Request) -> Request:
        """Give the window a size, and its sidebar a width, if they are named; returns them."""
        window = self._whole.window
        if "size" in request:
            window.resize(*request["size"])
        if "sidebar" in request:
            width = request["sidebar"]
            window.restore(WindowState(window.state().geometry, width, True))
        return {"size": [window.width(), window.height()], "sidebar": window.state().sidebar_width}

    async def surface(self, request: Request) -> Request:
        """Tell whether the window is on a screen, and on what kind."""
        window = self._whole.window
        return {
            "visible": window.isVisible(),
            "platform": QGuiApplication.platformName(),
            "size": [window.width(), window.height()],
        }

    async def scroll(self, request: Request) -> Request:
        """Scroll the timeline to a place, if one is given; returns where it is and whether at the end."""
        bar = self._whole.timeline.verticalScrollBar()
        if "to" in request:
            bar.setValue(request["to"])
        return {"value": bar.value(), "most": bar.maximum(), "pinned": self._whole.timeline.pinned}

    async def choose_alert(self, request: Request) -> Request:
        """Click the notification of a conversation."""
        self._application.tray.tray.alert_chosen.emit(request["conversation_id"])
        return {}

    async def behind(self, request: Request) -> Request:
        """Let no window of this process be in front, as when another program is."""
        for each in self._application.windows.all:
            each.window.showMinimized()
        return {}

    async def close_window(self, request: Request) -> Request:
        """Close the window as a person would."""
        self._whole.window.close()
        return {}
