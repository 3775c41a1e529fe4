"""The window: it holds the parts, shows facts and asks for what the user wants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QMoveEvent, QResizeEvent
from PySide6.QtWidgets import QMainWindow, QSplitter, QStackedWidget, QWidget

from chatdesk.config.preferences import Preferences
from chatdesk.domain.conversation import MemberRole
from chatdesk.language.door import N_, _
from chatdesk.models.conversation_list import LISTED_ROLES, NEW_TITLE, ConversationListModel
from chatdesk.services.preferences import PreferenceService
from chatdesk.ui.account_verbs import AccountVerbs
from chatdesk.ui.actions.action_set import ActionSet
from chatdesk.ui.actions.table import ActionId, Need
from chatdesk.ui.chat_pane import ChatPane
from chatdesk.ui.conversation_verbs import ConversationVerbs
from chatdesk.ui.conversations.departures import Departures
from chatdesk.ui.notices import NoticeStack
from chatdesk.ui.screen_room import fitting
from chatdesk.ui.search.verbs import SearchVerbs
from chatdesk.ui.settings_verbs import SettingsVerbs
from chatdesk.ui.sharing.verbs import SharingVerbs
from chatdesk.ui.sidebar import Sidebar
from chatdesk.ui.sidebar_slide import SidebarSlide
from chatdesk.ui.sign_in_verbs import SignInVerbs
from chatdesk.ui.theme.icons import icon
from chatdesk.ui.theme.metrics import HEADER, SIDEBAR
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.transfer.verbs import TransferVerbs
from chatdesk.ui.window_state import WindowState, pack_geometry
from chatdesk.ui.words import retell

if TYPE_CHECKING:
    from chatdesk.ui.dialogs.first_run import FirstRunPage

STATE_DELAY_MS = 500
SESSION_ONLY = N_("ChatDesk can go on for this session only; then you are asked to sign in next time.")
DELETED_ELSEWHERE = N_("“{title}” was deleted in another window.")
LEAST_SIZE = QSize(560, 440)
USUAL_SIZE = QSize(1120, 760)


class MainWindow(QMainWindow):
    """Everything around the timeline.

    The parts are public, ask for what is theirs and are told facts directly: ``first_run``, ``composer``,
    ``verbs`` (one conversation), ``account`` (profile, sync state, panel), ``sign_in`` (ways into accounts),
    ``notices``, ``transfer`` (export and import). What concerns several of them goes through the window:
    which conversation is open, replies under way, the page shown.

    Signals of the window itself: ``open_requested(id)`` when the user chose a conversation (empty: none; the
    next message starts one), ``rename_requested(id, title)``, ``refresh_requested()``,
    ``session_only_requested()``, ``state_changed(WindowState)``, ``closing()``, ``activated()`` when it came
    to the front, ``window_requested()`` for one more, ``quit_requested()`` for the end of them all,
    ``message_action_requested(ActionId)`` about the message with the focus or the last one it fits.
    """

    open_requested = Signal(str)
    rename_requested = Signal(str, str)
    refresh_requested = Signal()
    session_only_requested = Signal()
    state_changed = Signal(object)
    closing = Signal()
    activated = Signal()
    window_requested = Signal()
    quit_requested = Signal()
    message_action_requested = Signal(object)

    def __init__(
        self,
        theme: Theme,
        conversations: ConversationListModel,
        timeline: QWidget,
        preferences: PreferenceService | None = None,
    ) -> None:
        super().__init__()
        self._theme = theme
        self._conversations = conversations
        self._deleting: set[str] = set()
        self._width = SIDEBAR
        self.setWindowIcon(icon("chatdesk", ""))
        self.setMinimumSize(LEAST_SIZE)
        self.resize(fitting(self, USUAL_SIZE))
        self.sidebar = Sidebar(theme, conversations)
        self.pane = ChatPane(theme, timeline)
        self.composer = self.pane.composer
        self.actions_table = ActionSet(self, theme)
        self.verbs = ConversationVerbs(self, theme, conversations, self.sidebar.list)
        self.account = AccountVerbs(self, theme, self.actions_table, self.sidebar.badge, self.sidebar.profile)
        self.sign_in = SignInVerbs(self, theme, self.account)
        self.account.facts_changed.connect(self._enable)
        self.search = SearchVerbs(
            self, theme, conversations, self.actions_table, self.pane.find_bar, self.composer.setFocus
        )
        self.settings = SettingsVerbs(
            self,
            theme,
            self.actions_table,
            self.account,
            self.composer,
            preferences or PreferenceService(Preferences(), self),
        )
        self.transfer = TransferVerbs(self, conversations)
        self.sharing = SharingVerbs(self, theme, conversations, self.pane)
        self.verbs.people = self.sharing
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._slide = SidebarSlide(self._splitter, self.sidebar)
        self._pages = QStackedWidget()
        self._lay_out()
        self.sign_in.page_made.connect(self._pages.addWidget)
        self.notices = NoticeStack(self.pane, theme, top=HEADER + 10)
        self.departures = Departures(self.verbs, conversations, self.notices, self._reopen)
        self.transfer.notices = self.notices
        self._state_timer = QTimer(self)
        self._day_timer = QTimer(self)
        self._connect()
        self.show_conversation("")
        self.show_chat()

    def _lay_out(self) -> None:
        self._splitter.addWidget(self.sidebar)
        self._splitter.addWidget(self.pane)
        self._splitter.setCollapsible(0, False)
        self._splitter.setCollapsible(1, False)
        self._splitter.setStretchFactor(1, 1)
        self._splitter.setHandleWidth(1)
        self._splitter.setSizes([SIDEBAR, USUAL_SIZE.width() - SIDEBAR])
        self._pages.addWidget(self._splitter)
        self.setCentralWidget(self._pages)

    def _connect(self) -> None:
        model, header = self._conversations, self.pane.header
        self.actions_table.chosen.connect(self._carry_out)
        self.sidebar.new_chat_requested.connect(lambda: self._carry_out(ActionId.NEW_CHAT))
        self.sidebar.join_requested.connect(lambda: self._carry_out(ActionId.JOIN_CHAT))
        self.sidebar.hide_requested.connect(lambda: self.show_sidebar(False))
        self.sidebar.list.open_requested.connect(self._open)
        self.sidebar.list.rename_requested.connect(self.rename_requested)
        header.sidebar_requested.connect(lambda: self.show_sidebar(True))
        header.menu_requested.connect(lambda at: self.verbs.open_menu(model.active, at))
        self.verbs.delete_requested.connect(self._deleting.add)
        self.departures.undo_requested.connect(self._deleting.discard)
        self.composer.picker.set_up_requested.connect(self.settings.open_models)
        self.pane.archived.unarchive_requested.connect(
            lambda: self.verbs.carry_out(ActionId.UNARCHIVE_CHAT, model.active)
        )
        self.sidebar.messages_requested.connect(self.search.search_messages)
        self.sidebar.left.connect(self.composer.setFocus)
        self.verbs.export_requested.connect(self.transfer.carry_out)
        self.account.refresh_requested.connect(self.refresh_requested)
        self.settings.action_requested.connect(self._carry_out)
        self.search.open_requested.connect(self._open)
        model.active_removed.connect(self._active_removed)
        model.removed.connect(self._forget)
        model.active_changed.connect(self._refresh)
        model.dataChanged.connect(self._row_changed)
        model.rowsInserted.connect(self._refresh)
        model.modelReset.connect(self._refresh)
        self._splitter.splitterMoved.connect(self._note_state)
        self._state_timer.setSingleShot(True)
        self._state_timer.setInterval(STATE_DELAY_MS)
        self._state_timer.timeout.connect(self._tell_state)
        # Once a minute is soon enough for a new day, and right after a suspended night as well.
        self._day_timer.setTimerType(Qt.TimerType.VeryCoarseTimer)
        self._day_timer.timeout.connect(self.sidebar.list.regroup)
        self._day_timer.start(60_000)
        retell(self._refresh)

    # Facts

    @property
    def first_run(self) -> FirstRunPage:
        """The page that offers an account."""
        return self.sign_in.page

    def show_first_run(self) -> None:
        """Show the page that offers an account, beside those that are known here."""
        self.first_run.set_busy(False)
        self.first_run.forget_failures()
        self.first_run.known.offer(self.account.choices())
        self._pages.setCurrentWidget(self.first_run)
        self._enable()
        (self.first_run.known.buttons or [self.first_run.local_button])[0].setFocus()

    def show_chat(self) -> None:
        """Show the list and the conversation."""
        self._pages.setCurrentWidget(self._splitter)
        self._enable()
        self.composer.setFocus()

    def show_conversation(self, conversation_id: str) -> None:
        """Turn to a conversation, or with an empty id to the start of a new one; asks for nothing."""
        self._conversations.set_active(conversation_id)
        self.composer.open(conversation_id)
        self.pane.show_timeline(bool(conversation_id))
        self.search.conversation_shown(conversation_id)
        self._refresh()

    def set_model_notice(self, text: str | None) -> None:
        """Show above the composer that no model is set up and what to do, or with None hide it."""
        self.pane.notice.say(text)

    def set_replying(self, conversation_id: str, replying: bool) -> None:
        """A reply is being written in a conversation, or no longer."""
        self._conversations.set_replying(conversation_id, replying)
        self._refresh()

    def ask_session_only(self, reason: str) -> None:
        """Say that the keyring does not answer and ask whether to go on without remembering."""
        from chatdesk.ui.dialogs.confirm import confirm

        confirm(
            self,
            _("The keyring is not available"),
            f"{reason} {_(SESSION_ONLY)}",
            _("Go on for this session"),
            self.session_only_requested.emit,
        )

    def show_sidebar(self, shown: bool) -> None:
        """Show or hide the sidebar."""
        if not shown and self._slide.shown:
            self._width = self.sidebar.width()
        self._slide.show(shown, self._width)
        self.pane.header.sidebar_button.setVisible(not shown)
        self._note_state()

    def restore(self, state: WindowState) -> None:
        """Take the place, size and sidebar of an earlier run; what is unusable is ignored."""
        if geometry := state.geometry_bytes():
            self.restoreGeometry(geometry)
        self._width = state.sidebar_width
        self._splitter.setSizes([self._width, max(1, self.width() - self._width)])
        self.show_sidebar(state.sidebar_shown)

    def state(self) -> WindowState:
        """Return place, size and sidebar as they are."""
        shown = self._slide.shown
        width = self.sidebar.width() if shown and self.isVisible() else self._width
        return WindowState(pack_geometry(bytes(self.saveGeometry().data())), width, shown)

    # What the user does

    def _open(self, conversation_id: str, take_focus: bool = True) -> None:
        if conversation_id != self._conversations.active or not conversation_id:
            self.show_conversation(conversation_id)
            self.open_requested.emit(conversation_id)
        if take_focus:
            self.composer.setFocus()

    def _carry_out(self, action: ActionId) -> None:
        active = self._conversations.active
        target = active
        if self.sidebar.list.hasFocus():
            target = self.sidebar.list.current_id() or active
        if (
            self.verbs.carry_out(action, target)
            or self.account.carry_out(action)
            or self.sign_in.carry_out(action)
            or self.settings.carry_out(action)
            or self.search.carry_out(action)
            or self.sidebar.carry_out(action)
            or self.transfer.carry_out(action, target)
        ):
            return
        match action:
            case ActionId.NEW_CHAT:
                self._open("")
            case ActionId.NEXT_CHAT | ActionId.PREVIOUS_CHAT:
                if other := self.sidebar.list.neighbour(1 if action is ActionId.NEXT_CHAT else -1):
                    self._open(other)
            case ActionId.STOP_REPLY:
                self.composer.stop_requested.emit(active)
            case _ if action.value.startswith("message.") or action in (
                ActionId.REGENERATE,
                ActionId.COPY_REPLY,
                ActionId.FIRST_UNREAD,
            ):
                self.message_action_requested.emit(action)
            case ActionId.CHOOSE_MODEL:
                self.composer.picker.open()
            case ActionId.FOCUS_COMPOSER:
                self.composer.setFocus()
            case ActionId.ATTACH_FILES:
                self.composer.choose_files()
            case ActionId.TOGGLE_SIDEBAR:
                self.show_sidebar(not self._slide.shown)
            case ActionId.FIND_CHAT:
                self.show_sidebar(True)
                self.sidebar.carry_out(action)
            case ActionId.UNDO_CHAT:
                self.departures.undo_last()
            case ActionId.REFRESH:
                self.refresh_requested.emit()
            case ActionId.NEW_WINDOW:
                self.window_requested.emit()
            case ActionId.CLOSE_WINDOW:
                self.close()
            case ActionId.QUIT:
                self.quit_requested.emit()
            case _:
                raise ValueError(f"Nothing is connected to {action}.")

    # Following the model

    def _row_changed(self, first: QModelIndex, last: QModelIndex, roles: list[int]) -> None:
        if roles and LISTED_ROLES.issuperset(roles):
            return
        if first.row() <= self._conversations.row_of(self._conversations.active) <= last.row():
            self._refresh()

    def _active_removed(self, conversation_id: str) -> None:
        title = self.pane.header.title() or _(NEW_TITLE)
        if conversation_id not in self._deleting:
            # Deleted elsewhere: what was being written here is not lost.
            self.composer.move_draft(conversation_id, "")
            guest = self._conversations.last_role is not MemberRole.OWNER
            gone = _("“{title}” is not shared with you any more.") if guest else _(DELETED_ELSEWHERE)
            self.notices.tell(gone.format(title=title), level="warning")
        self._open("", take_focus=False)

    def _forget(self, conversation_id: str) -> None:
        """What was written for a chat that was deleted here goes with it, now that this is final."""
        if conversation_id in self._deleting:
            self._deleting.discard(conversation_id)
            self.composer.forget(conversation_id)

    def let_go(self, conversation_id: str) -> None:
        """The user is leaving a chat: that it goes is no news."""
        self._deleting.add(conversation_id)

    def keep(self, conversation_id: str) -> None:
        """It does not go after all."""
        self._deleting.discard(conversation_id)

    def _reopen(self, conversation_id: str) -> None:
        """Go from a chat that is being deleted, or back to it; the keyboard stays in the list."""
        self._open(conversation_id, take_focus=not self.sidebar.list.hasFocus())

    def _refresh(self) -> None:
        active = self._conversations.active
        entry = self._conversations.entry(active)
        title = "" if not active else _(NEW_TITLE)
        if entry is not None:
            title = entry.conversation.title or _(NEW_TITLE)
        self.pane.archived.setVisible(entry is not None and entry.membership.archived)
        self.pane.header.show_conversation(title)
        self.composer.picker.show_conversation(active, entry.conversation.model if entry else None)
        self.setWindowTitle(f"{title} – ChatDesk" if title else "ChatDesk")
        self.composer.set_replying(bool(active) and self._conversations.is_replying(active))
        self.sharing.refresh()
        self._enable()

    def _enable(self) -> None:
        active = self._conversations.active
        holds = Need.NOTHING
        if self._pages.currentWidget() is self._splitter:
            holds |= Need.ACCOUNT
            holds |= self.account.facts.needs
        if active:
            holds |= Need.CONVERSATION
        if self._conversations.is_replying(active):
            holds |= Need.REPLYING
        self.actions_table.enable(holds)

    # The window itself

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._note_state()

    def moveEvent(self, event: QMoveEvent) -> None:
        super().moveEvent(event)
        self._note_state()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.activated.emit()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.save()
        self.closing.emit()
        super().closeEvent(event)

    def save(self) -> None:
        """Tell now what is unsent and where the window is, as before it goes."""
        self.composer.save_draft()
        self._state_timer.stop()
        self._tell_state()

    def _note_state(self) -> None:
        self._state_timer.start()

    def _tell_state(self) -> None:
        self.state_changed.emit(self.state())
