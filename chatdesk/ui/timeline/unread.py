"""The way to the first unread message."""

from __future__ import annotations

from PySide6.QtCore import QObject

from chatdesk.models.message_list import MessageListModel
from chatdesk.ui.timeline.jump_button import UnreadButton
from chatdesk.ui.timeline.view import TimelineView


class UnreadGuide(QObject):
    """Opens a conversation at its unread line, unless all that is unread fits on the screen with the end.

    A button leads back to the line until it was in sight; ``go`` does so at any time.
    """

    def __init__(self, view: TimelineView, model: MessageListModel) -> None:
        super().__init__(view)
        self._view = view
        self._unread = model.unread
        self._seen = False
        self.button = UnreadButton(view.look, view)
        self.button.hide()
        self.button.clicked.connect(self.go)
        model.modelReset.connect(self._start)
        model.unread.found.connect(view.show_message)
        view.laid_out.connect(self._follow)

    def go(self) -> None:
        """Bring the unread line on screen, loading back to it where that is needed."""
        if self._unread.message_id:
            self._view.show_message(self._unread.message_id)
        elif self._unread.expected:
            self._unread.seek()

    def _start(self) -> None:
        self._seen = False
        self._follow()

    def _follow(self) -> None:
        top = self._view.top_of(self._unread.message_id) if self._unread.message_id else None
        self._seen = self._seen or (top is not None and 0 <= top < self._view.viewport().height())
        wanted = self._unread.expected and not self._seen
        self.button.setVisible(wanted)
        if wanted:
            self.button.set_look(self._view.look)
            self.button.move((self._view.viewport().width() - self.button.width()) // 2, 10)
            self.button.raise_()
