"""Connections to signals that outlive a window, to be undone when it closes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QMetaObject, QObject


class Bonds:
    """Holds the connections of one window to what all windows share.

    Qt undoes a connection when its receiver dies, but a lambda is no receiver it knows of.
    """

    def __init__(self) -> None:
        self._made: list[QMetaObject.Connection] = []

    def join(self, signal: Any, slot: Callable[..., Any]) -> None:
        """Connect ``slot`` until ``release``."""
        self._made.append(signal.connect(slot))

    def release(self) -> None:
        """Undo every connection."""
        made, self._made = self._made, []
        for connection in made:
            QObject.disconnect(connection)
