"""What the puppet sees of its own window, told as plain values."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QLabel

from chatdesk.app.puppet_strings import Strings
from chatdesk.domain.conversation import ConversationEntry
from chatdesk.domain.message import Message
from chatdesk.ui.dialogs.confirm import ConfirmDialog
from chatdesk.ui.transfer.dialog import TransferDialog

if TYPE_CHECKING:
    from chatdesk.services.reply_alerts import ReplyAlert

Request = dict[str, Any]

LONGEST_TOLD = 20_000
"""Characters of a message that are told; of a longer one its beginning, its length and a digest."""


class WindowEyes(Strings):
    """Requests that only look; see ``PuppetStrings``."""

    _alerts: list[ReplyAlert]

    async def state(self, request: Request) -> Request:
        """Tell what is on screen, by way of the models."""
        whole = self._whole
        messages = whole.messages
        account, own = whole.realtime.account, whole.profiles.own
        state = whole.realtime.engine.state if account else None
        form = whole.window.first_run.form
        question = self._question()
        written = whole.window.composer.text()
        labels = whole.window.composer.findChildren(QLabel)
        return {
            "first_run": whole.window.first_run.isVisible(),
            "form": [form.url.text(), form.api_key.text(), form.email.text(), form.password.text()],
            "form_error": form.error.text() if form.error.isVisible() else "",
            "form_busy": not form.button.isEnabled(),
            "local_error": whole.window.first_run.local_error.text(),
            "question": question.accessibleName() if question else None,
            "badge": whole.window.sidebar.badge.text(),
            "signed_in": account is not None,
            "user_id": account.user_id if account else None,
            "link": state.link.value if state else "stopped",
            "pending": state.pending if state else 0,
            "failed": state.failed if state else 0,
            "current": whole.realtime.current_conversation,
            "model": whole.window.composer.picker.model,
            "archived": whole.conversations.archived_count,
            "conversations": [{"id": each.id, "title": each.conversation.title} for each in self._entries()],
            "unread": [each.id for each in self._entries() if each.unread],
            "messages": [self._described(messages.at(row)) for row in range(messages.rowCount())],
            "profile": own.label if own else None,
            "picture": own.avatar_path if own else None,
            "picture_shown": bool(own and own.avatar_path in whole.profiles.pictures),
            "composer": written[:LONGEST_TOLD],
            "composer_length": len(written),
            "chips": [file.name for file in whole.window.composer.tray.files],
            "notice": whole.window.pane.notice.told,
            "models": list(whole.models.models),
            "hint": " ".join(label.text() for label in labels if label.isVisible()),
            **self._company(),
            "replying": whole.generation.replying(whole.realtime.current_conversation),
            "window": whole.number,
            "alerts": [alert.message_id for alert in self._alerts],
            "windows": [each.number for each in whole.whole.windows.all],
            "notices": list(whole.window.notices.shown),
            "transfer": self._transfer(),
            "tasks": len(asyncio.all_tasks()),
        }

    def _company(self) -> Request:
        """Who else is seen: in the header, above the composer, below the messages."""
        whole = self._whole
        pane, marks = whole.window.pane, whole.messages.read_by
        rows = [whole.messages.at(row) for row in range(whole.messages.rowCount())]
        read = {row.content: [each.name for each in marks.of(row.id)] for row in rows if marks.of(row.id)}
        return {
            "faces": [[face.name, face.attention.value] for face in pane.header.faces.faces],
            "typing": pane.typing.label.text().strip() if pane.typing.isVisible() else "",
            "read_by": read,
            "unread_counts": {each.id: each.unread_count for each in self._entries() if each.unread_count},
            "devices": [
                [each.here, each.attention.value if each.attention else "offline"]
                for each in whole.people.presence.devices()
            ],
        }

    async def diagnostics(self, request: Request) -> Request:
        """Tell the engine's report."""
        return dict(self._whole.realtime.engine.diagnostics())

    def _entries(self) -> list[ConversationEntry]:
        model = self._whole.conversations
        return [model.entry_at(row) for row in range(model.rowCount())]

    async def look_at_transfer(self, request: Request) -> Request:
        """Tell what the dialog about export and import says."""
        return self._transfer() or {}

    def _described(self, message: Message) -> Request:
        told = asdict(message)
        kept = (
            "id",
            "parent_id",
            "role",
            "content",
            "status",
            "delivery",
            "seq",
            "error",
            "failure",
            "usage",
        )
        described = {key: told[key] for key in kept}
        described["withheld"] = self._whole.generation.withheld.get(message.id, "")
        described["shown"] = len(self._whole.messages.text_of(message))
        if len(message.content) > LONGEST_TOLD:
            digest = hashlib.sha256(message.content.encode()).hexdigest()
            described["content"] = f"{message.content[:100]}… {len(message.content)} {digest}"
        return described

    def _transfer(self) -> Request | None:
        """Tell what the dialog about export and import says, if it is there."""
        dialog = next(iter(self._whole.window.findChildren(TransferDialog)), None)
        if dialog is None:
            return None
        return {
            "visible": dialog.isVisible(),
            "running": dialog.running,
            "title": dialog.title.text(),
            "said": dialog.said.text(),
            "yes": dialog.yes_button.text(),
        }

    def _question(self) -> ConfirmDialog | None:
        dialogs = self._whole.window.findChildren(ConfirmDialog)
        return next((dialog for dialog in dialogs if dialog.isVisible()), None)
