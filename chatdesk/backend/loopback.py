"""Connections to this computer go to this computer."""

from __future__ import annotations

import os
from collections.abc import MutableMapping

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def keep_loopback_direct(environ: MutableMapping[str, str] = os.environ) -> None:
    """Exempt loopback addresses from every proxy that the environment names.

    Both spellings are set, because programs differ in which one they prefer. Without it a company's
    ``HTTP_PROXY`` would be asked for ``http://127.0.0.1``, and would see our tokens. Where the environment
    names no proxy nothing is set: on Windows and macOS a lone ``NO_PROXY`` makes Python forget the system's
    proxies for every other address too.
    """
    if not any(name.lower().endswith("_proxy") and name.lower() != "no_proxy" for name in environ):
        return
    for name in ("NO_PROXY", "no_proxy"):
        known = [part.strip() for part in environ.get(name, "").split(",") if part.strip()]
        if "*" not in known:
            environ[name] = ",".join([*known, *(host for host in LOOPBACK if host not in known)])
