"""The puppet's pictures: those it takes of its window, and the one it has drawn for a profile."""

from __future__ import annotations

import asyncio
from typing import Any

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter

from chatdesk.app.puppet_strings import Strings
from chatdesk.ui.dialogs.picture import as_png

Request = dict[str, Any]


class PictureStrings(Strings):
    """Requests about pictures; see ``PuppetStrings``."""

    async def screenshot(self, request: Request) -> Request:
        await asyncio.sleep(0.3)  # Let notices and hover effects settle; a picture is not a measurement.
        if not self._whole.window.grab().save(request["path"]):
            raise OSError(f"{request['path']} cannot be written")
        return {}

    async def place_beside(self, request: Request) -> Request:
        """Put pictures next to each other into one."""
        images = [QImage(path) for path in request["paths"]]
        gap = images[0].width() // 40
        width = sum(image.width() for image in images) + gap * (len(images) + 1)
        whole = QImage(width, images[0].height() + 2 * gap, QImage.Format.Format_RGB32)
        whole.fill(QColor("#c9d6d3"))
        painter = QPainter(whole)
        left = gap
        for image in images:
            painter.drawImage(left, gap, image)
            left += image.width() + gap
        painter.end()
        whole.save(request["output"])
        return {}


def portrait() -> bytes:
    """Draw a person before an evening sky."""
    image = QImage(256, 256, QImage.Format.Format_RGB32)
    sky = QLinearGradient(0, 0, 256, 256)
    sky.setColorAt(0, QColor("#f6b26b"))
    sky.setColorAt(1, QColor("#8e5ea2"))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillRect(image.rect(), sky)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor("#fff4e0"))
    painter.drawEllipse(QPointF(128, 105), 46, 46)
    painter.drawEllipse(QPointF(128, 250), 88, 84)
    painter.end()
    return as_png(image)
