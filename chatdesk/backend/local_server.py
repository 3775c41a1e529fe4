"""The embedded back end as its clients see it, and the file that says where it is."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

PORT_FILE = "server.json"


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A running embedded back end: address, publishable key and the secret of this run.

    A later run has another port and token; only the publishable key stays, as long as the vault's key does.
    """

    url: str
    anon_key: str = field(repr=False)
    control_token: str = field(repr=False)
    version: str = ""
    pid: int = 0

    @property
    def control_url(self) -> str:
        """Where the control connection goes."""
        return self.url.replace("http://", "ws://", 1) + "/local/v1/control"


def read_port_file(home: Path) -> LocalServer | None:
    """Return what ``server.json`` says, or None when there is none to be believed.

    Not believed: half a file, one that another user owns, an address that is not this computer's.
    """
    path = home / PORT_FILE
    try:
        with path.open(encoding="utf-8") as file:
            if sys.platform != "win32" and os.fstat(file.fileno()).st_uid != os.geteuid():
                return None
            content = json.load(file)
        server = LocalServer(
            url=str(content["url"]).rstrip("/"),
            anon_key=str(content["anon_key"]),
            control_token=str(content["control_token"]),
            version=str(content["version"]),
            pid=int(content["pid"]),
        )
        address = urlsplit(server.url)
        if address.scheme != "http" or address.hostname != "127.0.0.1" or not address.port:
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return server
