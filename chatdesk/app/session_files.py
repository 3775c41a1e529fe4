"""Where a session lies between two runs."""

from __future__ import annotations

from pathlib import Path

from chatdesk.domain.errors import StoreDamaged
from chatdesk.domain.session import Session

_NAMES = ("session", "session.1", "session.2")
"""One file for each place of the session lock."""

_TURN_BYTES = 8


def forget_session(directory: Path) -> None:
    """Remove the session of the account in ``directory``, and what was set aside of earlier ones."""
    for name in _NAMES:
        for path in (directory / name, *directory.glob(f"{name}.damaged-*")):
            path.unlink(missing_ok=True)


class SealedSession:
    """A session in files sealed with a key (32 bytes) from the vault; a ``SessionStorage``.

    There is a file for each place of the session lock, and each carries a turn: the number of sessions that
    went before it. The file with the highest turn counts.
    """

    def __init__(self, directory: Path, key: bytes) -> None:
        from chatdesk.credentials.sealed_file import SealedFile

        self._files = [SealedFile(directory / name, key) for name in _NAMES]
        self._turn = 0

    def load(self) -> Session | None:
        """Return the latest session; raises ``StoreDamaged`` when there are files and none can be read."""
        found: list[tuple[int, int, Session]] = []
        damage: StoreDamaged | None = None
        for place, file in enumerate(self._files):
            try:
                content = file.read()
                if content is not None:
                    turn, session = _decoded(content)
                    found.append((turn, place, session))
            except StoreDamaged as failure:
                damage = failure
        if found:
            self._turn, _, session = max(found, key=lambda entry: entry[:2])
            return session
        if damage is not None:
            raise damage
        return None

    def save(self, session: Session, place: int = 0) -> None:
        self._turn += 1
        self._files[place].write(_encoded(self._turn, session))

    def clear(self) -> None:
        for file in self._files:
            file.delete()

    def set_aside(self) -> None:
        """Move files that cannot be read out of the way."""
        for file in self._files:
            file.set_aside()


def _encoded(turn: int, session: Session) -> bytes:
    from chatdesk.backend.session_text import encode_session

    return turn.to_bytes(_TURN_BYTES, "big") + encode_session(session)


def _decoded(content: bytes) -> tuple[int, Session]:
    from chatdesk.backend.session_text import decode_session

    try:
        return int.from_bytes(content[:_TURN_BYTES], "big"), decode_session(content[_TURN_BYTES:])
    except ValueError as failure:
        raise StoreDamaged("The stored session cannot be read.", "Sign in again.") from failure


class MemorySession:
    """A session that ends with the process; a ``SessionStorage`` for machines without a vault."""

    def __init__(self) -> None:
        self._session: Session | None = None

    def load(self) -> Session | None:
        return self._session

    def save(self, session: Session, place: int = 0) -> None:
        self._session = session

    def clear(self) -> None:
        self._session = None

    def set_aside(self) -> None:
        """There is nothing to move."""
