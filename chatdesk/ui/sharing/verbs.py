"""What can be done about the people in a chat from anywhere in a window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from chatdesk.domain.conversation import Answers, ConversationEntry, MemberRole
from chatdesk.domain.mention import MODEL, answers_by, mention_of, mentions_model
from chatdesk.domain.provider import model_name
from chatdesk.domain.sharing import Member, Roster
from chatdesk.language.door import _
from chatdesk.models.conversation_list import NEW_TITLE, ConversationListModel
from chatdesk.ui.actions.table import ActionId
from chatdesk.ui.chat_pane import ChatPane
from chatdesk.ui.sharing.people import Face, FaceOf
from chatdesk.ui.theme.theme import Theme

if TYPE_CHECKING:
    from chatdesk.ui.sharing.join_dialog import JoinDialog
    from chatdesk.ui.sharing.kept_dialog import KeptDialog
    from chatdesk.ui.sharing.members_dialog import MembersDialog
    from chatdesk.ui.sharing.mentions import MentionCompleter

_WRITING = frozenset(
    {
        ActionId.RENAME_CHAT,
        ActionId.CHAT_SETTINGS,
        ActionId.CHOOSE_MODEL,
        ActionId.ATTACH_FILES,
        ActionId.REGENERATE,
        ActionId.EDIT_LAST,
        ActionId.STOP_REPLY,
    }
)
MOST_LOOKED_AT = 20_000
"""A longer text is not searched for a mention at every key; the answer comes when it is sent."""


class SharingVerbs(QObject):
    """Opens the dialogs, and shows in the chat pane who answers and who may write.

    The dialogs ask for the rest: ``opened(MembersDialog)`` and ``join_opened(JoinDialog)`` hand them out to
    be connected. ``leave_requested(id)`` after the question was answered. ``roster_of`` and ``face_of`` are
    set by whoever knows people.
    """

    opened = Signal(object)
    join_opened = Signal(object)
    leave_requested = Signal(str)

    def __init__(
        self, window: QWidget, theme: Theme, conversations: ConversationListModel, pane: ChatPane
    ) -> None:
        super().__init__(window)
        self._window = window
        self._theme = theme
        self._conversations = conversations
        self._pane = pane
        self._model: str | None = None
        self.roster_of: Callable[[str], Roster | None] = lambda _conversation_id: None
        self.face_of: FaceOf = lambda _user_id: Face(_("Someone"))
        self.user_id = ""
        self.dialog: MembersDialog | None = None
        self.join: JoinDialog | None = None
        self.kept: KeptDialog | None = None
        self._mentions: MentionCompleter | None = None
        pane.composer.field.textChanged.connect(self._look_for_mention)
        pane.header.share_button.clicked.connect(lambda: self.open_members(conversations.active))

    @property
    def mentions(self) -> MentionCompleter:
        """The names behind an @; there when a chat has names to offer."""
        from chatdesk.ui.sharing.mentions import MentionCompleter

        if self._mentions is None:
            self._mentions = MentionCompleter(self._pane.composer.field)
        return self._mentions

    def carry_out(self, action: ActionId, conversation_id: str) -> bool:
        """Do what ``action`` means here; False when it is not about people."""
        match action:
            case ActionId.SHARE_CHAT:
                self.open_members(conversation_id)
            case ActionId.JOIN_CHAT:
                self.open_join()
            case ActionId.LEAVE_CHAT:
                self.ask_leave(conversation_id)
            case ActionId.DELETE_CHAT if self.is_guest(conversation_id):
                # Deleting is the owner's; for everybody else the same key leaves.
                self.ask_leave(conversation_id)
            case _ if action in _WRITING:
                # Whoever may only read has nothing to change here.
                return self.role(conversation_id) is MemberRole.VIEWER
            case _:
                return False
        return True

    # Dialogs

    def open_members(self, conversation_id: str) -> None:
        from chatdesk.ui.sharing.members_dialog import MembersDialog

        entry = self._conversations.entry(conversation_id)
        if entry is None:
            return
        title = entry.conversation.title or _(NEW_TITLE)
        self.dialog = MembersDialog(self._theme, conversation_id, title, self._window)
        self.dialog.finished.connect(self._closed)
        self.dialog.show_roster(self._roster(entry), self.user_id, self.face_of)
        self.opened.emit(self.dialog)
        self.dialog.open()

    def open_join(self) -> None:
        from chatdesk.ui.sharing.join_dialog import JoinDialog

        self.join = JoinDialog(self._window)
        self.join.finished.connect(self._join_closed)
        self.join_opened.emit(self.join)
        self.join.open()

    def ask_leave(self, conversation_id: str) -> None:
        """Ask before leaving; the owner cannot, and is shown the people to hand over to."""
        from chatdesk.ui.sharing.members_dialog import confirm_leaving

        entry = self._conversations.entry(conversation_id)
        if entry is None:
            return
        if not self.is_guest(conversation_id):
            self.open_members(conversation_id)
            return
        title = entry.conversation.title or _(NEW_TITLE)
        confirm_leaving(self._window, title, lambda: self.leave_requested.emit(conversation_id))

    def show_kept(self, texts: Sequence[str], discard: Callable[[], None]) -> None:
        """Show what was written for a chat that is gone."""
        from chatdesk.ui.sharing.kept_dialog import KeptDialog

        self.kept = KeptDialog(self._theme, texts, self._window)
        self.kept.finished.connect(self._kept_closed)
        self.kept.discard_requested.connect(discard)
        self.kept.open()

    # Facts

    def role(self, conversation_id: str) -> MemberRole:
        """Return what the user may do in a conversation."""
        entry = self._conversations.entry(conversation_id)
        return MemberRole.OWNER if entry is None else entry.membership.role

    def is_guest(self, conversation_id: str) -> bool:
        """Tell whether the conversation is somebody else's."""
        return self.role(conversation_id) is not MemberRole.OWNER

    def set_model(self, model: str | None) -> None:
        """Name the model that answers where the conversation itself names none."""
        self._model = model
        self.refresh()

    def roster_changed(self, conversation_id: str) -> None:
        """Somebody came, left or may do something else."""
        if self.dialog is not None and self.dialog.conversation_id == conversation_id:
            entry = self._conversations.entry(conversation_id)
            if entry is None:
                self.dialog.reject()
            else:
                self.dialog.show_roster(self._roster(entry), self.user_id, self.face_of)
        if conversation_id == self._conversations.active:
            self.refresh()

    def refresh(self) -> None:
        """Show for the open conversation who answers, who may write, and which names there are."""
        entry = self._conversations.entry(self._conversations.active)
        reader = entry is not None and entry.membership.role is MemberRole.VIEWER
        roster = None if entry is None else self.roster_of(entry.id)
        shared = roster is not None and roster.is_shared
        pane = self._pane
        pane.header.show_people(
            entry is not None, len(roster.members) if roster is not None and shared else 0
        )
        pane.composer.setVisible(not reader)
        pane.reader.setVisible(reader)
        answers = None
        names: list[str] = []
        if roster is not None:
            owner = next((m.user_id for m in roster.members if m.role is MemberRole.OWNER), "")
            pane.reader.show_owner(self.face_of(owner).name if owner else "")
        if entry is not None and (shared or entry.conversation.answers is Answers.MENTIONED):
            answers = None if reader else answers_by(entry.conversation.answers, shared)
            names = self._names(entry, self._roster(entry))
        pane.answers.show_answers(answers)
        if names or self._mentions is not None:
            self.mentions.offer(names)
        self._look_for_mention()

    def model_of(self, entry: ConversationEntry) -> str | None:
        """Return the plain name of the model that answers in a conversation."""
        model = entry.conversation.model or self._model
        return model_name(model) if model else None

    # Inside

    def _names(self, entry: ConversationEntry, roster: Roster) -> list[str]:
        model = self.model_of(entry)
        people = [self.face_of(m.user_id) for m in roster.members if m.user_id != self.user_id]
        named = [MODEL, *([mention_of(model)] if model else [])]
        return list(dict.fromkeys([*named, *sorted(face.handle or mention_of(face.name) for face in people)]))

    def _roster(self, entry: ConversationEntry) -> Roster:
        """What is known, or where nobody was ever invited the owner alone."""
        known = self.roster_of(entry.id)
        alone = Member(self.user_id, entry.membership.role, entry.conversation.created_at)
        return known or Roster(entry.id, 0, (alone,))

    def _look_for_mention(self) -> None:
        if not self._pane.answers.isVisibleTo(self._pane):
            return
        field = self._pane.composer.field
        entry = self._conversations.entry(self._conversations.active)
        short = field.document().characterCount() < MOST_LOOKED_AT
        model = self.model_of(entry) if entry is not None else None
        self._pane.answers.show_mention(short and mentions_model(field.toPlainText(), model))

    def _closed(self) -> None:
        self.dialog = None

    def _join_closed(self) -> None:
        self.join = None

    def _kept_closed(self) -> None:
        self.kept = None
