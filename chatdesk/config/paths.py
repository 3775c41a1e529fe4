"""Where ChatDesk keeps its files."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

from chatdesk.config.environment import DATA


def data_directory(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the data directory, created if need be and closed to other users (0700).

    It is ``$CHATDESK_DATA``, or the system's place for a program's data. Raises ``OSError`` when it cannot be
    made. A shared directory (sticky, like ``/tmp``), the home directory and a file system's root are left as
    they are; everything that ChatDesk puts into them is closed by itself.
    """
    chosen = environ.get(DATA.name, "").strip()
    return private_directory(Path(chosen or _usual_place()).expanduser().absolute())


def _usual_place() -> str:
    import platformdirs  # with a reader of configuration files: not needed by who is told the place

    return platformdirs.user_data_dir("ChatDesk", appauthor=False)


def local_backend_home(data: Path) -> Path:
    """Return the home of the embedded back end below a data directory, created 0700."""
    return private_directory(data / "local")


def private_directory(path: Path) -> Path:
    """Create ``path`` closed to other users, whatever the umask, or close it if it is ours to close."""
    for missing in reversed([path, *path.parents]):
        # Not mkdir(parents=True): that gives the parents the umask's mode, which may be open to everybody.
        missing.mkdir(mode=0o700, exist_ok=True)
    if sys.platform != "win32" and _ours_to_close(path):
        path.chmod(0o700)
    return path


def _ours_to_close(path: Path) -> bool:
    state = path.stat()
    if path in (Path.home(), Path(path.anchor)) or state.st_mode & stat.S_ISVTX:
        return False
    return state.st_uid == os.geteuid() and bool(stat.S_IMODE(state.st_mode) & 0o077)
