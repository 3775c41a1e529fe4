"""What the user wrote for a conversation that is gone: it is told and kept until they let it go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from chatdesk.domain.change import ChangeSet, Verb
from chatdesk.domain.mutation import OWN_LANES, MutationKind, OutboxEntry, OutboxState
from chatdesk.services.open_account import OpenAccount


@dataclass(frozen=True, slots=True)
class Kept:
    """Unsent texts of a conversation, oldest first; ``title`` is empty when it is not known any more."""

    conversation_id: str
    title: str
    texts: tuple[str, ...]


class KeptTexts(QObject):
    """Looks for refused messages of conversations that are not here any more.

    ``found(Kept)`` once for each; ``wanted(Kept)`` for who asks with ``show``. Refused changes without any
    text, such as read marks, are dropped: there is nothing to keep.
    """

    found = Signal(object)
    wanted = Signal(object)

    def __init__(self, account: OpenAccount, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._account = account
        self._titles: dict[str, str] = {}
        self._told: set[str] = set()
        account.entries_loaded.connect(lambda _loaded: self._begin())
        account.changes_applied.connect(self._take_changes)

    def show(self, conversation_id: str) -> None:
        """Tell of these texts once more; ``wanted`` follows if there are any."""
        self._account.start(self._show(conversation_id), "show unsent texts")

    def discard(self, conversation_id: str) -> None:
        """Let go of what was written for this conversation."""
        self._account.write(self._discard(conversation_id), "discard unsent texts")

    def _begin(self) -> None:
        self._titles.clear()
        self._told.clear()
        self._account.start(self._look(), "look for unsent texts")

    def _take_changes(self, changes: ChangeSet) -> None:
        gone = [change.entry for change in changes.conversations if change.verb is Verb.REMOVED]
        for entry in gone:
            self._titles[entry.id] = entry.conversation.title
        if gone or changes.failed:
            self._account.start(self._look(), "look for unsent texts")

    async def _look(self) -> None:
        for lane, entries in (await self._lost()).items():
            texts = _texts(entries)
            if not texts:
                await self._discard(lane)
            elif lane not in self._told:
                self._told.add(lane)
                self.found.emit(Kept(lane, self._titles.get(lane, ""), texts))

    async def _show(self, conversation_id: str) -> None:
        if texts := _texts((await self._lost()).get(conversation_id, ())):
            self.wanted.emit(Kept(conversation_id, self._titles.get(conversation_id, ""), texts))

    async def _lost(self) -> dict[str, Sequence[OutboxEntry]]:
        """Return the entries of every conversation that is gone and refused at least one of them."""
        lanes: dict[str, list[OutboxEntry]] = {}
        for entry in await self._account.store.outbox():
            lanes.setdefault(entry.mutation.lane, []).append(entry)
        return {
            lane: entries
            for lane, entries in lanes.items()
            if lane not in OWN_LANES
            and any(entry.state is OutboxState.FAILED for entry in entries)
            # Hidden because the user is deleting it is not gone.
            and not any(entry.mutation.kind is MutationKind.DELETE_CONVERSATION for entry in entries)
            and await self._account.store.entry(lane) is None
        }

    async def _discard(self, conversation_id: str) -> None:
        self._told.discard(conversation_id)
        for entry in (await self._lost()).get(conversation_id, ()):
            await self._account.engine.discard(entry.mutation.entity_id)


def _texts(entries: Sequence[OutboxEntry]) -> tuple[str, ...]:
    sent = (entry.mutation for entry in entries if entry.mutation.kind is MutationKind.SEND_MESSAGE)
    texts = (str(mutation.args.get("p_content", "")).strip() for mutation in sent)
    return tuple(text for text in texts if text)
