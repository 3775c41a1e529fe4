"""Where the log goes and what may never be in it."""

from __future__ import annotations

import logging
import re
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

QUIET_LIBRARIES = ("realtime", "websockets", "httpx", "httpcore", "aiohttp", "openai", "markdown_it", "hpack")
"""These print addresses with keys, tokens or whole frames at DEBUG, so they never go below INFO."""

_SECRETS = (
    re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),
    re.compile(r"(?i)\b(?:sb|sk|pk)[_-][\w-]{12,}"),
    re.compile(r"(?i)(?<=bearer )[\w.~+/-]{8,}=*"),
    re.compile(r"(?i)(?<=apikey=)[^&\s\"']+"),
    re.compile(r"(?i)(?<=password['\"]: ['\"])[^'\"]+"),
)


def redacted(text: str) -> str:
    """Replace whatever looks like a token or a key by a mark."""
    for secret in _SECRETS:
        text = secret.sub("[secret]", text)
    return text


class RedactingFormatter(logging.Formatter):
    """Formats as usual, then takes out secrets: the last stop before anything is written."""

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))


def set_up_logging(level: str, directory: Path | None) -> None:
    """Log to the terminal and, with a ``directory``, to ``chatdesk.log`` there (1 MB, two old ones kept)."""
    formatter = RedactingFormatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    writers: list[logging.Handler] = []
    if sys.stderr is not None:  # A windowed build on Windows has no stderr.
        writers.append(logging.StreamHandler())
    if directory is not None:
        writers.append(
            RotatingFileHandler(directory / "chatdesk.log", maxBytes=1_000_000, backupCount=2, delay=True)
        )
    root = logging.getLogger()
    for writer in writers:
        writer.setFormatter(formatter)
        root.addHandler(writer)
    root.setLevel(level)
    for name in QUIET_LIBRARIES:
        logging.getLogger(name).setLevel(max(logging.INFO, root.level))
