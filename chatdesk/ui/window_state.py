"""What a window remembers of itself."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass

from chatdesk.ui.theme.metrics import SIDEBAR, SIDEBAR_LEAST, SIDEBAR_MOST


@dataclass(frozen=True, slots=True)
class WindowState:
    """Place and size (``QWidget.saveGeometry``, base64), and the sidebar."""

    geometry: str = ""
    sidebar_width: int = SIDEBAR
    sidebar_shown: bool = True

    def as_text(self) -> str:
        """Return it as one line of JSON, for a setting."""
        return json.dumps(asdict(self))

    def geometry_bytes(self) -> bytes:
        """Return what ``QWidget.restoreGeometry`` takes; empty where nothing usable was stored."""
        try:
            return b64decode(self.geometry, validate=True)
        except ValueError:
            return b""


def pack_geometry(geometry: bytes) -> str:
    """Make the text of ``WindowState.geometry``."""
    return b64encode(geometry).decode("ascii")


def read_window_state(text: str | None) -> WindowState:
    """Read what ``as_text`` wrote; anything else gives the state of a new window."""
    try:
        stored = json.loads(text or "")
        width = min(max(int(stored["sidebar_width"]), SIDEBAR_LEAST), SIDEBAR_MOST)
        return WindowState(str(stored["geometry"]), width, bool(stored["sidebar_shown"]))
    except (ValueError, KeyError, TypeError):
        return WindowState()
