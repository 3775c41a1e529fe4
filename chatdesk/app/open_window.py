"""One window with what is its own: its view of the account, its models, its search and its wiring."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from chatdesk.app.bonds import Bonds
from chatdesk.app.wiring import Wiring
from chatdesk.models.conversation_list import ConversationListModel
from chatdesk.models.message_list import MessageListModel
from chatdesk.services.realtime import RealtimeService
from chatdesk.services.search import SearchService
from chatdesk.ui.main_window import MainWindow
from chatdesk.ui.timeline.view import TimelineView

if TYPE_CHECKING:
    from chatdesk.app.application import Application

Fact = TypeVar("Fact")


class OpenWindow:
    """Made of the parts that every window has for itself, beside those of the application it shares.

    ``number`` counts the windows of this process from 1; a place, a draft and a choice of versions belong to
    a number and are there again when a window of that number opens.
    """

    def __init__(self, whole: Application, number: int) -> None:
        self.whole = whole
        self.number = number
        self.qt = whole.qt
        self.theme = whole.theme
        self.session = whole.session
        self.generation = whole.generation
        self.profiles = whole.profiles
        self.models = whole.models
        self.portability = whole.portability
        self.sharing = whole.sharing
        self.kept = whole.kept
        self.succession = whole.succession
        self.attachments = whole.attachments
        self.people = whole.people
        self.notices = whole.notices
        self.bonds = Bonds()
        self._closed = False
        self.realtime = RealtimeService(whole.clock, whole.notices, shared=whole.open_account, number=number)
        self.search = SearchService(self.realtime, whole.clock)
        self.conversations = ConversationListModel()
        self.messages = MessageListModel()
        self.timeline = TimelineView(whole.theme, whole.clock)
        self.timeline.set_model(self.messages)
        whole.appearance.dress(self.timeline)
        self.window = MainWindow(whole.theme, self.conversations, self.timeline, whole.preferences)
        self.window.settings.installation = whole.installation
        self.window.settings.updates = whole.updates
        self.wiring = Wiring(self)

    async def join(self, *, again: bool = False) -> None:
        """Take part in the account that is open already; ``again`` as ``RealtimeService.join`` says."""
        account = self.realtime.account
        if account is None:
            self.window.show_first_run()
            return
        self.messages.set_user(account.user_id)
        self.window.account.set_account(account)
        self.search.attach()
        await self.realtime.join(again=again)
        self.wiring.catch_up()

    def while_open(self, work: Callable[[Fact], None]) -> Callable[[Fact], None]:
        """Return ``work`` so that it does nothing any more once the window is closed."""

        def heard(fact: Fact) -> None:
            if not self._closed:
                work(fact)

        return heard

    async def close(self) -> None:
        """Take the window away; what it was about to write is written."""
        self._closed = True
        self.window.sign_in.close()
        self.bonds.release()
        self.realtime.leave()
        await self.search.detach()
        self.window.hide()
        self.window.deleteLater()
