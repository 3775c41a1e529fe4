"""What was told on this computer, so that only one of its windows tells it."""

from __future__ import annotations

from pathlib import Path

from chatdesk.config.paths import private_directory

FOLDER = "told"
"""The folder of an account for what was told: an empty file for each, named by the id of what it is about."""


class ToldOnce:
    """The ``Once`` of one account. A disk that refuses hides nothing: then it is told, perhaps twice."""

    def __init__(self, account: Path) -> None:
        self._folder = account / FOLDER

    def first(self, conversation_id: str) -> bool:
        mark = self._folder / conversation_id
        try:
            private_directory(self._folder)
            mark.touch(mode=0o600, exist_ok=False)
        except OSError:
            return not mark.exists()
        return True

    def forget(self, conversation_id: str) -> None:
        try:
            (self._folder / conversation_id).unlink(missing_ok=True)
        except OSError:
            return
