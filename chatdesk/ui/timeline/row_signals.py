"""From a row's signals to the timeline's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QUrl
from PySide6.QtGui import QGuiApplication

from chatdesk.domain.message import DeliveryState
from chatdesk.language.door import _
from chatdesk.ui.markdown.links import safe_link
from chatdesk.ui.timeline.offers import FACES, MessageAction
from chatdesk.ui.timeline.row import RowView
from chatdesk.ui.timeline.span import Span

if TYPE_CHECKING:
    from chatdesk.ui.timeline.menu import Action
    from chatdesk.ui.timeline.view import TimelineView


class RowSignals:
    """Connects each new row to its view: clipboard, links, menu, selection, and what to do on failure."""

    def __init__(self, view: TimelineView) -> None:
        self._view = view
        self._selected: RowView | None = None
        self._span = Span(view)
        self._actions = {
            "retry": view.retry_requested,
            "edit": view.edit_requested,
            "discard": view.discard_requested,
        }

    def connect(self, row: RowView) -> None:
        """Connect a row that was just made."""
        row.failure_action.connect(lambda action, message_id: self._actions[action].emit(message_id))
        row.unfolded.connect(self._view.unfold)
        self._view.rewriting.wire(row)
        row.files.follow(self._view.files)
        row.body.anchorClicked.connect(self._link_clicked)
        row.body.code_copied.connect(self.copy)
        row.body.menu_wanted.connect(lambda at, link, code: self._open_menu(row, at, link, code))
        row.body.dragged.connect(lambda pointer: self._span.drag(row, pointer))
        row.body.dragged.connect(self._view.drag_to)
        row.body.chosen_anew.connect(lambda: self._span.clear(row.body))
        row.body.spanned = self._span.text
        row.body.selectionChanged.connect(lambda: self._selection_changed(row))
        row.body.drawn.connect(lambda: self._view.note_painted(row.message_id))

    def copy(self, text: str) -> None:
        """Put ``text`` on the clipboard."""
        QGuiApplication.clipboard().setText(text)
        self._view.copied.emit(text)

    def copy_selection(self) -> None:
        """Put the selected text on the clipboard, of several messages with the names of who wrote them."""
        if self._span:
            self.copy(self._span.text())
        elif self._selected is not None and self._selected.body.has_selection():
            self.copy(self._selected.body.selected())

    def _copy_from(self, row: RowView) -> None:
        self.copy(self._span.text() or row.body.selected())

    def _link_clicked(self, url: QUrl) -> None:
        address = safe_link(bytes(url.toEncoded().data()).decode("ascii", "replace"))
        if address:
            self._view.link_activated.emit(address)

    def _selection_changed(self, row: RowView) -> None:
        """Keep one selection: a new one ends the one before, unless a drag goes over several messages."""
        if self._span:
            return
        if row.body.has_selection() and row is not self._selected:
            if self._selected is not None:
                self._selected.body.clear_selection()
            self._selected = row

    def _open_menu(self, row: RowView, at: QPoint, link: str, code: str) -> None:
        from chatdesk.ui.timeline.menu import build_menu

        content, address = row.content, safe_link(link)
        if content is None:
            return
        texts: list[Action] = [
            (
                _("Copy"),
                row.body.has_selection(),
                lambda: self.copy(self._span.text() or row.body.selected()),
            ),
            (_("Copy message"), bool(content.text), lambda: self._view.copy_message(content.id)),
        ]
        more = [
            self._entry(action, content.id) for action in content.offers if action is not MessageAction.COPY
        ]
        if code:
            texts.append((_("Copy code"), True, lambda: self.copy(code)))
        if address:
            texts.append((_("Copy link"), True, lambda: self.copy(address)))
        failed: list[Action] = []
        if content.own and content.delivery is DeliveryState.FAILED:
            failed = [
                (_("Retry"), True, lambda: self._view.retry_requested.emit(content.id)),
                (_("Edit"), True, lambda: self._view.edit_requested.emit(content.id)),
                (_("Discard"), True, lambda: self._view.discard_requested.emit(content.id)),
            ]
        build_menu(self._view, [texts, more, failed]).popup(at)

    def _entry(self, action: MessageAction, message_id: str) -> Action:
        return _(FACES[action].name), True, lambda: self._view.rewriting.carry_out(action, message_id)
