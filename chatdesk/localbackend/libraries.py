"""Importing what the server needs, which is most of the time that a start takes."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatdesk.localbackend.service import Service
    from chatdesk.localbackend.serving import Serving

__all__ = ["collect_later", "load_service", "load_serving"]


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
        from chatdesk.localbackend.serving import Serving
    finally:
        gc.freeze()
        gc.enable()
    return Serving
