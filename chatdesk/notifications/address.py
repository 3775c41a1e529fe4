"""Where the session bus is."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path


def bus_address(environment: Mapping[str, str]) -> str:
    """Return where the user's session bus listens; empty where there is none, and off Linux.

    Without the variable it is at the place that systemd gives it, which the D-Bus libraries assume as well.
    """
    if sys.platform != "linux":
        return ""
    if named := environment.get("DBUS_SESSION_BUS_ADDRESS", ""):
        return named
    socket = Path(environment.get("XDG_RUNTIME_DIR", "/nonexistent")) / "bus"
    return f"unix:path={socket}" if socket.is_socket() else ""
