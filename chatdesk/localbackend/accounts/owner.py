"""What the owner of this computer is called."""

from __future__ import annotations

import getpass
import sys


def owner_name() -> str:
    """Return the full name of the OS user, or the login name; empty when the system tells neither."""
    try:
        login = getpass.getuser()
    except (KeyError, OSError):
        return ""
    if sys.platform == "win32":
        return login
    import pwd

    try:
        full = pwd.getpwnam(login).pw_gecos.split(",")[0].strip()
    except KeyError:
        full = ""
    return full or login
