"""Where a session lies between two runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chatdesk.domain.errors import StoreDamaged
from chatdesk.domain.session import Session

if TYPE_CHECKING:
    from chatdesk.credentials.sealed_file import SealedFile

SESSION_FILE = "session"


def forget_session(directory: Path) -> None:
    """Remove the session of the account in ``directory``, and what was set aside of earlier ones."""
    for path in (directory / SESSION_FILE, *directory.glob(f"{SESSION_FILE}.damaged-*")):
        path.unlink(missing_ok=True)


class SealedSession:
    """A session in a file sealed with a key from the vault; a ``SessionStorage``."""

    def __init__(self, file: SealedFile) -> None:
        self._file = file

    def load(self) -> Session | None:
        content = self._file.read()
        if content is None:
            return None
        from chatdesk.backend.auth import decode_session

        try:
            return decode_session(content)
        except ValueError as failure:
            raise StoreDamaged("The stored session cannot be read.", "Sign in again.") from failure

    def save(self, session: Session) -> None:
        from chatdesk.backend.auth import encode_session

        self._file.write(encode_session(session))

    def clear(self) -> None:
        self._file.delete()

    def set_aside(self) -> None:
        """Move a file that cannot be read out of the way."""
        self._file.set_aside()


class MemorySession:
    """A session that ends with the process; a ``SessionStorage`` for machines without a vault."""

    def __init__(self) -> None:
        self._session: Session | None = None

    def load(self) -> Session | None:
        return self._session

    def save(self, session: Session) -> None:
        self._session = session

    def clear(self) -> None:
        self._session = None

    def set_aside(self) -> None:
        """There is nothing to move."""
