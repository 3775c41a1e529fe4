"""The own profile, and everybody's picture."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from chatdesk.backend.base import AvatarStore
from chatdesk.domain.change import ChangeSet
from chatdesk.domain.errors import ChatDeskError, NeedsSignIn, Refused, Retryable
from chatdesk.domain.profile import Profile
from chatdesk.runtime.tasks import TaskScope
from chatdesk.runtime.whole_file import write_whole
from chatdesk.services.loaded import EntriesLoaded
from chatdesk.services.open_account import OpenAccount


class ProfileService(QObject):
    """Saves the own profile and fetches pictures, each once.

    Signals: ``saved()`` and ``save_failed(ChatDeskError)`` after ``save``; ``profile_changed(Profile)`` for
    anybody's; ``picture_loaded(str, bytes)`` with the path in the profile and the image file's bytes.
    """

    saved = Signal()
    save_failed = Signal(object)
    profile_changed = Signal(object)
    picture_loaded = Signal(str, bytes)

    def __init__(self, open_account: OpenAccount, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._open_account = open_account
        self._pictures: AvatarStore | None = None
        self._cache: Path | None = None
        self._scope: TaskScope | None = None
        self._wanted: set[str] = set()
        open_account.entries_loaded.connect(self._take_entries)
        open_account.changes_applied.connect(self._take_changes)
        self._known: dict[str, Profile] = {}
        self.pictures: dict[str, bytes] = {}
        """The pictures that are there to be shown, by the path in the profile."""

    def attach(self, pictures: AvatarStore, cache: Path) -> None:
        """Serve an account; pictures that were fetched once are kept below ``cache`` for offline starts."""
        self._pictures = pictures
        self._cache = cache
        self._scope = TaskScope("profiles")

    async def detach(self) -> None:
        """Stop fetching and forget everybody."""
        if self._scope is not None:
            await self._scope.close()
        self._scope = self._pictures = self._cache = None
        self._wanted.clear()
        self._known.clear()
        self.pictures.clear()

    @property
    def known(self) -> tuple[Profile, ...]:
        """Everybody who is known so far."""
        return tuple(self._known.values())

    def person(self, user_id: str) -> Profile | None:
        """Return somebody's profile, once it is known."""
        return self._known.get(user_id)

    @property
    def own(self) -> Profile | None:
        """The signed-in user's profile, once it is known."""
        account = self._open_account.account
        return self._known.get(account.user_id) if account else None

    def save(self, updates: Mapping[str, Any], picture: bytes | None = None) -> None:
        """Save what changed; a new ``picture`` (PNG) is stored first: no path is seen without its file."""
        if self._scope is not None:
            self._scope.start(self._save(dict(updates), picture), "save")

    async def _save(self, updates: dict[str, Any], picture: bytes | None) -> None:
        account = self._open_account.account
        assert account is not None
        assert self._pictures is not None
        try:
            if picture is not None:
                updates["avatar_path"] = await self._pictures.upload(account.user_id, picture, "image/png")
        except ChatDeskError as failure:
            self.save_failed.emit(failure)
            return
        self._open_account.submit(self._open_account.maker.update_profile(updates))
        self.saved.emit()

    def _take_entries(self, loaded: EntriesLoaded) -> None:
        for profile in loaded.profiles:
            self._take(profile)

    def _take_changes(self, changes: ChangeSet) -> None:
        for profile in changes.profiles:
            self._take(profile)

    def _take(self, profile: Profile) -> None:
        self._known[profile.id] = profile
        self.profile_changed.emit(profile)
        path = profile.avatar_path
        if path and path not in self._wanted and self._scope is not None:
            self._wanted.add(path)
            self._scope.start(self._fetch(path), "picture")

    async def _fetch(self, path: str) -> None:
        assert self._cache is not None
        assert self._pictures is not None
        kept = self._cache / hashlib.sha256(path.encode()).hexdigest()
        image = await asyncio.to_thread(_read, kept)
        if image is None:
            try:
                image = await self._pictures.download(path)
            except (Retryable, NeedsSignIn):
                # A later change of the profile, or the next start, asks again.
                self._wanted.discard(path)
                return
            except Refused:
                return
            await asyncio.to_thread(_write, kept, image)
        self.pictures[path] = image
        self.picture_loaded.emit(path, image)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, content, durable=False)
    except OSError:
        return
