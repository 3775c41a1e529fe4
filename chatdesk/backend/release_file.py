"""Fetching the file that names the newest version."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from chatdesk import __version__
from chatdesk.domain.errors import Misconfigured, Offline

MOST_BYTES = 65_536
SILENCE_SECONDS = 10.0


def fetch_release_file(url: str) -> bytes:
    """Return what is at ``url``; blocks. Nothing about this computer is sent but ChatDesk's name and version.

    Raises ``Misconfigured`` for an address that is not safe or has no such file, and ``Offline``.
    """
    if not _safe(url):
        raise Misconfigured("The address for new versions is not an https address.", "Correct it.")
    request = urllib.request.Request(
        url, headers={"User-Agent": f"ChatDesk/{__version__}", "Accept": "application/json"}
    )
    try:
        with urllib.request.build_opener(_SafeRedirects).open(request, timeout=SILENCE_SECONDS) as answer:
            content: bytes = answer.read(MOST_BYTES + 1)
            # Reading a limited number of bytes does not notice that there should have been more.
            promised = answer.headers.get("Content-Length", "")
    except urllib.error.HTTPError as failure:
        failure.close()
        if failure.code >= 500:
            raise _unreachable(failure) from failure
        raise Misconfigured(
            "The address for new versions has no such file.", "Try again later.", str(failure.code)
        ) from failure
    except (OSError, http.client.HTTPException, ValueError) as failure:
        raise _unreachable(failure) from failure
    if not content or (promised.isdigit() and len(content) < min(int(promised), MOST_BYTES)):
        raise _unreachable(EOFError())
    if len(content) > MOST_BYTES:
        raise Misconfigured("The address for new versions has no such file.", "Try again later.", "too large")
    return content


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows to safe addresses only: the sign-in page of a network is none, and is not an answer."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: object,
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if not _safe(newurl):
            raise urllib.error.URLError("led to an unsafe address")
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]  # typeshed asks for IO[bytes]


def _safe(url: str) -> bool:
    try:
        address = urlsplit(url)
        host = address.hostname
    except ValueError:
        return False
    return bool(host) and (
        address.scheme == "https" or (address.scheme == "http" and host in ("127.0.0.1", "localhost"))
    )


def _unreachable(failure: BaseException) -> Offline:
    return Offline(
        "Whether there is a new version could not be found out.",
        "Check the network and try again.",
        type(failure).__name__,
    )
