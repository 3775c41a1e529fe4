"""What is wrong with what somebody entered about a provider."""

from __future__ import annotations

from urllib.parse import urlsplit

from chatdesk.language.door import _


def address_fault(base_url: str) -> str:
    """Say in one sentence what is wrong with a base address; empty when nothing is."""
    text = base_url.strip()
    try:
        parts = urlsplit(text)
        host = parts.hostname
        parts.port  # noqa: B018  # reading it checks it
    except ValueError:
        return _("This is not an address. It looks like https://example.com/v1.")
    if parts.scheme not in ("http", "https") or not host or any(letter.isspace() for letter in text):
        return _("This is not an address. It looks like https://example.com/v1.")
    if parts.query or parts.fragment or parts.username:
        return _("Enter the address only, without a name, a question mark or a #.")
    if len(text) > 500:
        return _("This address is too long.")
    if parts.path.rstrip("/").endswith("/chat/completions"):
        return _("Leave out /chat/completions: ChatDesk adds it.")
    return ""


def headers_from(text: str) -> tuple[dict[str, str], str]:
    """Read "Name: value" lines; returns them and the first line that is none."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        name, colon, value = line.partition(":")
        if not colon or not name.strip() or any(c.isspace() for c in name.strip()) or not line.isascii():
            return found, line.strip()
        found[name.strip()] = value.strip()
    return found, ""
