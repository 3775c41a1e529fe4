"""The view messages are read in."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import (
    QImage,
    QKeyEvent,
    QKeySequence,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from chatdesk.domain.clock import Clock, SystemClock
from chatdesk.domain.message import DeliveryState
from chatdesk.models.message_list import MessageListModel
from chatdesk.ui.attachments.thumbnails import Thumbnails
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.timeline.announcement import announce, reply_words
from chatdesk.ui.timeline.arrangement import Arrangement
from chatdesk.ui.timeline.avatars import Avatars
from chatdesk.ui.timeline.empty_state import paint_ground
from chatdesk.ui.timeline.guesses import GuessedHeights
from chatdesk.ui.timeline.jump_button import JumpButton
from chatdesk.ui.timeline.look import COLUMN, SIDE_ROOM, Look
from chatdesk.ui.timeline.pace import Pace
from chatdesk.ui.timeline.placement import TOP_ROOM
from chatdesk.ui.timeline.rewriting import Rewriting
from chatdesk.ui.timeline.row import RowView
from chatdesk.ui.timeline.row_signals import RowSignals
from chatdesk.ui.timeline.scroll_keys import LINE, scrolled, sync_bar
from chatdesk.ui.timeline.shelf import RowShelf
from chatdesk.ui.timeline.showing import chain_tabs, show_rows
from chatdesk.ui.timeline.sight import Sight

_NOTCH = 110
_BLINK = 480


class TimelineView(QAbstractScrollArea):
    """Shows a ``MessageListModel``; only rows on screen have widgets.

    The place is held by a message and where its top is, never by the scroll bar's value, or it is pinned to
    the end. What the model tells is collected and shown at most once a frame; ``flush`` does it at once.

    Signals: ``older_requested()`` the top is near and older messages exist · ``retry_requested(str)``,
    ``edit_requested(str)``, ``discard_requested(str)`` with the id of a message that was not sent ·
    ``edit_saved(str, str)`` id and new text · ``regenerate_requested(str, bool)`` whether to go on where the
    reply ended · ``answer_requested(str)`` a message without a reply · ``delete_requested(str)``,
    ``undo_requested(str)`` · ``switch_requested(str)`` a version ·
    ``copied(str)`` the text put on the clipboard · ``link_activated(str)`` an http, https or mailto address,
    nothing has been opened · ``read_to(int)`` the greatest seq whose end was in sight · ``painted(str)`` a
    message was painted for the first time, at the end of that paint event · ``announced(str)`` what a screen
    reader was told · ``pinned_changed(bool)`` · ``laid_out()``.
    """

    older_requested = Signal()
    retry_requested = Signal(str)
    edit_requested = Signal(str)
    discard_requested = Signal(str)
    edit_saved = Signal(str, str)
    regenerate_requested = Signal(str, bool)
    answer_requested = Signal(str)
    delete_requested = Signal(str)
    undo_requested = Signal(str)
    switch_requested = Signal(str)
    copied = Signal(str)
    link_activated = Signal(str)
    read_to = Signal(int)
    painted = Signal(str)
    announced = Signal(str)
    pinned_changed = Signal(bool)
    laid_out = Signal()

    def __init__(self, theme: Theme, clock: Clock | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._model: MessageListModel | None = None
        self._look = Look(self.font(), theme.tokens)
        self._avatars = Avatars()
        self.files = Thumbnails(self)
        self._signals = RowSignals(self)
        self._shelf = RowShelf(self.viewport(), self._look, self._avatars, self._signals.connect)
        self._guesses = GuessedHeights(self._sync_scroll_bar, self)
        self._rows = Arrangement(self._shelf, self._guesses, (clock or SystemClock()).now)
        self.rewriting = Rewriting(self, self._rows)
        """What can be done with single messages, and with their versions."""
        self._pace = Pace(self.flush, self)
        self._unplaced = True
        """Whether rows came, went or may need another place: more than what they show has changed."""
        self._painted_ids: set[str] = set()
        self._was_pinned = True
        self._sight = Sight(self.older_requested.emit, self.read_to.emit)
        self._following_bar = False
        self._jump = JumpButton(self._look, self)
        self._jump.hide()
        self._jump.clicked.connect(self.jump_to_end)
        self._blink = QTimer(self)
        self._blink.setInterval(_BLINK)
        self._blink.timeout.connect(self._next_phase)
        self._phase = 0
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        # As the composer grows and shrinks the rows only move, and their pixels can.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_StaticContents)
        self.verticalScrollBar().valueChanged.connect(self._bar_moved)
        theme.changed.connect(self._restyle)

    @property
    def pinned(self) -> bool:
        """Whether the view stays at the newest message."""
        return self._rows.pinned

    @property
    def unseen(self) -> int:
        """How many messages came below the screen since the view left the end."""
        return self._jump.count

    @property
    def jump_button(self) -> JumpButton:
        """The button that leads back to the newest message; hidden while pinned."""
        return self._jump

    @property
    def look(self) -> Look:
        """The fonts and colours in use."""
        return self._look

    def model(self) -> MessageListModel | None:
        """Return the model shown."""
        return self._model

    def row(self, message_id: str) -> RowView | None:
        """Return the widget of a message on screen."""
        return self._shelf.get(message_id)

    def on_screen(self) -> list[str]:
        """Return the ids of the messages on screen, from the top."""
        return [message_id for message_id, _ in self._rows.placed]

    def top_of(self, message_id: str) -> int | None:
        """Return where a message on screen begins, in pixels below the top of the view."""
        return next((spot.y for each, spot in self._rows.placed if each == message_id), None)

    def set_model(self, model: MessageListModel) -> None:
        """Show ``model``; called once."""
        self._model = model
        model.rowsInserted.connect(self._inserted)
        model.rowsRemoved.connect(self._removed)
        model.rowsMoved.connect(self._moved)
        model.dataChanged.connect(self._changed)
        model.modelReset.connect(self._reset)
        model.older_changed.connect(self._older_changed)
        model.reply_finished.connect(self._reply_finished)
        self.rewriting.follow(model)
        self._reset()

    def set_avatar(self, key: str, picture: QImage) -> None:
        """Show ``picture`` wherever the model says ``key``; a null picture forgets it."""
        self._avatars.put(key, picture)
        for row in self._shelf:
            row.update()

    def show_times(self, shown: bool) -> None:
        """Show or hide the time beside each author's name."""
        self._look.times = shown
        self._restyle()

    def jump_to_end(self) -> None:
        """Go to the newest message and stay there."""
        self._rows.pinned = True
        self._lay_out()

    def jump_to_start(self) -> None:
        """Go to the first message that is loaded."""
        if self._model is not None and self._model.rowCount():
            self._rows.hold(self._model.at(0).id, TOP_ROOM)
            self._lay_out()

    def show_message(self, message_id: str) -> bool:
        """Bring a message to the upper part of the view; False when the model does not have it."""
        if self._model is None or self._model.row_of(message_id) is None:
            return False
        self._rows.hold(message_id, self.viewport().height() // 4)
        self._lay_out()
        return True

    def scroll_by(self, pixels: int) -> None:
        """Scroll by exactly this much, down for positive numbers."""
        if self._rows.placed and not (self._rows.pinned and pixels >= 0):
            self._rows.shift(pixels)
            self._lay_out()

    def drag_to(self, pointer: QPoint) -> None:
        """Scroll while a selection is dragged past an edge; ``pointer`` is in global coordinates."""
        y, height = self.viewport().mapFromGlobal(pointer).y(), self.viewport().height()
        if y < 0:
            self.scroll_by(max(y, -LINE))
        elif y > height:
            self.scroll_by(min(y - height, LINE))

    def copy_message(self, message_id: str) -> None:
        """Put a message's text, as it was written, on the clipboard."""
        message = self._model.get(message_id) if self._model else None
        if self._model is not None and message is not None:
            self._signals.copy(self._model.text_of(message))

    def unfold(self, message_id: str) -> None:
        """Show all of a long message."""
        self._rows.unfold(message_id)
        self.want_layout()

    def note_painted(self, message_id: str) -> None:
        """Tell of a message's first painting; called by its row."""
        if message_id not in self._painted_ids:
            self._painted_ids.add(message_id)
            self.painted.emit(message_id)

    def want_layout(self) -> None:
        """Lay the rows out again at the next frame."""
        self._unplaced = True
        self._pace.want()

    def flush(self) -> None:
        """Show everything that changed since the last frame."""
        self._rows.write_on()
        if self._model is not None and not self._unplaced and not self._rows.freshen():
            self._note_sight()  # A message that was delivered has its number now.
        else:
            self._lay_out()

    def _reset(self) -> None:
        if self._model is None:
            return
        self._rows.start(self._model)
        self._painted_ids.clear()
        self._sight.start()
        self._guesses.refill()
        self._guess()
        self.viewport().update()
        self.want_layout()

    def _inserted(self, _parent: QModelIndex, first: int, last: int) -> None:
        if self._model is None:
            return
        self._guesses.inserted(first, last - first + 1)
        self._sight.ask_again()
        if last == self._model.rowCount() - 1 and not self._rows.pinned and not self._model.switching_rows:
            newest = self._model.at(last)
            if self._model.is_own(newest) and newest.delivery is DeliveryState.PENDING:
                self._rows.pinned = True
            else:
                self._jump.set_count(self._jump.count + last - first + 1)
        self.want_layout()

    def _removed(self, _parent: QModelIndex, first: int, last: int) -> None:
        self._guesses.removed(first, last - first + 1)
        self._rows.forget_removed()
        self.want_layout()

    def _moved(self, _parent: QModelIndex, first: int, _last: int, _to: QModelIndex, target: int) -> None:
        self._guesses.heights.move(first, target)
        self.want_layout()

    def _changed(self, first: QModelIndex, last: QModelIndex, _roles: Iterable[int] = ()) -> None:
        self._rows.touch(first.row(), last.row())
        self._pace.want()

    def _older_changed(self, _has_older: bool) -> None:
        self._sight.ask_again()
        self.want_layout()

    def _reply_finished(self, message_id: str) -> None:
        """Tell a screen reader once that a reply is there; pieces of it are never told."""
        message = self._model.get(message_id) if self._model else None
        if self._model is not None and message is not None:
            words = reply_words(message.status, self._model.text_of(message))
            announce(self, words)
            self.announced.emit(words)

    def _lay_out(self) -> None:
        model = self._model
        if model is None or len(self._guesses.heights) != model.rowCount():
            return  # Asked by somebody who heard of new rows first; a layout follows when the view has.
        self._unplaced = False
        before = dict(self._rows.placed)
        self._rows.lay_out(self.viewport().height(), self.viewport().width())
        if self._rows.pinned:
            self._jump.set_count(0)
        self._sync_scroll_bar()
        show_rows(self.viewport(), self._rows, before)
        self._shelf.keep(self._rows.ids)
        if before.keys() != self._rows.ids:
            chain_tabs(self._rows)
        if bool(before) != bool(self._rows.placed):
            self.viewport().update()  # What is painted where there is no row comes or goes.
        self._show_jump_button()
        self.rewriting.settle()
        self._note_sight()
        if self._rows.pinned != self._was_pinned:
            self._was_pinned = self._rows.pinned
            self.pinned_changed.emit(self._was_pinned)
        if any(row.body.streaming for _, row in self._rows) != self._blink.isActive():
            self._blink.stop() if self._blink.isActive() else self._blink.start()
        if any(row.unfinished for _, row in self._rows):
            self.want_layout()
        self.laid_out.emit()

    def _note_sight(self) -> None:
        if self._model is not None:
            self._sight.look(self._model, self._rows, self.viewport().height(), self.isVisible())

    def _sync_scroll_bar(self) -> None:
        room = self.viewport().height()
        self._following_bar = True
        sync_bar(self.verticalScrollBar(), room, *self._rows.extent(room))
        self._following_bar = False

    def _bar_moved(self, value: int) -> None:
        if self._following_bar:
            return
        if value >= self.verticalScrollBar().maximum():
            self.jump_to_end()
        else:
            self._rows.hold_extent(value)
            self._lay_out()

    def _guess(self) -> None:
        if self._model is not None:
            width = min(COLUMN, self.viewport().width() - 2 * SIDE_ROOM)
            self._guesses.start(self._model, self._look, width)

    def _show_jump_button(self) -> None:
        self._jump.stand(self.viewport().size(), not self._rows.pinned and bool(self._rows.placed))

    def _restyle(self, _tokens: object = None) -> None:
        self._look = Look(self.font(), self._theme.tokens, times=self._look.times)
        self._jump.set_look(self._look)
        self._guess()
        self.write_again()
        self.viewport().update()

    def write_again(self) -> None:
        """Write the texts on screen once more: they look different now."""
        self._shelf.set_look(self._look)
        self._rows.touch_all()
        self._lay_out()

    def _next_phase(self) -> None:
        self._phase += 1
        for _, row in self._rows:
            row.body.blink(self._phase)

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_ground(self.viewport(), event, self._model, self._look)

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self.viewport().width() != self._rows.width:
            self._guess()
        if not self._rows.placed:
            self.viewport().update()  # The words there stand in its middle.
        self._lay_out()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._lay_out()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.LanguageChange) and hasattr(self, "_rows"):
            self._restyle()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Nothing: rows are placed by what is held."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        exact = event.pixelDelta().y()
        self.scroll_by(-exact if exact else -round(event.angleDelta().y() * _NOTCH / 120))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self._signals.copy_selection()
        elif not scrolled(self, event):
            super().keyPressEvent(event)
