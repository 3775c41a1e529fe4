"""Where the files that are not Python are: icons, migrations, licences."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path


@cache
def resources_root() -> Path:
    """Find the resources directory: of a frozen build, of an installed wheel or of a source checkout.

    Raises ``FileNotFoundError`` when none of the three is there, which means a broken installation.
    """
    package = Path(__file__).resolve().parent
    places = [package / "_resources", package.parent / "resources"]
    # PyInstaller unpacks what it carries next to the program and leaves the place here.
    frozen = getattr(sys, "_MEIPASS", None)
    if frozen is not None:
        places.insert(0, Path(frozen) / "resources")
    for place in places:
        if (place / "icons").is_dir():
            return place
    raise FileNotFoundError(f"ChatDesk's resources are in none of {', '.join(map(str, places))}.")


def resource(*parts: str) -> Path:
    """Return the path of one resource; it is not checked that it exists."""
    return resources_root().joinpath(*parts)
