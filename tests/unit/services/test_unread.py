"""The number on the tray's icon."""

from __future__ import annotations

from dataclasses import replace

from chatdesk.services.loaded import EntriesLoaded
from chatdesk.services.notices import NoticeService
from chatdesk.services.open_account import OpenAccount
from chatdesk.services.unread import Unread
from tests.support.conversation_entries import changed, entry, removed
from tests.support.virtual_clock import VirtualClock


def test_unread_conversations_are_counted_whatever_happens_to_them() -> None:
    account = OpenAccount(VirtualClock(), NoticeService())
    unread = Unread(account)
    told: list[int] = []
    unread.changed.connect(told.append)
    away = entry(3, "Away", unread=True)
    away = replace(away, membership=replace(away.membership, archived=True))
    account.entries_loaded.emit(EntriesLoaded((entry(1, "One", unread=True), entry(2, "Two"), away), ()))
    assert unread.count == 1
    account.changes_applied.emit(changed(entry(2, "Two", unread=True)))
    account.changes_applied.emit(changed(entry(2, "Two, renamed", unread=True)))
    assert unread.count == 2
    account.changes_applied.emit(changed(entry(1, "One")))
    account.changes_applied.emit(removed(entry(2, "Two", unread=True)))
    assert told == [1, 2, 1, 0]
    account.entries_loaded.emit(EntriesLoaded((entry(1, "One", unread=True),), ()))
    account.closed.emit()
    assert unread.count == 0
