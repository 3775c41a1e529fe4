"""A file that only the holder of a key from the vault can read."""

from __future__ import annotations

import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chatdesk.domain.clock import Clock, SystemClock
from chatdesk.domain.errors import ChatDeskError, StoreDamaged
from chatdesk.runtime.whole_file import while_shared, write_whole

MAGIC = b"ChatDesk sealed\n"
VERSION = b"\x01"
NONCE_BYTES = 12


class SealedFile:
    """Bytes under AES-256-GCM: header (magic and version, authenticated), 12 random bytes, sealed text.

    ``key`` is 32 bytes. Methods block. A write is whole or has not happened: new file, fsync, rename; the
    file is 0600 whatever the umask. Several processes may read and write it, the last one wins.
    """

    def __init__(self, path: Path, key: bytes, clock: Clock | None = None) -> None:
        if len(key) != 32:
            raise ValueError("The key of a sealed file has 32 bytes.")
        self.path = path
        self._cipher = AESGCM(key)
        self._clock = clock or SystemClock()

    def read(self) -> bytes | None:
        """Return what was written, None without a file; raises ``StoreDamaged``, which leaves the file."""
        try:
            sealed = while_shared(self.path.read_bytes)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._damaged(f"The file {self.path.name} cannot be opened.") from error
        header = MAGIC + VERSION
        if not sealed.startswith(MAGIC):
            raise self._damaged(f"The file {self.path.name} is not one of ChatDesk's.")
        if not sealed.startswith(header):
            raise self._damaged(f"The file {self.path.name} was written by a newer ChatDesk.")
        nonce, body = sealed[len(header) :][:NONCE_BYTES], sealed[len(header) + NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, body, header)
        except (InvalidTag, ValueError) as error:
            raise self._damaged(f"The file {self.path.name} is damaged, or its key has changed.") from error

    def write(self, content: bytes) -> None:
        """Replace the file; raises ``ChatDeskError`` (disk full, read-only), the old content then stays."""
        header = MAGIC + VERSION
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = header + nonce + self._cipher.encrypt(nonce, content, header)
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(self.path, sealed)
        except OSError as error:
            raise ChatDeskError(
                f"The file {self.path.name} could not be written: {error.strerror or error}.",
                "Free some disk space, or check that the data directory can be written to.",
            ) from error

    def delete(self) -> None:
        """Remove the file if it is there."""
        while_shared(lambda: self.path.unlink(missing_ok=True))

    def set_aside(self) -> Path | None:
        """Rename a damaged file to ``<name>.damaged-<time>`` and return its new path; None if it was gone."""
        stamp = self._clock.now().strftime("%Y%m%dT%H%M%S")
        for suffix in ("", *(f"-{number}" for number in range(1, 100))):
            aside = self.path.with_name(f"{self.path.name}.damaged-{stamp}{suffix}")
            if not aside.exists():
                break
        try:
            while_shared(lambda: self.path.rename(aside))
        except FileNotFoundError:
            return None
        return aside

    def _damaged(self, message: str) -> StoreDamaged:
        return StoreDamaged(message, "Sign in again; nothing else is lost.")
