"""What a puppet does with single messages and their versions, by the timeline's own buttons."""

from __future__ import annotations

import asyncio
from typing import Any

from chatdesk.app.puppet_strings import Strings
from chatdesk.ui.timeline.offers import MessageAction
from chatdesk.ui.timeline.row import RowView

Request = dict[str, Any]


class VersionStrings(Strings):
    """Requests about messages on screen."""

    async def edit(self, request: Request) -> Request:
        """Change a message in its place and save it; returns the id of the new version."""
        timeline, realtime = self._whole.timeline, self._whole.realtime
        expected: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        timeline.rewriting.begin_edit(request["message_id"])
        editor = self._row(request["message_id"]).editor
        if editor is None:
            raise LookupError("the message cannot be edited")
        editor.field.put(request["text"])

        def note(message_id: str) -> None:
            if not expected.done():
                expected.set_result(message_id)

        connection = realtime.message_accepted.connect(note)
        try:
            editor.save.click()
            return {"message_id": await expected}
        finally:
            realtime.message_accepted.disconnect(connection)

    async def act(self, request: Request) -> Request:
        """Press a button of a message, such as ``previous``, ``regenerate`` or ``delete``."""
        row = self._row(request["message_id"])
        row.buttons.reveal(True)
        button = row.buttons.button(MessageAction(request["action"]))
        if button is None or not button.isEnabled():
            raise LookupError(f"{request['action']} is not offered")
        button.click()
        return {}

    async def regenerate(self, request: Request) -> Request:
        """Have a reply of the open conversation written again, even if the buttons are gone already."""
        realtime = self._whole.realtime
        self._whole.generation.regenerate(
            realtime.current_conversation, request["message_id"], asker=realtime
        )
        return {}

    async def versions(self, request: Request) -> Request:
        """Tell the versions of each message on screen that has several."""
        messages = self._whole.messages
        told = {}
        for row in range(messages.rowCount()):
            found = messages.versions_of(messages.at(row).id)
            if found is not None:
                told[messages.at(row).id] = {"ids": list(found.ids), "place": found.place}
        return {"versions": told}

    def _row(self, message_id: str) -> RowView:
        timeline = self._whole.timeline
        timeline.flush()
        if timeline.row(message_id) is None:
            timeline.show_message(message_id)
        row = timeline.row(message_id)
        if row is None:
            raise LookupError("the message is not shown")
        return row
