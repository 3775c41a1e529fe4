"""Versions on screen: changing a message in its place, switching, and saying so when one came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QRect
from PySide6.QtWidgets import QApplication, QWidget

from chatdesk.domain.message import Message, Role
from chatdesk.language.door import _
from chatdesk.models.message_list import MessageListModel
from chatdesk.ui.timeline.announcement import announce
from chatdesk.ui.timeline.arrangement import Arrangement
from chatdesk.ui.timeline.content import circumstances
from chatdesk.ui.timeline.details import MessageDetails
from chatdesk.ui.timeline.offers import MessageAction, offers
from chatdesk.ui.timeline.row import RowView

if TYPE_CHECKING:
    from chatdesk.ui.timeline.view import TimelineView


class Rewriting(QObject):
    """Holds the texts that are being changed, by message; they outlast scrolling and other conversations."""

    def __init__(self, view: TimelineView, rows: Arrangement) -> None:
        super().__init__(view)
        self._view = view
        self._rows = rows
        self._model: MessageListModel | None = None
        self._focus_next: tuple[str, MessageAction | None] = ("", None)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._focus_moved)

    def follow(self, model: MessageListModel) -> None:
        """Hear what the model tells about versions."""
        self._model = model
        model.switching.connect(self._switching)
        model.version_arrived.connect(self._arrived)
        model.replying_changed.connect(lambda _replying: self._rows.touch_all())
        self._view.pinned_changed.connect(model.set_following)

    def wire(self, row: RowView) -> None:
        """Hear what a row that was just made is used for."""
        row.action_chosen.connect(self.carry_out)
        row.edited.connect(self._rows.margin.drafts.__setitem__)
        row.edit_saved.connect(self._save)
        row.edit_cancelled.connect(self.end_edit)
        row.grown.connect(lambda _message_id: self._view.want_layout())

    def carry_out(self, action: MessageAction, message_id: str) -> None:
        """Do, or ask for, what a button or a key means for a message."""
        view = self._view
        match action:
            case MessageAction.COPY:
                view.copy_message(message_id)
            case MessageAction.EDIT:
                self.begin_edit(message_id)
            case MessageAction.REGENERATE | MessageAction.GO_ON:
                view.regenerate_requested.emit(message_id, action is MessageAction.GO_ON)
            case MessageAction.ANSWER:
                view.answer_requested.emit(message_id)
            case MessageAction.DETAILS:
                self._open_details(message_id)
            case MessageAction.DELETE:
                view.delete_requested.emit(message_id)
                announce(view, _("The message was deleted. It can be undone for a few seconds."))
            case MessageAction.UNDO:
                view.undo_requested.emit(message_id)
            case MessageAction.PREVIOUS | MessageAction.NEXT:
                self.step(message_id, -1 if action is MessageAction.PREVIOUS else 1)

    def withhold(self, message_id: str, reason: str) -> None:
        """Show why no model was asked to answer a message; nothing is shown any more for no reason."""
        self._rows.margin.withheld.pop(message_id, None)
        if reason:
            self._rows.margin.withheld[message_id] = reason
        self._rows.touch_messages({message_id})
        self._view.want_layout()

    def _open_details(self, message_id: str) -> None:
        row = self._view.row(message_id)
        if row is not None and row.content is not None:
            button = row.buttons.button(MessageAction.DETAILS) or row
            anchor = QRect(button.mapToGlobal(QPoint(0, 0)), button.size())
            MessageDetails(row.content.facts, row).open_at(anchor)

    def begin_edit(self, message_id: str) -> None:
        """Open the editor of a message, with its text or what was made of it before."""
        message = self._model.get(message_id) if self._model is not None else None
        if message is None:
            return
        self._rows.margin.drafts.setdefault(message_id, message.content)
        self._rows.touch_messages({message_id})
        if self._view.top_of(message_id) is None:
            self._view.show_message(message_id)
        self._view.flush()
        row = self._view.row(message_id)
        if row is not None and row.editor is not None:
            row.editor.field.setFocus()

    def end_edit(self, message_id: str) -> None:
        """Close the editor of a message and forget its text."""
        row = self._view.row(message_id)
        held_focus = row is not None and row.has_focus
        if self._rows.margin.drafts.pop(message_id, None) is not None:
            self._rows.touch_messages({message_id})
            self._view.flush()
        if held_focus and row is not None and row.message_id == message_id:
            row.body.setFocus()

    def forget(self) -> None:
        """Drop every text that is being changed: the account is closed."""
        self._rows.margin.drafts.clear()
        self._rows.margin.fresh.clear()
        self._rows.margin.withheld.clear()

    def step(self, message_id: str, step: int) -> None:
        """Ask for the version ``step`` places on."""
        versions = self._model.versions_of(message_id) if self._model is not None else None
        neighbour = versions.neighbour(step) if versions is not None else None
        if neighbour is not None:
            self._view.switch_requested.emit(neighbour)

    def choose(self, action: MessageAction) -> bool:
        """Carry out an action on the message with the focus, or the last one it fits; False for none."""
        model = self._model
        if model is None:
            return False
        focused = next((row.message_id for row in self._rows.rows() if row.has_focus), None)
        found = model.get(focused) if focused else None
        if found is None or not self._fits(action, found):
            rows = (model.at(place) for place in reversed(range(model.rowCount())))
            found = next((message for message in rows if self._fits(action, message)), None)
        if found is not None:
            self.carry_out(action, found.id)
        return found is not None

    def _fits(self, action: MessageAction, message: Message) -> bool:
        model = self._model
        assert model is not None
        if action in (MessageAction.PREVIOUS, MessageAction.NEXT):
            versions = model.versions_of(message.id)
            step = -1 if action is MessageAction.PREVIOUS else 1
            return versions is not None and versions.neighbour(step) is not None
        if action is MessageAction.COPY and message.role is not Role.ASSISTANT:
            return False
        return action in offers(circumstances(model, message, bool(model.text_of(message).strip())))

    def _focus_moved(self, _old: QWidget | None, now: QWidget | None) -> None:
        for row in self._rows.rows():
            row.note_focus(now is not None and row.isAncestorOf(now))

    def _save(self, message_id: str, text: str) -> None:
        message = self._model.get(message_id) if self._model is not None else None
        if message is None or text == message.content:
            self.end_edit(message_id)
        else:
            self._view.edit_saved.emit(message_id, text)

    def _switching(self, going: str, coming: str) -> None:
        """What comes stands where that which goes stood."""
        self._rows.margin.fresh.discard(going)
        top = self._view.top_of(going)
        if top is not None:
            self._rows.hold(coming, top)
        row = self._view.row(going)
        if row is not None and row.has_focus and row.editor is None:
            self._focus_next = (coming, row.focused_action)

    def settle(self) -> None:
        """After a laying out: the version that came takes the focus of the one that went."""
        message_id, action = self._focus_next
        row = self._view.row(message_id) if message_id else None
        if row is not None:
            self._focus_next = ("", None)
            row.take_focus(action)

    def _arrived(self, shown: str, arrived: str) -> None:
        model = self._model
        versions = model.versions_of(shown) if model is not None else None
        if versions is None:
            return
        if shown != arrived:
            self._rows.margin.fresh.add(shown)
        said = _("Another version was written: version {place} of {count}.").format(
            place=versions.ids.index(arrived) + 1 if arrived in versions.ids else len(versions.ids),
            count=len(versions.ids),
        )
        announce(self._view, said)
        self._view.announced.emit(said)
