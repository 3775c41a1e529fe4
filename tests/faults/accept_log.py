"""What the client said it had accepted, written down outside of it and brought to the disk at once."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType


def fingerprint(text: str) -> str:
    """Return what dumps and logs show in place of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Accept:
    """One acceptance: the message (or conversation), who wrote it and what its text hashes to."""

    core: str
    kind: str
    entity: str
    conversation: str
    hash: str


class AcceptLog:
    """A file of acceptances, one JSON line each, fsynced line by line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def __enter__(self) -> AcceptLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def note(self, accept: Accept) -> None:
        """Write down one acceptance; it is on the disk when this returns."""
        os.write(self._file, (json.dumps(asdict(accept)) + "\n").encode())
        os.fsync(self._file)

    def read(self) -> list[Accept]:
        """Return everything that was accepted, in order."""
        return [Accept(**json.loads(line)) for line in self.path.read_text("utf-8").splitlines()]

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
