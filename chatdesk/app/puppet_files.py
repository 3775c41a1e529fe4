"""The puppet's files: what it attaches, and what it sees of the files that others attached."""

from __future__ import annotations

from typing import Any

from chatdesk.app.puppet_strings import Strings

Request = dict[str, Any]


class FileStrings(Strings):
    """Requests about attachments; see ``PuppetStrings``."""

    async def attach(self, request: Request) -> Request:
        """Choose files for the message that is being written; returns what the composer says of them."""
        tray = self._whole.window.composer.tray
        tray.add_paths(request["paths"])
        return {"chips": [chip.accessibleName() for chip in tray.chips]}

    async def files(self, request: Request) -> Request:
        """Tell the files of the messages on screen; ``picture`` is the size of the small picture shown."""
        timeline, told = self._whole.timeline, []
        for message_id in timeline.on_screen():
            row = timeline.row(message_id)
            for tile in row.files.tiles if row is not None else ():
                picture = timeline.files.known(tile.attachment.path)
                told.append(
                    {
                        "message_id": message_id,
                        "name": tile.attachment.name,
                        "size": tile.attachment.size,
                        "picture": [picture.width(), picture.height()] if picture is not None else None,
                    }
                )
        return {"files": told}
