"""What one window has left unsent: text and files, kept under the window's number."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chatdesk.domain.attachment import NewFile
from chatdesk.domain.text import storable
from chatdesk.services.open_account import OpenAccount


class WindowDrafts:
    """Keeps and brings back. ``name`` tells under what a conversation's draft is kept; ``loaded(id, text)``
    and ``files_loaded(id, files)`` hear what was found."""

    def __init__(
        self,
        shared: OpenAccount,
        name: Callable[[str], str],
        loaded: Callable[[str, str], None],
        files_loaded: Callable[[str, object], None],
    ) -> None:
        self._shared = shared
        self._name = name
        self._loaded = loaded
        self._files_loaded = files_loaded

    def save(self, conversation_id: str, text: str) -> None:
        """Keep unsent text for the next start."""
        if self._shared.account is not None:
            saving = self._shared.store.save_draft(self._name(conversation_id), storable(text))
            self._shared.write(saving, "save draft")

    def save_files(self, conversation_id: str, files: Sequence[NewFile]) -> None:
        """Keep the files that were chosen for the next message."""
        if self._shared.account is not None:
            saving = self._shared.store.save_draft_files(self._name(conversation_id), files)
            self._shared.write(saving, "save files of a draft")

    async def bring(self, conversation_id: str) -> None:
        """Tell what was left in a conversation that is opened."""
        name, store = self._name(conversation_id), self._shared.store
        self._loaded(conversation_id, await store.draft(name))
        if files := await store.draft_files(name):
            self._files_loaded(conversation_id, files)
