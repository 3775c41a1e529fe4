"""What the requests of a puppet are about: a window of the application."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatdesk.app.application import Application
    from chatdesk.app.open_window import OpenWindow

WINDOW: ContextVar[int | None] = ContextVar("window", default=None)
"""The number of the window that the request under way names."""


class Strings:
    """A group of requests; ``PuppetStrings`` joins all of them."""

    _application: Application

    @property
    def _whole(self) -> OpenWindow:
        """The window that this request is about: the one it names by ``window``, or the one in front."""
        windows, number = self._application.windows, WINDOW.get()
        return next((each for each in windows.all if each.number == number), windows.active)
