"""Files of messages: what the timeline wants to show is brought, decoded and handed back."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

from chatdesk.domain.attachment import Attachment
from chatdesk.runtime.whole_file import PUBLIC, write_whole
from chatdesk.services.notices import NoticeLevel
from chatdesk.ui.attachments.thumbnails import BOUND

if TYPE_CHECKING:
    from chatdesk.app.open_window import OpenWindow

_log = logging.getLogger(__name__)

CANNOT_BE_SHOWN = "This picture cannot be shown; it may be damaged."
CANNOT_BE_SAVED = "The file could not be saved."


class AttachmentWiring:
    """Joins the timeline's small pictures and the viewer with the service that brings files."""

    def __init__(self, whole: OpenWindow) -> None:
        self._whole = whole
        whole.timeline.files.wanted.connect(self._bring)
        whole.timeline.files.opened.connect(self._open)

    def _bring(self, attachment: Attachment) -> None:
        from chatdesk.ui.attachments.pictures import decoded

        def put(picture: QImage | None) -> None:
            if picture is not None:
                self._whole.timeline.files.put(attachment.path, picture)

        self._whole.attachments.prepare(
            attachment, lambda content: decoded(content, BOUND), self._whole.while_open(put), patient=True
        )

    def _open(self, attachment: Attachment) -> None:
        from chatdesk.ui.attachments.pictures import decoded
        from chatdesk.ui.attachments.viewer import LARGEST, AttachmentViewer

        def read(content: bytes) -> tuple[QImage | str | None, bytes]:
            if attachment.is_picture:
                return decoded(content, LARGEST), content
            return content.decode("utf-8-sig", "replace"), content

        def show(found: tuple[QImage | str | None, bytes]) -> None:
            shown, content = found
            if shown is None:
                self._whole.notices.tell(CANNOT_BE_SHOWN, "", NoticeLevel.WARNING)
                return
            viewer = AttachmentViewer(self._whole.window, attachment, shown)
            viewer.save_chosen.connect(lambda place: self._save(content, place))
            viewer.open()

        self._whole.attachments.prepare(attachment, read, self._whole.while_open(show))

    def _save(self, content: bytes, place: str) -> None:
        try:
            write_whole(Path(place), content, mode=PUBLIC)
        except OSError as failure:
            _log.warning("An attachment could not be saved: %s", type(failure).__name__)
            self._whole.notices.tell(CANNOT_BE_SAVED, "Choose another place.", NoticeLevel.WARNING)
