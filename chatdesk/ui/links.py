"""The one door to the world outside: a link opens only after the user saw where it leads."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from chatdesk.language.door import N_, _
from chatdesk.ui.markdown.links import safe_link

LONG_ADDRESS = N_("The address carries a long text with it; open it only if you trust where it came from.")
LONG_QUERY = 80
"""Characters after which the question mark is worth a warning: text can be carried away in an address."""


def open_link(window: QWidget, address: str) -> None:
    """Ask whether to open ``address`` and, if so, hand it to the system; other schemes do nothing at all.

    The host is shown in its encoded form, so that look-alike letters of other alphabets stand out.
    """
    from chatdesk.ui.dialogs.confirm import confirm

    url = QUrl(safe_link(address), QUrl.ParsingMode.StrictMode)
    if url.isEmpty() or not url.isValid():
        return
    mail = url.scheme() == "mailto"
    place = url.path() if mail else url.host(QUrl.ComponentFormattingOption.FullyEncoded)
    shown = url.toString(QUrl.ComponentFormattingOption.FullyEncoded)
    warning = ""
    if len(url.query()) > LONG_QUERY:
        warning = " " + _(LONG_ADDRESS)
    confirm(
        window,
        (_("Write to {place}?") if mail else _("Open {place}?")).format(place=place),
        f"{shown[:300]}{'…' if len(shown) > 300 else ''}{warning}",
        _("Open"),
        lambda: _open(url),
    )


def open_url(address: str) -> None:
    """Open an address that ChatDesk has made itself because the user asked for that page just now."""
    url = QUrl(address, QUrl.ParsingMode.StrictMode)
    if url.isValid() and url.scheme() in ("https", "http") and url.host():
        _open(url)


def open_folder(path: Path) -> None:
    """Show one of ChatDesk's own folders in the system's file browser."""
    _open(QUrl.fromLocalFile(str(path)))


def _open(url: QUrl) -> None:
    QDesktopServices.openUrl(url)
