"""How much room the files of this computer take."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from chatdesk.services.portability.reports import Sizes


def measure(home: Path) -> Sizes:
    """Add up the files below the data directory; what cannot be looked at counts nothing."""
    return Sizes(cache=_bytes_below(home / "accounts"), database=_bytes_below(home / "local"))


def _bytes_below(directory: Path) -> int:
    total = 0
    for place, _directories, names in os.walk(directory):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_size
    return total
