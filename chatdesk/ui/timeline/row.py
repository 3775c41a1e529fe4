"""One message on screen."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QEnterEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from chatdesk.domain.message import DeliveryState, Role
from chatdesk.language.door import N_, _
from chatdesk.ui.attachments.strip import AttachmentStrip
from chatdesk.ui.people.readers import ReaderStrip
from chatdesk.ui.timeline.avatars import Avatars
from chatdesk.ui.timeline.body import BodyView
from chatdesk.ui.timeline.content import RowContent
from chatdesk.ui.timeline.details import summary_of
from chatdesk.ui.timeline.failure_bar import FailureBar
from chatdesk.ui.timeline.fold import UnfoldButton
from chatdesk.ui.timeline.look import (
    AVATAR,
    BUBBLE_BOTTOM,
    BUBBLE_TOP,
    BUBBLE_X,
    DAY_HEIGHT,
    GLYPH,
    GROUP_GAP,
    ROW_GAP,
    UNREAD_HEIGHT,
    Look,
)
from chatdesk.ui.timeline.message_actions import OVERHANG, OWN_ACTIONS, STANDS_OUT, MessageActions
from chatdesk.ui.timeline.offers import MessageAction
from chatdesk.ui.timeline.row_footer import RowFooter
from chatdesk.ui.timeline.row_paint import Places, paint_row, spoken
from chatdesk.ui.timeline.row_shape import alteration, bubble_room, column, inset, text_room

if TYPE_CHECKING:
    from chatdesk.ui.timeline.message_editor import MessageEditor

_DELETED = N_("This message was deleted.")
_SURELY_WIDE = 4_000
"""From this length on a bubble is as wide as it may be: trying lays the text out twice for each piece."""


class RowView(QWidget):
    """Lays out and paints one message; reused for another one when it leaves the screen.

    Signals: ``action_chosen(MessageAction, str)`` and ``failure_action(str, str)`` with the message's id;
    ``edited(str, str)`` id and text while it is being changed, ``edit_saved(str, str)``,
    ``edit_cancelled(str)``, ``grown(str)`` when it needs to be laid out again, ``unfolded(str)`` when all of
    a long text is wanted.
    """

    action_chosen = Signal(object, str)
    failure_action = Signal(str, str)
    edited = Signal(str, str)
    edit_saved = Signal(str, str)
    edit_cancelled = Signal(str)
    grown = Signal(str)
    unfolded = Signal(str)

    def __init__(self, look: Look, avatars: Avatars, parent: QWidget) -> None:
        super().__init__(parent)
        # Whatever moves in a row that becomes higher has the row painted: a reply that grows does not.
        self.setAttribute(Qt.WidgetAttribute.WA_StaticContents)
        self._look = look
        self._avatars = avatars
        self._content: RowContent | None = None
        self._laid_out_for = -1
        self._dressed = False
        """Whether everything shown is in the present look and language."""
        self._height = 0
        self._at = Places()
        self._footer = RowFooter()
        self._failure: FailureBar | None = None
        self._text = QRect()
        self._ground = QRect()
        """What the actions and the mark of delivery stand beside: the bubble, or files without a text."""
        self.body = BodyView(look, self)
        self.unfold = UnfoldButton(look, self)
        self.unfold.hide()
        self.unfold.clicked.connect(lambda: self.unfolded.emit(self.message_id))
        self.files = AttachmentStrip(look, self)
        self.readers = ReaderStrip(look, avatars, self)
        self.buttons = MessageActions(look, self)
        self.buttons.hide()
        self.buttons.chosen.connect(lambda action: self.action_chosen.emit(action, self.message_id))
        self.editor: MessageEditor | None = None
        self._focused = False
        self.set_look(look)

    @property
    def message_id(self) -> str:
        """The message shown, "" for none."""
        return self._content.id if self._content else ""

    @property
    def content(self) -> RowContent | None:
        """What is shown."""
        return self._content

    def fits(self, width: int) -> bool:
        """Whether everything has its place in a view ``width`` pixels wide."""
        return self._laid_out_for == width

    @property
    def unfinished(self) -> bool:
        """Whether a part of the text is still to be written."""
        return self.body.markdown.waiting

    @property
    def held(self) -> bool:
        """Whether the user holds on to this row: it must not be reused."""
        return self.body.has_selection() or self._focused or self.body.hasFocus() or self.editor is not None

    @property
    def has_focus(self) -> bool:
        """Whether the keyboard's focus is somewhere in this row."""
        return self._focused

    @property
    def focused_action(self) -> MessageAction | None:
        """The action whose button has the focus."""
        return self.buttons.focused

    def take_focus(self, action: MessageAction | None) -> None:
        """Give the focus to the button of an action, or to the text."""
        self.note_focus(True)
        button = self.buttons.button(action) if action is not None else None
        # At the first or last version the arrow that was pressed has nowhere to go.
        arrows = (each for each in self.buttons.chain() if each.isEnabled())
        target = button if button is not None and button.isEnabled() else next(arrows, None)
        (self.body if action is None or target is None else target).setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def tab_chain(self) -> list[QWidget]:
        """What the Tab key visits here, in its order."""
        if self.editor is not None:
            return [self.editor.field, self.editor.cancel, self.editor.save]
        rest = [self.unfold] if self._content is not None and self._content.folded else []
        return [*self.files.tiles, self.body, *rest, *self.buttons.chain()]

    @property
    def bubble(self) -> QRect:
        """The bubble, empty for a message without one."""
        return self._at.bubble

    @property
    def failure_bar(self) -> FailureBar | None:
        """The bar of a message that was not sent."""
        return self._failure if self._failure and not self._failure.isHidden() else None

    def set_look(self, look: Look) -> None:
        """Take other fonts and colours."""
        self._look = look
        self.body.set_look(look)
        self.unfold.set_look(look)
        self.files.set_look(look)
        self.readers.set_look(look)
        self.buttons.set_look(look)
        if self.editor is not None:
            self.editor.set_look(look)
        if self._failure is not None:
            self._failure.set_look(look)
        self._laid_out_for = -1
        self._dressed = False

    def show_content(self, content: RowContent, width: int) -> None:
        """Show ``content`` in a view ``width`` pixels wide.

        At most one piece of its text is written now, the rest by ``advance``. What is shown already is
        neither written, laid out nor painted again.
        """
        before = self._content if self._dressed and self.message_id == content.id else None
        if content == before:
            return
        if self.message_id != content.id:
            self.body.clear_selection()
            self.body.markdown.reset()
            # Now, while there is no text: later it would be laid out once more.
            self.body.wrap_at(text_room(content, width))
            self.close_editor()
        self._content = content
        self._dressed = True
        news = alteration(before, content)
        if news.rewritten:
            self._write(content)
        if news.repainted:
            self.update()
        for mark in news.marks:
            self.update(getattr(self._at, mark))
        self.body.setAccessibleName(content.accessible_name)
        self.setAccessibleName(content.accessible_name)
        self.body.setAccessibleDescription(spoken(content))
        if news.reshaped:
            self._furnish(content)
            self._laid_out_for = -1

    def _furnish(self, content: RowContent) -> None:
        """Show what has widgets of its own."""
        self.readers.show_readers(content.readers)
        self.files.show_attachments(content.attachments)
        self.buttons.hints[MessageAction.DETAILS] = summary_of(content.facts)
        self.buttons.offer(content.offers, content.always, content.versions, content.fresh)
        if content.draft is None:
            self.close_editor()
        elif self.editor is None:
            self._open_editor(content.draft)
        self._reveal()

    def _write(self, content: RowContent) -> None:
        deleted = content.deleted
        self.body.set_muted(deleted or content.role is Role.SYSTEM)
        self.body.streaming = content.streaming
        self.body.markdown.set_text(
            f"*{_(_DELETED)}*" if deleted else content.text, final=not content.streaming
        )
        self.body.markdown.advance()

    def note_focus(self, within: bool) -> None:
        """The keyboard's focus is somewhere in this row, or no longer."""
        if within != self._focused:
            self._focused = within
            self._reveal()

    def close_editor(self) -> None:
        """Take the editor away; whoever opened it has its text."""
        if self.editor is not None:
            editor, self.editor = self.editor, None
            editor.hide()
            editor.deleteLater()
            self.body.show()

    def _open_editor(self, text: str) -> None:
        from chatdesk.ui.timeline.message_editor import MessageEditor

        editor = self.editor = MessageEditor(self._look, text, self)
        editor.changed.connect(lambda words: self.edited.emit(self.message_id, words))
        editor.saved.connect(lambda words: self.edit_saved.emit(self.message_id, words))
        editor.cancelled.connect(lambda: self.edit_cancelled.emit(self.message_id))
        editor.grown.connect(self._grow)
        self.body.hide()
        editor.show()

    def _grow(self) -> None:
        self._laid_out_for = -1
        self.grown.emit(self.message_id)

    def _reveal(self) -> None:
        """Show the actions while the mouse or the keyboard is here, unless the message is being changed."""
        self.buttons.reveal(self.editor is None and (self._focused or self.underMouse()))
        chain = self.tab_chain
        for before, after in pairwise(chain):
            QWidget.setTabOrder(before, after)

    def advance(self) -> None:
        """Write the next piece of a long text."""
        self.body.markdown.advance()
        self._laid_out_for = -1

    def lay_out(self, width: int) -> int:
        """Arrange everything for a view ``width`` pixels wide; return the height."""
        if width != self._laid_out_for and self._content is not None:
            before = self._at, self._footer.lines
            self._laid_out_for = width
            self._height = self._arrange(self._content, width)
            self._height += self.readers.place((width + column(width)) // 2, self._height)
            if before != (self._at, self._footer.lines):
                self.update()
        return self._height

    def stand(self, place: QRect) -> None:
        """Take this place in the view."""
        self.setGeometry(place)
        # Only now: the view moves pixels first, and where a widget was just resized Qt moves none.
        self.body.setGeometry(self._text)

    def _arrange(self, content: RowContent, width: int) -> int:
        wide = column(width)
        left = (width - wide) // 2
        at = self._at = Places()
        y = 0
        if content.day:
            at.day = QRect(left, 0, wide, DAY_HEIGHT)
            y = DAY_HEIGHT
        else:
            y = ROW_GAP if content.grouped else GROUP_GAP
        if content.unread:
            at.unread = QRect(left, y, wide, UNREAD_HEIGHT)
            y += UNREAD_HEIGHT + ROW_GAP
        bubble = content.role is Role.USER
        side = inset(content)
        if side and not content.grouped:
            at.avatar = QRect(left, y, AVATAR, AVATAR)
        if not content.grouped and content.role is not Role.SYSTEM:
            at.heading = QRect(left + side, y, wide - side, self._look.heading_height)
            y = at.heading.bottom() + 1
        if self.editor is not None:
            tall = self.editor.height_for(wide - side)
            self.editor.setGeometry(left + side, y, wide - side, tall)
            self.unfold.hide()
            return y + tall
        y = self.files.place(left + side, y, wide - side, mirrored=content.own)
        if bubble:
            y = self._arrange_bubble(content, left + side, y, wide - side)
        else:
            height = self._set_body(QRect(left + side, y, wide - side, 0))
            self.body.show()
            y += height if content.text.strip() or not content.status_line else 0
        if not bubble:
            y = self._arrange_footer(content, left + side, y, wide - side)
        if not bubble and ((content.role is Role.ASSISTANT and not content.deleted) or self.buttons.lasting):
            # Its words are in line with the text, or else the picture inside the first button is.
            first = 0 if self.buttons.worded and content.versions is None else OVERHANG
            self.buttons.lay_out(QPoint(left + side - first, y + (6 if self.buttons.worded else -1)))
            y += self.buttons.height_needed
        return y

    def _arrange_bubble(self, content: RowContent, left: int, y: int, width: int) -> int:
        bare = bool(content.attachments) and not content.text.strip()
        if self.editor is None:
            self.body.setVisible(not bare)
        if bare:
            self._ground = self.files.used.translated(self.files.pos())
        else:
            self._ground = self._at.bubble = self._arrange_text(content, left, y, width)
        x, below = self._ground.left(), self._ground.bottom() + 1
        if content.own:
            self._at.glyph = QRect(x - GLYPH - 8, below - GLYPH - 5, GLYPH, GLYPH)
        return self._arrange_below(content, left, below, width)

    def _arrange_text(self, content: RowContent, left: int, y: int, width: int) -> QRect:
        most = bubble_room(width)
        wide = most if len(content.text) > _SURELY_WIDE else self.body.ideal_width(most)
        x = left + width - wide - 2 * BUBBLE_X if content.own else left
        height = self._set_body(QRect(x + BUBBLE_X, y + BUBBLE_TOP, wide, 0))
        return QRect(x, y, wide + 2 * BUBBLE_X, height + BUBBLE_TOP + BUBBLE_BOTTOM)

    def _arrange_below(self, content: RowContent, left: int, below: int, width: int) -> int:
        below = self._arrange_footer(content, left, below, width)
        below = self._arrange_actions(content, left, below, width)
        failed = content.own and content.delivery is DeliveryState.FAILED
        if failed and self._failure is None:
            self._failure = FailureBar(self._look, self)
            self._failure.chosen.connect(lambda name: self.failure_action.emit(name, self.message_id))
        if self._failure is not None:
            self._failure.setVisible(failed)
            if failed:
                self._failure.set_reason(content.failure)
                below = self._failure.place(left, below + 4, width)
        return below

    def _arrange_actions(self, content: RowContent, left: int, below: int, width: int) -> int:
        """Put the actions beside the bubble, or where they do not fit or stay for good, below it."""
        own, needed = content.own, self.buttons.width_needed()
        edge = self._at.glyph.left() - 2 if own else self._ground.right() + 6
        # What is offered comes and goes with the delivery and with replies; the row keeps its height.
        most = max(needed, OWN_ACTIONS if content.offers else 0)
        fits = edge - most >= left - STANDS_OUT if own else edge + needed <= left + width
        if fits and not self.buttons.lasting:
            self.buttons.lay_out(QPoint(edge, below - self.buttons.button_height), mirrored=own)
            return below
        top = below + (5 if self.buttons.worded else 1)
        self.buttons.lay_out(QPoint(self._ground.right() + 1 if own else left, top), mirrored=own)
        return below + self.buttons.height_needed

    def _arrange_footer(self, content: RowContent, left: int, y: int, width: int) -> int:
        if self._failure is not None and content.role is not Role.USER:
            self._failure.hide()
        return self._footer.place(self._look, content, left, y, width)

    def _set_body(self, place: QRect) -> int:
        self.body.wrap_at(place.width())
        height = max(self._look.line_height, int(self.body.height_needed() + 0.999))
        self._text = QRect(place.x(), place.y(), place.width(), height)
        folded = self._content.folded if self._content is not None else 0
        self.unfold.setVisible(bool(folded))
        return self.unfold.place(place.x(), place.y() + height, folded) - place.y() if folded else height

    def paintEvent(self, event: QPaintEvent) -> None:
        content = self._content
        if content is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_row(painter, self._look, self._avatars, self._at, content, event.rect())
        if self.editor is None:
            self._footer.paint(painter, self._look)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._reveal()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.buttons.reveal(self._focused and self.editor is None)
