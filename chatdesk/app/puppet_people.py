"""What a puppet's hands do about other people."""

from __future__ import annotations

from typing import Any

from chatdesk.app.puppet_strings import Strings
from chatdesk.services.circle import Switch

Request = dict[str, Any]


class PeopleStrings(Strings):
    """Requests about presence, typing and read marks; see ``PuppetStrings``."""

    async def rest(self, request: Request) -> Request:
        """Leave keyboard and mouse alone, as if for as long as it takes to count as idle."""
        self._whole.whole.people.attention.look(0.0)
        return {}

    async def stir(self, request: Request) -> Request:
        """Touch keyboard or mouse again."""
        self._whole.whole.people.attention.touch()
        return {}

    async def switch(self, request: Request) -> Request:
        """Click a switch on the settings' page of people."""
        settings = self._whole.window.settings
        settings.open()
        assert settings.dialog is not None
        box = settings.dialog.people.boxes[Switch(request["switch"])]
        if box.isChecked() != request["on"]:
            box.click()
        settings.dialog.accept()
        return {}

    async def read(self, request: Request) -> Request:
        """Look at everything that the timeline shows, in a window in front."""
        messages = self._whole.messages
        self._whole.realtime.mark_read(messages.newest_seq)
        return {}
