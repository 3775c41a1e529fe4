"""The messages of the open conversation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from operator import attrgetter
from typing import Any

from PySide6.QtCore import QByteArray, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from chatdesk.domain.branch import Branches, Versions
from chatdesk.domain.change import ChangeSet, MessageChange, Verb
from chatdesk.domain.ephemeral import Delta
from chatdesk.domain.message import Message, MessageStatus, Role
from chatdesk.domain.profile import Profile
from chatdesk.language.door import _
from chatdesk.models.folded_rows import FoldedRows
from chatdesk.models.keyed_list_model import KeyedListModel
from chatdesk.models.live_text import LiveText
from chatdesk.models.people import copied_name, name_of
from chatdesk.models.read_by import ReadBy
from chatdesk.models.roles import FIELD_ROLES, TimelineRole
from chatdesk.models.unread_line import UnreadLine
from chatdesk.models.version_rows import Turnover, VersionRows

# A pause after which the author's name is shown again.
GROUP_PAUSE = timedelta(minutes=10)

# Replies whose first pieces may wait for their row; one conversation rarely has more than one.
_UNKNOWN_REPLIES = 8


class MessageListModel(KeyedListModel[Message]):
    """Rows of one conversation in ``Message.order``, fed by a service's signals: of each message one version.

    ``user_id`` is whose messages count as own. Signals:

    - ``older_changed(bool)``: it is known now whether older messages exist
    - ``reply_finished(str)``: this reply stopped streaming
    - ``replying_changed(bool)``: a reply is being written here, or no longer
    - ``switching(str, str)``: the first row that is about to go, and the one that comes for it
    - ``version_arrived(str, str)``: the version on screen, and the one that was written elsewhere; the same
      twice when the reader, at the end, was taken along
    - ``choices_changed(str, dict)``: the conversation, and the versions chosen in it now
    - ``large_left()``: so many messages went at once that much memory is free now
    """

    older_changed = Signal(bool)
    reply_finished = Signal(str)
    replying_changed = Signal(bool)
    switching = Signal(str, str)
    version_arrived = Signal(str, str)
    choices_changed = Signal(str, object)
    large_left = Signal()

    seam_roles = (TimelineRole.DAY_BREAK, TimelineRole.GROUPED)

    def __init__(self, user_id: str = "", parent: QObject | None = None) -> None:
        by_id, in_order = attrgetter("id"), attrgetter("order")
        self._folding = FoldedRows(Message, by_id, in_order)
        super().__init__(by_id, in_order, parent, self._folding)
        self._user_id = user_id
        self._conversation_id = ""
        self._has_older = False
        self._profiles: dict[str, Profile] = {}
        self._live: dict[str, LiveText] = {}
        self._versions = VersionRows()
        self._leaving: frozenset[str] = frozenset()
        self._replying = False
        self.writable = True
        """Whether this user may write here."""
        self.switching_rows = False
        """While other versions are put in place: what is inserted then has not just been written."""
        self.unread = UnreadLine(self)
        self.read_by = ReadBy(self)

    @property
    def conversation_id(self) -> str:
        """The open conversation, or ""."""
        return self._conversation_id

    @property
    def has_older(self) -> bool:
        """Whether messages older than the first row exist somewhere."""
        return self._has_older

    def set_user(self, user_id: str) -> None:
        """Set whose messages count as own."""
        if user_id != self._user_id:
            self._user_id = user_id
            self.tell(0, len(self._rows) - 1, (TimelineRole.OWN,))

    def load(
        self,
        conversation_id: str,
        messages: Iterable[Message],
        has_older: bool,
        branches: Branches | None = None,
    ) -> None:
        """Show another conversation, or this one anew; the only reset. ``branches`` tells what is shown."""
        large = self._folding.folded > 0
        self._conversation_id = conversation_id
        self._live.clear()
        self.replace_all(self._versions.start(branches, list(messages)))
        self._set_older(has_older)
        self._tell_replying()
        if large:
            self.large_left.emit()

    def prepend(self, messages: Iterable[Message], has_older: bool) -> None:
        """Add an older page; messages that are here already are left alone."""
        fresh = [m for m in messages if not self._rows.has(m.id) and m.id not in self._versions.aside]
        turnover = self._versions.note(fresh, self._rows)
        self._turn_over(turnover, fresh)
        self._set_older(has_older)

    def apply(self, changes: ChangeSet) -> None:
        """Take in what a transaction of the store changed; other conversations' messages are passed over."""
        for profile in changes.profiles:
            self.profile_changed(profile)
        here = [
            change for change in changes.messages if change.message.conversation_id == self._conversation_id
        ]
        if not here:
            return
        chosen = dict(self._versions.tree.choices)
        removed = [change.message.id for change in here if change.verb is Verb.REMOVED]
        present = {change.message.id: change for change in here if change.verb is not Verb.REMOVED}
        for message_id in removed:
            self._live.pop(message_id, None)
            self.remove(message_id)
            self._turn_over(self._versions.drop(message_id), ())
        news = [change.message for change in present.values()]
        turnover = self._versions.arrive(news, self._rows, self.last_id())
        added: list[Message] = []
        for change in present.values():
            message = change.message
            if self._rows.has(message.id):
                self._replace(message)
            elif message.id in self._versions.aside or not self._is_unloaded(change):
                self._merge_live(message)
                added.append(message)
        self._turn_over(turnover, added)
        for shown, arrived in turnover.arrived:
            self.version_arrived.emit(shown, arrived)
        self._tell_choices(chosen)
        self._tell_replying()

    def show_version(self, message_id: str) -> bool:
        """Show a loaded message, whichever versions that takes; False when it is not loaded."""
        if message_id not in self._versions.aside:
            return self._rows.has(message_id)
        chosen = dict(self._versions.tree.choices)
        self._turn_over(self._versions.show(message_id), ())
        self._tell_choices(chosen)
        return self._rows.has(message_id)

    def expect(self, message_id: str) -> None:
        """Show this version, now or when it comes: it was asked for in this window."""
        if not self.show_version(message_id):
            self._versions.expected.add(message_id)

    def set_following(self, following: bool) -> None:
        """Note whether the reader is at the end, and so wants to see what comes."""
        self._versions.following = following

    def set_leaving(self, message_ids: frozenset[str]) -> None:
        """Show these messages as deleted, which can still be undone."""
        changed, self._leaving = self._leaving ^ message_ids, message_ids
        for message_id in changed:
            if (row := self.row_of(message_id)) is not None:
                self.tell(row, row, (TimelineRole.LEAVING,))

    @property
    def replying(self) -> bool:
        """Whether a reply is being written in this conversation, on screen or not."""
        return bool(self._versions.streaming)

    @property
    def newest_seq(self) -> int:
        """The greatest message number loaded, of versions that are not shown as well."""
        return self._versions.newest_seq

    def last_id(self) -> str | None:
        """Return the id of the last row, None when there is none."""
        return self._rows[-1].id if len(self._rows) else None

    def is_leaving(self, message_id: str) -> bool:
        """Whether a message is about to be deleted."""
        return message_id in self._leaving

    def versions_of(self, message_id: str) -> Versions | None:
        """Return the versions of a row, None when there is only this one."""
        return self._versions.versions(message_id)

    def apply_delta(self, delta: Delta) -> None:
        """Take in a piece of a streamed reply; pieces for an ended reply are late and dropped."""
        if delta.conversation_id != self._conversation_id:
            return
        message = self.get(delta.message_id) or self._versions.aside.get(delta.message_id)
        if message is not None and message.status is not MessageStatus.STREAMING:
            return
        live = self._live.get(delta.message_id)
        if live is None:
            if message is None and len(self._live) >= _UNKNOWN_REPLIES:
                return
            live = self._live[delta.message_id] = LiveText(message.content if message else "")
        if live.add(delta.offset, delta.text) and message is not None:
            row = self.row_of(delta.message_id)
            if row is not None:
                self.tell(row, row, (TimelineRole.TEXT,))

    def set_writable(self, writable: bool) -> None:
        """Offer what changes something, or only what reads."""
        if writable != self.writable:
            self.writable = writable
            self.tell(0, len(self._rows) - 1, (TimelineRole.STATUS,))

    def profiles_loaded(self, profiles: Iterable[Profile]) -> None:
        """Take in everybody who is known."""
        for profile in profiles:
            self.profile_changed(profile)

    def profile_changed(self, profile: Profile) -> None:
        """Show the name and picture of ``profile`` beside every message of theirs, old ones included."""
        known = self._profiles.get(profile.id)
        self._profiles[profile.id] = profile
        if known is None or (known.label, known.avatar_path) != (profile.label, profile.avatar_path):
            # One range for all rows: finding the author's rows would cost more than asking the visible ones.
            self.tell(0, len(self._rows) - 1, (TimelineRole.AUTHOR, TimelineRole.AVATAR))

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._rows):
            return None
        row = index.row()
        message = self._rows[row]
        match role:
            case TimelineRole.MESSAGE:
                return message
            case TimelineRole.TEXT | Qt.ItemDataRole.DisplayRole:
                return self.text_of(message)
            case TimelineRole.AUTHOR:
                return self.author_of(message)
            case TimelineRole.AVATAR:
                return self._avatar(message)
            case TimelineRole.OWN:
                return self.is_own(message)
            case TimelineRole.DAY_BREAK:
                return self.seam(row)[0]
            case TimelineRole.GROUPED:
                return self.seam(row)[1]
            case TimelineRole.DELIVERY:
                return message.delivery
            case TimelineRole.FAILURE:
                return message.failure
            case TimelineRole.STATUS:
                return message.status
            case TimelineRole.VERSIONS:
                return self.versions_of(message.id)
            case TimelineRole.LEAVING:
                return self.is_leaving(message.id)
            case TimelineRole.UNREAD:
                return message.id == self.unread.message_id
            case TimelineRole.READERS:
                return self.read_by.of(message.id)
        return None

    def roleNames(self) -> dict[int, QByteArray]:
        return {int(role): QByteArray(role.name.lower().encode()) for role in TimelineRole}

    def text_of(self, message: Message) -> str:
        """Return the text to show: the row's, or what was streamed beyond it."""
        live = self._live.get(message.id)
        return message.content if live is None else live.text()

    def is_own(self, message: Message) -> bool:
        """Tell whether this user wrote ``message``."""
        return message.role is Role.USER and message.author_id == self._user_id

    def wrote(self, message: Message) -> bool:
        """Tell whether ``message`` came from this user, as a text of theirs or a reply they asked for."""
        return bool(self._user_id) and message.author_id == self._user_id

    def seam(self, row: int) -> tuple[bool, bool]:
        """Return (first of its day, continues the row above)."""
        if row == 0:
            return True, False
        above, message = self._rows[row - 1], self._rows[row]
        if above.created_at.astimezone().date() != message.created_at.astimezone().date():
            return True, False
        together = (
            _speaker(above) == _speaker(message)
            and above.deleted_at is None
            and abs(message.created_at - above.created_at) < GROUP_PAUSE
        )
        return False, together

    def person(self, user_id: str) -> Profile | None:
        """Return whoever is known under this id."""
        return self._profiles.get(user_id)

    def author_of(self, message: Message) -> str:
        """Return the name to show for who wrote ``message``."""
        if message.role is Role.ASSISTANT:
            return message.model or _("Assistant")
        if message.role is Role.SYSTEM:
            return _("System")
        if message.author_id is None:
            return copied_name(message.author_name) if message.author_name else _("Deleted user")
        profile = self._profiles.get(message.author_id)
        return name_of(profile) if profile else _("You") if self.is_own(message) else _("Someone")

    def _avatar(self, message: Message) -> str:
        profile = self._profiles.get(message.author_id or "") if message.role is Role.USER else None
        return (profile.avatar_path or "") if profile else ""

    def _is_unloaded(self, change: MessageChange) -> bool:
        """Tell whether this is news about a row of a page that has not been loaded.

        Also of one that has just come: older pages are fetched in the background, and with rows between them
        and the first one shown missing, the conversation would have a hole.
        """
        return self._has_older and len(self._rows) > 0 and self.first_at_least(change.message.order) == 0

    def _replace(self, message: Message) -> None:
        old = self.get(message.id)
        if old is None:
            return
        before = self.text_of(old)
        self._merge_live(message)
        roles: set[TimelineRole] = set()
        for field, told in FIELD_ROLES:
            if getattr(old, field) != getattr(message, field):
                roles.update(told)
        roles.discard(TimelineRole.TEXT)
        if self.text_of(message) != before or old.deleted_at != message.deleted_at:
            roles.add(TimelineRole.TEXT)
        if old != message:
            roles.add(TimelineRole.MESSAGE)
        self.update(message, sorted(roles))
        if old.status is MessageStatus.STREAMING and message.status is not MessageStatus.STREAMING:
            self.reply_finished.emit(message.id)

    def _turn_over(self, turnover: Turnover, added: Iterable[Message]) -> None:
        """Take rows away and bring others, those ``added`` that are shown among them."""
        going = [row for each in turnover.hidden if (row := self.get(each)) is not None]
        fresh = {message.id: message for message in added}
        aside = self._versions.aside
        back = [aside.pop(each) for each in turnover.revealed if each in aside]
        coming = self._versions.sort_out({**{message.id: message for message in back}, **fresh}.values())
        if going and coming:
            first, instead = min(going, key=self._order), min(coming, key=self._order)
            self.switching.emit(first.id, instead.id)
        self._versions.sort_out(going)
        self.switching_rows = bool(going)
        self.remove_many([row.id for row in going])
        self.insert(coming)
        self.switching_rows = False
        came = {row.id for row in coming}
        for message_id in turnover.recounted - came:
            if (place := self.row_of(message_id)) is not None:
                self.tell(place, place, (TimelineRole.VERSIONS,))

    def _tell_choices(self, before: Mapping[str, str]) -> None:
        if before != self._versions.tree.choices:
            self.choices_changed.emit(self._conversation_id, dict(self._versions.tree.choices))

    def _tell_replying(self) -> None:
        if self.replying != self._replying:
            self._replying = self.replying
            self.replying_changed.emit(self._replying)

    def _merge_live(self, message: Message) -> None:
        live = self._live.get(message.id)
        if live is None:
            return
        if message.status is MessageStatus.STREAMING and message.deleted_at is None:
            live.stored(message.content)
        else:
            del self._live[message.id]

    def _set_older(self, has_older: bool) -> None:
        if has_older != self._has_older:
            self._has_older = has_older
            self.older_changed.emit(has_older)


def _speaker(message: Message) -> tuple[Role, str | None, str, str | None]:
    return message.role, message.author_id, message.author_name, message.model
