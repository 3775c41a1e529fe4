"""The other accounts of this computer as places to copy from, and what is remembered of it on the disk."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from filelock import FileLock, Timeout

from chatdesk.app.accounts import MachineAccounts
from chatdesk.app.lazy_ports import LazyAvatars, LazyRemote
from chatdesk.config.paths import private_directory
from chatdesk.domain.errors import ChatDeskError
from chatdesk.services.copying.service import OpenedSource

FOLDER = "copying"
"""The folder of an account for what is remembered of copying into it."""


class MachineSources:
    """The ``CopyAccounts`` of this machine: a gateway of its own beside those of open accounts."""

    def __init__(self, accounts: MachineAccounts) -> None:
        self._accounts = accounts

    async def open_source(self, key: str) -> OpenedSource:
        known = next((each for each in self._accounts.known() if each.account.key == key), None)
        if known is None:
            raise ChatDeskError("This account is not on this computer any more.", "Sign in to it again.")
        gateway = self._accounts.visit(known)
        return OpenedSource(
            known.name or known.account.email or "",
            known.account.user_id,
            LazyRemote(gateway),
            LazyAvatars(gateway),
            gateway.close,
        )


class DiskRecord:
    """The ``CopyRecord`` of one account: which source is under way, and what is copied of each.

    Ids and numbers only. A line that a crash cut in half is left out, and its conversation is copied again.
    """

    def __init__(self, account: Path) -> None:
        self._folder = account / FOLDER
        self._lock: FileLock | None = None

    def take(self) -> bool:
        private_directory(self._folder)
        lock = FileLock(self._folder / "lock", blocking=False, mode=0o600, thread_local=False)
        try:
            lock.acquire()
        except Timeout:
            return False
        self._lock = lock
        return True

    def release(self) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.release()

    def under_way(self) -> str | None:
        try:
            key = json.loads((self._folder / "source.json").read_text("utf-8"))
        except (OSError, ValueError):
            return None
        return key if isinstance(key, str) else None

    def begin(self, key: str) -> None:
        whole = self._folder / f"source.{os.getpid()}.new"
        whole.write_text(json.dumps(key), "utf-8")
        whole.replace(self._folder / "source.json")

    def end(self) -> None:
        (self._folder / "source.json").unlink(missing_ok=True)

    def done(self, key: str) -> Mapping[str, int]:
        found: dict[str, int] = {}
        try:
            lines = self._list(key).read_text("utf-8").splitlines()
        except OSError:
            return found
        for line in lines:
            try:
                conversation_id, revision = json.loads(line)
                found[str(conversation_id)] = int(revision)
            except (ValueError, TypeError):
                continue
        return found

    def add(self, key: str, done: Mapping[str, int]) -> None:
        lines = "".join(f"\n{json.dumps([each, revision])}" for each, revision in done.items())
        with self._list(key).open("a", encoding="utf-8") as file:
            file.write(lines)

    def _list(self, key: str) -> Path:
        return self._folder / f"{key}.jsonl"
