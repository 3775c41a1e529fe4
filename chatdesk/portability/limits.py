"""How much of a file is believed; every number is there so that one file cannot take the window down."""

from __future__ import annotations

MAX_LINE = 16_000_000
"""Bytes of one line of an export: a message of two million characters, escaped, and some room."""

MAX_ELEMENT = 48_000_000
"""Bytes of one conversation that can only be read in one piece."""

MAX_UNPACKED = 16_000_000_000
"""Bytes that an archive may unpack to."""

MAX_RATIO = 200
"""How many times its size an archive may unpack to; text is packed to a tenth, a bomb to a thousandth."""

RATIO_FREE = 64_000_000
"""Bytes for which the ratio does not count: small things may be packed well."""

CHUNK = 1 << 16

MAX_KEY = 200
"""Characters of an id in a file; whatever it is, ours is made from it."""

PIECE_MESSAGES = 200
PIECE_CHARACTERS = 500_000
"""A conversation is handed on in pieces of at most so much; a single message may be larger."""

PIECE_FILES = 24_000_000
"""Bytes of files after which a piece ends; those of a single message may be almost as many."""

NAMED_PROBLEMS = 200
"""So many skipped conversations are named; the rest is counted."""
