"""The log of the embedded back end, which is its standard output and error at once."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import time
from pathlib import Path

__all__ = ["LOG_NAME", "log_to_stderr", "redirect_output"]

LOG_NAME = "server.log"
_LIMIT = 1_000_000


def redirect_output(home: Path) -> None:
    """Send standard output and error to ``server.log`` below ``home`` (0600), the old one kept as ``.1``.

    A file over 1 MB is rotated. Whatever a library or a crash prints ends up there too, so the descriptors
    themselves are replaced, which also lets go of the terminal and of the starter's files.
    """
    path = home / LOG_NAME
    nowhere = os.open(os.devnull, os.O_RDWR)
    _replace_output(nowhere)  # Windows renames no open file, and the starter may have given us this one
    with contextlib.suppress(OSError):
        if path.stat().st_size > _LIMIT:
            path.replace(path.with_name(LOG_NAME + ".1"))
    try:
        log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError:
        return  # a full or read-only disk: the start itself will say so
    _replace_output(log)
    if sys.stderr is None:  # a packaged program without a console
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="replace", buffering=1, closefd=False)


def log_to_stderr(debug: bool) -> None:
    """Log lines of all libraries with UTC times; ``debug`` adds the stages of the start."""
    formatter = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    formatter.converter = time.gmtime
    output = logging.StreamHandler(sys.stderr)
    output.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [output]
    root.setLevel(logging.INFO)
    logging.getLogger("chatdesk").setLevel(logging.DEBUG if debug else logging.INFO)


def _replace_output(descriptor: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
