"""Joins the list of conversations with the services: pins, archive, deletions with a way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatdesk.services.loaded import MessagesLoaded
from chatdesk.ui.actions.table import ActionId
from chatdesk.ui.timeline.unread import UnreadGuide

if TYPE_CHECKING:
    from chatdesk.app.open_window import OpenWindow


class ListWiring:
    """What is wished for a whole conversation goes out, and which of them are leaving comes in."""

    def __init__(self, whole: OpenWindow) -> None:
        self._whole = whole
        window, edits = whole.window, whole.realtime.conversations
        window.verbs.pin_requested.connect(edits.pin)
        window.verbs.archive_requested.connect(edits.archive)
        window.verbs.delete_requested.connect(edits.delete_soon)
        window.departures.undo_requested.connect(edits.undo_delete)
        window.composer.send_requested.connect(self._written_in)
        window.composer.picker.model_chosen.connect(edits.choose_model)
        whole.bonds.join(edits.leaving_changed, whole.conversations.set_leaving)
        self.unread = UnreadGuide(whole.timeline, whole.messages)
        whole.messages.unread.older_wanted.connect(whole.realtime.load_older)
        # After the wiring that loads the model, which was connected before.
        whole.realtime.messages_loaded.connect(self._loaded)
        window.message_action_requested.connect(self._act)

    def _loaded(self, loaded: MessagesLoaded) -> None:
        """Where nothing was read yet everything is new, and no line is needed to say so."""
        if not loaded.older:
            entry = self._whole.conversations.entry(loaded.conversation_id)
            marks = self._whole.realtime.shared.marks
            read = 0
            if entry is not None and entry.unread and marks is not None:
                # What was seen a moment ago is not new, though its mark is still on its way.
                read = max(entry.membership.last_read_seq, marks.seen(entry.id))
                read = read if entry.conversation.last_seq > read else 0
            self._whole.messages.unread.begin(read or None)

    def _act(self, action: ActionId) -> None:
        if action is ActionId.FIRST_UNREAD:
            self.unread.go()

    def _written_in(self, conversation_id: str, _text: str) -> None:
        """Who writes in an archived conversation has taken it up again: it goes back to the list."""
        entry = self._whole.conversations.entry(conversation_id)
        if entry is not None and entry.membership.archived:
            self._whole.realtime.conversations.archive(conversation_id, False)
