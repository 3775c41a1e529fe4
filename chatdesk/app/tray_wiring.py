"""Joins tray and notifications with the windows of this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatdesk.app.notifier import Notifier
from chatdesk.config.options import HIDE_TO_TRAY, NOTIFY_REPLIES, Option
from chatdesk.language.door import _
from chatdesk.models.conversation_list import NEW_TITLE
from chatdesk.services.reply_alerts import ReplyAlert, ReplyAlerts
from chatdesk.services.unread import Unread
from chatdesk.ui.actions.table import ActionId
from chatdesk.ui.tray import Tray

if TYPE_CHECKING:
    from chatdesk.app.application import Application
    from chatdesk.app.open_window import OpenWindow


class TrayWiring:
    """The icon is there while something needs it: to hide there, or to notify from."""

    def __init__(self, whole: Application, tray: Tray) -> None:
        self._whole = whole
        self.tray = tray
        self.unread = Unread(whole.open_account)
        self.alerts = ReplyAlerts(whole.open_account, whole.generation, whole.preferences, self.in_sight)
        self.unread.changed.connect(tray.set_unread)
        self.alerts.alerted.connect(self._alert)
        whole.preferences.changed.connect(self._follow)
        whole.windows.stays = self.hides
        tray.open_requested.connect(whole.windows.raise_active)
        tray.new_chat_requested.connect(self._new_chat)
        tray.quit_requested.connect(whole.windows.quit)
        self.notifier = Notifier(tray, self.open)
        whole.windows.turned.connect(self._seen)
        whole.windows.opened.connect(self._watch)
        for each in whole.windows.all:
            self._watch(each)

    def start(self) -> None:
        """Show the icon if an option asks for it."""
        options = self._whole.preferences
        self.tray.show(options.get(HIDE_TO_TRAY) or options.get(NOTIFY_REPLIES))

    def hides(self) -> bool:
        """Tell whether the last window that is closed goes to the tray, from where it can be had back."""
        return self._whole.preferences.get(HIDE_TO_TRAY) and self.tray.shown

    def in_sight(self, conversation_id: str) -> bool:
        """Tell whether the user has a conversation before their eyes."""
        shown = (each for each in self._whole.windows.all if each.window.isActiveWindow())
        return any(
            each.realtime.current_conversation == conversation_id
            and each.window.isVisible()
            and not each.window.isMinimized()
            for each in shown
        )

    def open(self, conversation_id: str) -> None:
        """Bring a conversation to the front, in the window that shows it or else in the last one used."""
        windows = self._whole.windows
        shown = windows.showing(conversation_id) or windows.active
        windows.to_front(shown)
        if conversation_id and shown.realtime.current_conversation != conversation_id:
            shown.realtime.set_current_conversation(conversation_id)

    def _alert(self, alert: ReplyAlert) -> None:
        heading = alert.title or _(NEW_TITLE)
        text = _("The reply failed.") if alert.failed else _("The reply is ready.")
        self.notifier.tell(heading, text, alert.conversation_id, action=_("Open the chat"))
        # Flashes in the task bar, which works without a tray as well.
        shown = self._whole.windows.showing(alert.conversation_id) or self._whole.windows.active
        self._whole.qt.alert(shown.window)

    def _watch(self, which: OpenWindow) -> None:
        which.bonds.join(which.realtime.current_conversation_changed, lambda _id: self._seen(which))

    def _seen(self, which: OpenWindow) -> None:
        """What the user looks at need not be told any more."""
        shown = which.realtime.current_conversation
        if shown and self.in_sight(shown):
            self.notifier.withdraw(shown)

    def _new_chat(self) -> None:
        self._whole.windows.raise_active().window.actions_table[ActionId.NEW_CHAT].trigger()

    def _follow(self, option: Option[Any]) -> None:
        if option in (HIDE_TO_TRAY, NOTIFY_REPLIES):
            self.start()
