"""Which addresses may be links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

ALLOWED_SCHEMES = frozenset({"http", "https", "mailto"})

_BARE = re.compile(r"\bhttps?://[^\s<>\"'`\u2028]+", re.IGNORECASE)
_TRAILING = ".,;:!?*_~'\""
_HOST = re.compile(r"[\w.:-]+")
_CONTROL = re.compile(r"[\x00-\x20\x7f\\]")


def safe_link(address: str) -> str:
    """Return ``address`` if it may be a link, else "".

    Only http, https with a host, and mailto; no control characters and no backslash, which some systems read
    as the start of a network path.
    """
    if _CONTROL.search(address):
        return ""
    try:
        parts = urlsplit(address)
        scheme, host = parts.scheme.lower(), parts.hostname
    except ValueError:
        return ""
    if scheme == "mailto":
        return address if parts.path else ""
    return address if scheme in ALLOWED_SCHEMES and host and _HOST.fullmatch(host) else ""


def split_bare_links(text: str) -> Iterator[tuple[str, str]]:
    """Yield ``text`` in pieces with the address each one links to, "" for plain pieces.

    Punctuation that ends a sentence, and a closing bracket that was opened before the address, stay outside.
    """
    if "://" not in text:
        yield text, ""
        return
    start = 0
    for match in _BARE.finditer(text):
        address = match.group().rstrip(_TRAILING)
        while address.endswith((")", "]")) and address.count(address[-1]) > address.count(
            "(" if address[-1] == ")" else "["
        ):
            address = address[:-1].rstrip(_TRAILING)
        if not safe_link(address):
            continue
        if match.start() > start:
            yield text[start : match.start()], ""
        yield address, address
        start = match.start() + len(address)
    if start < len(text):
        yield text[start:], ""
