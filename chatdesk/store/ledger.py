"""The store as plain functions, all of them called on its one thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from chatdesk.domain.change import ChangeSet, RemoteChange, RowBatch
from chatdesk.domain.errors import Retryable
from chatdesk.store import slots
from chatdesk.store.apply import Intake
from chatdesk.store.conversations import read_conversation
from chatdesk.store.cursors import read_behind, read_cursor, read_user_cursor
from chatdesk.store.events import EventIntake, Gaps
from chatdesk.store.failures import DamagedFile, closed, from_os
from chatdesk.store.messages import oldest_seq
from chatdesk.store.opening import OpenSlot, open_slot
from chatdesk.store.pending import Pending
from chatdesk.store.schema import CACHE
from chatdesk.store.settings import read_setting, write_setting
from chatdesk.store.view import View

if TYPE_CHECKING:
    from chatdesk.store.search import Search

T = TypeVar("T")


class Ledger:
    """One open slot, and what may be done with it.

    ``call`` is the way in: a file that turns out to be damaged while it is used is set aside, a new one takes
    its place, and the function runs once more.
    """

    def __init__(self, account: Path, now: Callable[[], datetime]) -> None:
        self._account = account
        self._now = now
        self._opened: OpenSlot = open_slot(account, now)
        self._is_open = True
        self._era = self._opened.slot.era
        self._user_cursor_read = True
        self._cursors_read: set[str] | None = None
        self.pending = Pending(self._opened)

    @property
    def slot(self) -> int:
        return self._opened.slot.number

    @property
    def recovered(self) -> tuple[str, ...]:
        return tuple(self._opened.recovered)

    @property
    def view(self) -> View:
        return self._opened.view

    @property
    def opened(self) -> OpenSlot:
        return self._opened

    def search(self) -> Search:
        from chatdesk.store.search import Search

        return Search(self._opened.cache, self._opened.outbox)

    def call(self, work: Callable[..., T], *args: object) -> T:
        """Run ``work(self, *args)``; raises ``ChatDeskError``."""
        if not self._is_open:
            raise closed()
        try:
            try:
                return work(self, *args)
            except DamagedFile as failure:
                from chatdesk.store.healing import heal

                heal(self._opened, failure, self._now)
                if failure.role == CACHE.role:
                    self._user_cursor_read, self._cursors_read = False, set()
                return work(self, *args)
        except OSError as failure:
            raise from_os(failure) from failure

    # Rows of the server

    def apply(
        self,
        batch: RowBatch,
        user_cursor: int | None,
        conversation_cursors: Mapping[str, int],
        complete_from: Mapping[str, bool],
    ) -> ChangeSet:
        self._refuse_late_pages(user_cursor, conversation_cursors)
        recorder = self._opened.recorder()
        with self._opened.cache.transaction():
            Intake(self._opened.cache, recorder).store(
                batch, user_cursor, conversation_cursors, complete_from
            )
        return recorder.changes()

    def apply_events(self, events: Sequence[RemoteChange]) -> tuple[ChangeSet, Gaps]:
        recorder = self._opened.recorder()
        with self._opened.cache.transaction():
            gaps = EventIntake(self._opened.cache, recorder).store(events)
        return recorder.changes(), gaps

    def user_cursor(self) -> int:
        self._user_cursor_read = True
        return read_user_cursor(self._opened.cache)

    def conversation_cursor(self, conversation_id: str) -> int | None:
        if self._cursors_read is not None:
            self._cursors_read.add(conversation_id)
        cursor = read_cursor(self._opened.cache, conversation_id)
        return None if cursor is None else cursor.revision

    def standing(self, conversation_id: str | None) -> tuple[int, int | None]:
        """Return both cursors to be shown; no pull begins from these."""
        cursor = None if conversation_id is None else read_cursor(self._opened.cache, conversation_id)
        return read_user_cursor(self._opened.cache), None if cursor is None else cursor.revision

    def behind(self) -> dict[str, int]:
        return read_behind(self._opened.cache)

    def has_older(self, conversation_id: str) -> bool:
        cursor = read_cursor(self._opened.cache, conversation_id)
        if cursor is not None:
            return cursor.floor_seq > 0
        conversation = read_conversation(self._opened.cache, conversation_id)
        return conversation is not None and conversation.deleted_at is None and conversation.last_seq > 0

    def oldest_seq(self, conversation_id: str) -> int | None:
        return oldest_seq(self._opened.cache, conversation_id)

    def _refuse_late_pages(self, user_cursor: int | None, conversation_cursors: Mapping[str, int]) -> None:
        """A pull that began before the cache was lost must begin again, or it would end with a hole."""
        late = user_cursor is not None and not self._user_cursor_read
        if self._cursors_read is not None:
            late = late or not self._cursors_read.issuperset(conversation_cursors)
        if late:
            raise Retryable(
                "The local copy was damaged and set aside while it was being filled.",
                "It is fetched again from the start.",
                "cache_lost",
            )

    # What only this slot knows

    def setting(self, key: str) -> str | None:
        return read_setting(self._opened.cache, key)

    def save_setting(self, key: str, value: str) -> None:
        write_setting(self._opened.cache, key, value)

    # The end

    def close(self) -> None:
        if self._is_open:
            self._is_open = False
            self._opened.close()

    def begin_sign_out(self) -> None:
        """Mark the sign-out of this account for every instance on this computer, running or gone."""
        slots.begin_era(self._account)

    def was_signed_out(self) -> bool:
        """Tell whether the account was signed out on this computer since this slot was opened."""
        return slots.era_of(self._account) != self._era

    def erase(self) -> None:
        """Remove the files of this slot and of every slot whose instance is gone; the store is closed then.

        A slot that is in use is left to its own instance, which learns of the sign-out by the mark; if it
        dies before that, whoever takes the slot next empties it first.
        """
        self._is_open = False
        self._opened.close_files()
        failures: list[OSError] = []
        try:
            with slots.opening(self._account):
                for slot in chain([self._opened.slot], self._closed_slots()):
                    try:
                        slot.sign_out()
                    except OSError as failure:
                        failures.append(failure)
        finally:
            self._opened.slot.release()
        if failures:
            raise failures[0]

    def _closed_slots(self) -> Iterator[slots.Slot]:
        for _, other in slots.others(self._account, self.slot):
            if other is not None:
                yield other
