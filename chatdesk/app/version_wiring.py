"""Edits, further replies, deletions and versions: the timeline's wishes to the services, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chatdesk.domain.attachment import NewFile
from chatdesk.language.door import _
from chatdesk.services.loaded import MessageRefused
from chatdesk.ui.actions.table import ActionId
from chatdesk.ui.timeline.offers import MessageAction

if TYPE_CHECKING:
    from chatdesk.app.open_window import OpenWindow

_KEYS = {
    ActionId.EDIT_LAST: MessageAction.EDIT,
    ActionId.COPY_REPLY: MessageAction.COPY,
    ActionId.PREVIOUS_VERSION: MessageAction.PREVIOUS,
    ActionId.NEXT_VERSION: MessageAction.NEXT,
    ActionId.REGENERATE: MessageAction.REGENERATE,
}


class VersionWiring:
    """Joins everything about single messages for as long as the window is open."""

    def __init__(self, whole: OpenWindow) -> None:
        self._whole = whole
        self._edits: dict[str, tuple[str, str]] = {}
        """Id of a version on its way to the disk -> (the conversation, the message that was edited)."""
        timeline, realtime, messages = whole.timeline, whole.realtime, whole.messages
        timeline.edit_saved.connect(self._save)
        timeline.regenerate_requested.connect(self._regenerate)
        timeline.answer_requested.connect(self._answer)
        timeline.delete_requested.connect(realtime.delete_message_soon)
        timeline.undo_requested.connect(realtime.undo_delete)
        timeline.switch_requested.connect(realtime.switch_branch)
        realtime.version_expected.connect(messages.expect)
        realtime.branch_wanted.connect(messages.show_version)
        realtime.leaving_changed.connect(messages.set_leaving)
        realtime.message_accepted.connect(self._accepted)
        realtime.message_refused.connect(self._refused)
        messages.choices_changed.connect(realtime.keep_choices)
        messages.version_arrived.connect(self._arrived)
        whole.bonds.join(whole.session.signed_out, timeline.rewriting.forget)
        whole.bonds.join(whole.generation.reply_withheld, timeline.rewriting.withhold)
        for message_id, reason in whole.generation.withheld.items():
            timeline.rewriting.withhold(message_id, reason)
        whole.window.message_action_requested.connect(self._act)

    def _save(self, message_id: str, text: str) -> None:
        whole, realtime = self._whole, self._whole.realtime
        edited = whole.messages.get(message_id)
        conversation_id = realtime.current_conversation

        def send(files: Sequence[NewFile]) -> None:
            if realtime.current_conversation == conversation_id:
                asks = whole.wiring.sharing.asks_model(conversation_id, text)
                expected = asks and whole.generation.expected
                version_id = realtime.edit_message(message_id, text, files, expected)
                self._edits[version_id] = (conversation_id, message_id)

        # The other version has the same files, under a path of its own.
        files = edited.attachments if edited is not None else ()
        self._whole.attachments.gather(files, self._whole.while_open(send))

    def _accepted(self, message_id: str) -> None:
        conversation_id, edited = self._edits.pop(message_id, ("", ""))
        if edited:
            self._whole.timeline.rewriting.end_edit(edited)
            self._whole.window.composer.setFocus()
            sharing, written = self._whole.wiring.sharing, self._whole.messages.get(message_id)
            asked = written is None or sharing.asks_model(conversation_id, written.content)
            if asked and self._whole.generation.expected:
                self._whole.generation.request_reply(conversation_id, message_id, self._whole.realtime)

    def _refused(self, refusal: MessageRefused) -> None:
        # The notice says why; the editor stays open with the text.
        self._edits.pop(refusal.message_id, None)

    def _regenerate(self, message_id: str, go_on: bool) -> None:
        conversation_id = self._whole.realtime.current_conversation
        self._whole.generation.regenerate(
            conversation_id, message_id, go_on=go_on, asker=self._whole.realtime
        )

    def _answer(self, message_id: str) -> None:
        realtime = self._whole.realtime
        self._whole.generation.answer(realtime.current_conversation, message_id, realtime)

    def _arrived(self, shown: str, arrived: str) -> None:
        """Say that another version came, unless it can be seen already."""
        if shown == arrived:
            return
        realtime = self._whole.realtime
        self._whole.window.notices.tell(
            _("Another version of a message was written in another window."),
            _("You still see the one you were reading."),
            action=(_("Show it"), lambda: realtime.switch_branch(arrived)),
        )

    def _act(self, action: ActionId) -> None:
        if action in _KEYS:
            self._whole.timeline.rewriting.choose(_KEYS[action])
