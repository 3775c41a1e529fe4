"""What the libraries behind the wire may write to the log.

At DEBUG they print the address with the key, every frame and the user's token; at ERROR realtime prints each
frame that it cannot parse, text included. So they never go below INFO, and what they say is cut to its first
words. How often they complained is kept: for some faults it is the only trace (a change that realtime's
parser rejects is dropped with nothing but a log line).
"""

from __future__ import annotations

import logging

from chatdesk.diagnostics.logs import redacted

_CAPPED = ("realtime", "websockets", "httpcore", "hpack", "aiohttp", "supabase_auth", "postgrest", "storage3")
_QUIET = ("httpx",)  # One INFO line per request, with its address.
_SPEAKERS = ("realtime._async.client", "realtime._async.channel", "realtime._async.push")
_LENGTH = 120


class Scrub(logging.Filter):
    """Counts a library's errors and takes frames and tokens out of its records."""

    def __init__(self) -> None:
        super().__init__()
        self.errors = 0

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno >= logging.ERROR:
            # A lost connection: what the feed reports and survives is no error of ours.
            self.errors += 1
            _lower(record, logging.WARNING)
        text = record.getMessage()
        if text.startswith("join push error"):
            # Ordinary: somebody else deleted the conversation while its channel was asked for.
            _lower(record, logging.INFO)
        if text.startswith("Unrecognized message format"):
            text = "A frame that realtime cannot parse was dropped"
        record.msg = redacted(text.partition("\n")[0][:_LENGTH]).replace("%", "%%")
        record.args = None
        return True


scrub = Scrub()


def quieten() -> None:
    """Cap the libraries' loggers; safe to call for every new client."""
    for name in _CAPPED:
        _raise_to(logging.INFO, name)
    for name in _QUIET:
        _raise_to(logging.WARNING, name)
    for name in _SPEAKERS:
        logging.getLogger(name).addFilter(scrub)  # A filter that is there already is not added twice.


def _lower(record: logging.LogRecord, level: int) -> None:
    record.levelno, record.levelname = level, logging.getLevelName(level)


def _raise_to(level: int, name: str) -> None:
    logger = logging.getLogger(name)
    logger.setLevel(max(level, logger.level))
