"""What the settings window tells about this installation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Installation:
    """Facts of this run, none of them a secret.

    ``models``: those that can be asked, the first is the default. ``provider``: who answers. ``key_set``:
    whether there is an API key; the key itself never comes here. ``data`` is the folder of all files.
    """

    models: tuple[str, ...] = ()
    provider: str = ""
    key_set: bool = False
    data: Path | None = None
