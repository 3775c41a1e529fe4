"""The road out of an account, step by step, and what another window's sign-out does to unsent changes."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from PySide6.QtCore import QObject, Signal

from chatdesk.app import sign_out
from chatdesk.app.application import Application
from chatdesk.app.sign_out import SignOut
from chatdesk.domain.errors import ChatDeskError
from chatdesk.domain.session import Account, BackendKind, LinkState, SyncState

ANNA = Account("supabase-1-u", "u", BackendKind.SUPABASE, "https://a.supabase.co", "anna@example.org")


class Realtime(QObject):
    """What the road asks of the service."""

    state_changed = Signal(object)

    def __init__(self, state: SyncState) -> None:
        super().__init__()
        self.account: Account | None = ANNA
        self.engine = SimpleNamespace(state=state)

    def become(self, state: SyncState) -> None:
        self.engine.state = state
        self.state_changed.emit(state)


class Whole:
    """An application that writes down what is done to it."""

    def __init__(self, state: SyncState, *, told: bool = True) -> None:
        self.steps: list[str] = []
        self.notes: list[str] = []
        self.failing: set[str] = set()
        self.realtime = Realtime(state)
        self.told = told
        self.open_account = self.realtime
        self.workspace = self.accounts = self.windows = self.session = self
        self.notices = SimpleNamespace(tell=lambda text, *_: self.notes.append(text))

    def _do(self, step: str) -> None:
        self.steps.append(step)
        if step in self.failing:
            raise ChatDeskError("It failed.")

    async def stop(self) -> None:
        self._do("stop")

    async def begin_sign_out(self) -> None:
        self._do("mark")

    async def sign_out(self, account: Account, everywhere: bool) -> bool:
        self._do("everywhere" if everywhere else "here")
        return self.told

    async def drop(self, account: Account) -> None:
        self._do("drop")

    async def close(self, *, erase: bool) -> None:
        assert erase
        self._do("erase")

    def clear(self) -> None:
        self.steps.append("clear")

    def left(self) -> None:
        self.realtime.account = None
        self.steps.append("left")


def road(whole: Whole) -> SignOut:
    return SignOut(cast(Application, cast(Any, whole)))


CONNECTED = SyncState(LinkState.CONNECTED)


async def test_the_engine_stops_the_mark_is_made_the_server_is_told_and_then_all_goes() -> None:
    whole = Whole(CONNECTED)
    await road(whole).leave(ANNA, True)
    assert whole.steps == ["stop", "clear", "mark", "everywhere", "erase", "left"]
    assert whole.notes == []


@pytest.mark.parametrize("failing", ["mark", "erase"])
async def test_a_step_that_fails_stops_none_of_the_others(failing: str) -> None:
    whole = Whole(CONNECTED)
    whole.failing = {failing}
    await road(whole).leave(ANNA, False)
    assert whole.steps[-4:] == ["mark", "here", "erase", "left"]
    assert len(whole.notes) == 1


async def test_a_server_that_could_not_be_told_is_told_of() -> None:
    whole = Whole(CONNECTED, told=False)
    await road(whole).leave(ANNA, False)
    assert whole.notes == [sign_out.UNTOLD]


async def test_leaving_twice_at_once_is_leaving_once() -> None:
    whole = Whole(CONNECTED)
    way = road(whole)
    await asyncio.gather(way.leave(ANNA, False), way.follow(ANNA), way.leave(ANNA, True))
    assert whole.steps.count("left") == 1


async def test_another_windows_sign_out_lets_the_last_words_go_out_first() -> None:
    whole = Whole(SyncState(LinkState.CONNECTED, pending=2))
    following = asyncio.ensure_future(road(whole).follow(ANNA))
    for pending in (1, 0):
        await asyncio.sleep(0)
        assert whole.steps == []
        whole.realtime.become(SyncState(LinkState.CONNECTED, pending=pending))
    await following
    assert whole.steps == ["stop", "clear", "drop", "erase", "left"]
    assert whole.notes == ["You signed out in another window."]


@pytest.mark.parametrize("link", [LinkState.OFFLINE, LinkState.NEEDS_SIGN_IN])
async def test_what_cannot_be_sent_is_counted_honestly(
    link: LinkState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_out, "LAST_WORDS", 0.01)
    whole = Whole(SyncState(link, pending=2, failed=1))
    await road(whole).follow(ANNA)
    assert whole.steps[-1] == "left"
    assert "3 changes" in whole.notes[0]


async def test_closing_the_window_waits_for_a_sign_out_but_not_for_last_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sign_out, "LAST_WORDS", 1000.0)
    monkeypatch.setattr(sign_out, "FINISH_SECONDS", 1000.0)
    whole = Whole(SyncState(LinkState.OFFLINE, pending=1))
    way = road(whole)
    following = asyncio.ensure_future(way.follow(ANNA))
    await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await way.finished()
    following.cancel()
    await asyncio.wait({following})
    leaving = asyncio.ensure_future(way.leave(ANNA, False))
    await asyncio.sleep(0)
    await way.finished()
    assert whole.steps[-1] == "left" or "erase" in whole.steps
    await leaving
