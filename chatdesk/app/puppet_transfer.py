"""What a puppet does about export and import; the system's own dialogs for files are passed over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chatdesk.app.puppet_strings import Strings
from chatdesk.services.portability.reports import ExportFormat

Request = dict[str, Any]


class TransferStrings(Strings):
    """Requests about files."""

    async def examine(self, request: Request) -> Request:
        """Choose a file to import; its preview follows on screen."""
        self._whole.window.transfer.examine_requested.emit(Path(request["path"]))
        return {}

    async def export(self, request: Request) -> Request:
        """Choose a place for an export of everything, or of one conversation in a format."""
        verbs, path = self._whole.window.transfer, Path(request["path"])
        if "conversation_id" in request:
            kind = ExportFormat(request["format"])
            verbs.conversation_export_requested.emit(request["conversation_id"], path, kind)
        else:
            verbs.everything_export_requested.emit(path)
        return {}

    async def transfer(self, request: Request) -> Request:
        """Press a button of the dialog: ``yes``, ``cancel`` or ``side``."""
        dialog = self._whole.window.transfer.dialog
        button = {"yes": dialog.yes_button, "cancel": dialog.cancel_button, "side": dialog.side_button}
        button[request["button"]].click()
        return {}
