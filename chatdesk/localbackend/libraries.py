"""Importing what the server needs, which is most of the time that a start takes."""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatdesk.localbackend.service import Service
    from chatdesk.localbackend.serving import Serving

__all__ = ["collect_later", "load_service", "load_serving"]

_AUTHORITIES = "SSL_CERT_FILE"  # OpenSSL's own name for where the certificate authorities are


def collect_later() -> None:
    """Collect no garbage until ``load_serving`` is done.

    An import makes tens of thousands of things to keep and no garbage; a collection looks at all of it.
    """
    gc.disable()


def load_service() -> type[Service]:
    """Import what talks to PostgreSQL."""
    from chatdesk.localbackend.service import Service

    return Service


def load_serving() -> type[Serving]:
    """Import what talks to clients, in whatever thread."""
    try:
        with _without_authorities():
            from chatdesk.localbackend.serving import Serving
    finally:
        gc.freeze()
        gc.enable()
    return Serving


@contextlib.contextmanager
def _without_authorities() -> Iterator[None]:
    """Let aiohttp be imported without the list of certificate authorities, which it reads right then.

    That takes 40 ms where the system keeps it in one file. This server opens no TLS connection but to a
    provider that somebody signs in with, for which the list is read then; by aiohttp's own settings none
    can be opened.
    """
    before = os.environ.get(_AUTHORITIES)
    os.environ[_AUTHORITIES] = os.devnull
    try:
        yield
    finally:
        if before is None:
            del os.environ[_AUTHORITIES]
        else:
            os.environ[_AUTHORITIES] = before
