"""The windows of this process: one more, which one is in front, and which was the last."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QDialog

from chatdesk.app.open_window import OpenWindow
from chatdesk.config.options import WINDOW
from chatdesk.domain.session import Account
from chatdesk.language.door import sentence
from chatdesk.services.notices import Notice
from chatdesk.store.store import Store
from chatdesk.ui.window_state import read_window_state

if TYPE_CHECKING:
    from chatdesk.app.application import Application

OPEN_WINDOWS = "open_windows"
_MOST = 20
_STEP = QPoint(36, 36)
"""How far a window that was never open before stands from the one it was opened from."""


class OpenWindows(QObject):
    """Opens and closes windows; there is always at least one, which may be hidden.

    ``stays`` is asked when the last one is closed: whether it only hides. Signals: ``opened(OpenWindow)``
    when it is made and ``placed(OpenWindow)`` when one more is on screen;
    ``turned(OpenWindow)`` when the user turned to another one; ``last_closed()``.
    """

    opened = Signal(object)
    placed = Signal(object)
    turned = Signal(object)
    last_closed = Signal()

    def __init__(self, whole: Application) -> None:
        super().__init__()
        self._whole = whole
        self.all: list[OpenWindow] = []
        """The one the user looked at last is the first."""
        self._recalled = False
        self._slot = 0
        self._due: tuple[int, ...] = ()
        """Windows that were open when the program ended and are not yet again."""
        self.stays: Callable[[], bool] = lambda: False
        whole.notices.noticed.connect(self._tell)

    @property
    def active(self) -> OpenWindow:
        """The window that is in front, or was last."""
        return self.all[0]

    def make(self, number: int | None = None) -> OpenWindow:
        """Make a window of this number, or of the lowest free one; it is not on screen yet."""
        if number is None:
            taken = {each.number for each in self.all}
            number = next(n for n in range(1, len(self.all) + 2) if n not in taken)
        made = OpenWindow(self._whole, number)
        made.window.activated.connect(lambda: self._turn(made))
        made.window.closing.connect(lambda: self._closing(made))
        made.window.window_requested.connect(self.open_another)
        made.window.quit_requested.connect(self.quit)
        self.all.append(made)
        self.opened.emit(made)
        return made

    def open_another(self) -> asyncio.Task[None]:
        """Open one more window."""
        return self._whole.scope.start(self._open_another(), "open window")

    def raise_active(self) -> OpenWindow:
        """Bring the window that was looked at last to the front."""
        self.to_front(self.active)
        return self.active

    def to_front(self, which: OpenWindow) -> None:
        """Bring a window to the front, from the tray or the task bar if need be."""
        window = which.window
        window.showNormal() if window.isMinimized() else window.show()
        window.raise_()
        window.activateWindow()
        self._turn(which)

    def showing(self, conversation_id: str) -> OpenWindow | None:
        """Return the window that shows a conversation."""
        found = (each for each in self.all if each.realtime.current_conversation == conversation_id)
        return next(found, None)

    def quit(self) -> None:
        """Close them all, and with them the program."""
        for each in self.all:
            each.window.save()
        self.last_closed.emit()

    # The account --------------------------------------------------------------------------------------------

    def show_account(self, account: Account) -> None:
        """Turn every window to an account that is about to be opened."""
        for each in self.all:
            each.messages.set_user(account.user_id)
            each.window.account.set_account(account)
            each.window.show_chat()

    def clear(self) -> None:
        """Show nothing of the account that was open, but the page that offers one."""
        for each in self.all:
            each.wiring.clear()
            each.window.show_first_run()
            each.window.first_run.set_busy(True)

    async def recall(self, store: Store) -> None:
        """Learn which windows were open last; the first one takes the number of one of them."""
        self._slot = store.slot
        if self._recalled:
            return
        self._recalled = True
        self._due = _numbers(await store.setting(OPEN_WINDOWS), store.slot)
        if self._due and len(self.all) == 1 and self.all[0].number not in self._due:
            self.all[0].number = self.all[0].realtime.number = self._due[0]

    def save(self) -> None:
        """Keep what is unsent and where the windows are: another account is about to be shown."""
        for each in self.all:
            each.window.save()

    def forget(self) -> None:
        """Show nothing of an account that was left, and close what was open about it."""
        for each in self.all:
            for dialog in each.window.findChildren(QDialog):
                dialog.reject()
            each.wiring.clear()
            each.window.composer.forget_drafts()

    async def restore(self) -> None:
        """Bring back what the windows of this instance looked like, and those that were open last."""
        for each in list(self.all):
            await self._place(each)
        due, self._due = self._due, ()
        for number in due:
            if all(each.number != number for each in self.all):
                made = self.make(number)
                await made.join(again=True)
                await self._place(made)
                made.window.show()
                self.placed.emit(made)
        if len(self.all) > 1 and due:
            self.to_front(next(each for each in self.all if each.number == due[0]))
        self._note()

    def attach(self) -> None:
        """Serve the account that is about to be opened: the searches begin."""
        for each in self.all:
            each.search.attach()

    async def detach(self) -> None:
        """The searches end."""
        for each in list(self.all):
            await each.search.detach()

    # Inside -------------------------------------------------------------------------------------------------

    async def _open_another(self) -> None:
        beside = self.active.window
        made = self.make()
        made.window.resize(beside.size())
        made.window.move(beside.pos() + _STEP)
        await made.join()
        await self._place(made)
        made.window.show()
        made.window.raise_()
        made.window.activateWindow()
        made.window.composer.setFocus()
        self._turn(made)
        self._note()
        self.placed.emit(made)

    async def _place(self, each: OpenWindow) -> None:
        if each.realtime.account is not None and (state := await each.realtime.kept(WINDOW.key)) is not None:
            each.window.restore(read_window_state(state))

    def _turn(self, which: OpenWindow) -> None:
        if which in self.all:
            self.all.remove(which)
            self.all.insert(0, which)
            self._whole.open_account.focus(which.realtime)
            self.turned.emit(which)

    def _closing(self, which: OpenWindow) -> None:
        if which not in self.all:
            return
        if len(self.all) > 1:
            self.all.remove(which)
            self._note()
            self._whole.scope.start(which.close(), "close window")
        elif not self.stays():
            self.last_closed.emit()

    def _note(self) -> None:
        """Write down which windows are open, the one in front first: the next start opens them again."""
        if self._whole.open_account.account is not None:
            numbers = [each.number for each in self.all]
            kept = json.dumps({"slot": self._slot, "windows": numbers})
            self._whole.open_account.save_setting(OPEN_WINDOWS, kept)

    def _tell(self, notice: Notice) -> None:
        text, step = sentence(notice.text), sentence(notice.next_step)
        self.active.window.notices.tell(text, step, notice.level.value)


def _numbers(kept: str | None, slot: int) -> tuple[int, ...]:
    """Read what was written down for this slot; whatever else is there counts as nothing.

    A new slot begins with a copy of another one's settings, and the windows of a process that runs beside
    this one are not to be opened here as well.
    """
    try:
        found = json.loads(kept or "{}")
        numbers = found["windows"] if found["slot"] == slot else []
        whole = [each for each in numbers if type(each) is int and 0 < each <= _MOST]
    except (ValueError, KeyError, TypeError):
        return ()
    return tuple(dict.fromkeys(whole))
