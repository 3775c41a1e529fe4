"""Who else is in the conversation that a window shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

from chatdesk.models.people import name_of
from chatdesk.ui.people.faces import Face

if TYPE_CHECKING:
    from chatdesk.app.open_window import OpenWindow


class PeopleWiring:
    """Joins presence, typing and read marks with what shows them, for as long as the window is open."""

    def __init__(self, whole: OpenWindow) -> None:
        self._whole = whole
        people, window, join = whole.people, whole.window, whole.bonds.join
        window.settings.circle, window.settings.presence = people.circle, people.presence
        window.composer.typed.connect(self._typed)
        window.composer.send_requested.connect(lambda place, _text: people.typing.stopped(place))
        whole.realtime.current_conversation_changed.connect(self._show_all)
        whole.messages.modelReset.connect(self._show_marks)
        join(people.presence.viewers_changed, self._if_here(self._show_faces))
        join(people.typing.changed, self._if_here(self._show_typing))
        join(people.receipts.changed, self._if_here(self._show_marks))

    def set_picture(self, path: str, image: QImage) -> None:
        """A profile's picture is there."""
        self._whole.window.pane.header.faces.set_picture(path, image)

    def _if_here(self, show: Callable[[], None]) -> Callable[[str], None]:
        def heard(conversation_id: str) -> None:
            if conversation_id == self._whole.realtime.current_conversation:
                show()

        return heard

    def _typed(self, conversation_id: str, text: bool) -> None:
        typing = self._whole.people.typing
        typing.typed(conversation_id) if text else typing.stopped(conversation_id)

    def _show_all(self, *_what: object) -> None:
        self._show_faces()
        self._show_typing()
        self._show_marks()

    def _show_faces(self) -> None:
        whole = self._whole
        viewers = whole.people.presence.viewers(whole.realtime.current_conversation)
        whole.window.pane.header.faces.show_faces(
            [
                Face(each.profile.id, name_of(each.profile), each.profile.avatar_path or "", each.attention)
                for each in viewers
            ]
        )

    def _show_typing(self) -> None:
        whole = self._whole
        people = whole.people.typing.typing(whole.realtime.current_conversation)
        whole.window.pane.typing.show_names([name_of(each) for each in people])

    def _show_marks(self) -> None:
        whole, receipts = self._whole, self._whole.people.receipts
        current = whole.realtime.current_conversation
        whole.window.pane.typing.keep_room(receipts.in_company(current))
        if whole.messages.conversation_id == current:
            whole.messages.read_by.set_marks(receipts.marks(current))
