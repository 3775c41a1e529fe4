"""How large a window may begin on the screen it is on."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget

_SHARE = 0.95
"""The rest is for the frame that the desktop puts around it."""


def fitting(window: QWidget, wanted: QSize) -> QSize:
    """Return ``wanted``, or what the screen of ``window`` has room for; large scales make screens small."""
    room = window.screen().availableGeometry().size()
    return wanted.boundedTo(room * _SHARE)
