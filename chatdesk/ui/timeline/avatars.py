"""Pictures of people, and what stands in for them."""

from __future__ import annotations

from zlib import crc32

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPainterPath

from chatdesk.ui.theme.icons import paint_icon
from chatdesk.ui.theme.tokens import Tokens


class Avatars:
    """Pictures by key, painted as circles; without a picture the initials on the person's own colour."""

    def __init__(self) -> None:
        self._pictures: dict[str, QImage] = {}

    def put(self, key: str, picture: QImage) -> None:
        """Keep ``picture`` under ``key``; an empty one forgets it."""
        if picture.isNull():
            self._pictures.pop(key, None)
        else:
            self._pictures[key] = picture

    def paint(
        self, painter: QPainter, circle: QRectF, key: str, name: str, seed: str, tokens: Tokens, font: QFont
    ) -> None:
        """Paint the person into ``circle``; ``seed`` chooses the colour, and who is nobody here has none."""
        picture = self._pictures.get(key) if key else None
        painter.setPen(Qt.PenStyle.NoPen)
        if picture is not None:
            path = QPainterPath()
            path.addEllipse(circle)
            painter.save()
            painter.setClipPath(path)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            side = min(picture.width(), picture.height())
            source = QRectF((picture.width() - side) / 2, (picture.height() - side) / 2, side, side)
            painter.drawImage(circle, picture, source)
            painter.restore()
            return
        hue = crc32(seed.encode("utf-8", "replace")) % 360
        strength, weight = (90, 120) if seed else (0, 0)
        ground = QColor.fromHsl(hue, strength, 75 if tokens.dark else 205)
        painter.setBrush(ground)
        painter.drawEllipse(circle)
        small = QFont(font)
        small.setPixelSize(max(1, round(circle.height() * 0.4)))
        small.setWeight(QFont.Weight.DemiBold)
        painter.setFont(small)
        painter.setPen(QColor.fromHsl(hue, weight, 225 if tokens.dark else 55))
        painter.drawText(circle, int(Qt.AlignmentFlag.AlignCenter), initials(name))

    @staticmethod
    def paint_model(painter: QPainter, circle: QRectF, tokens: Tokens) -> None:
        """Paint the mark of a model."""
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.accent_soft))
        painter.drawEllipse(circle)
        inset = circle.width() * 0.22
        paint_icon(painter, "sparkle", tokens.accent, circle.adjusted(inset, inset, -inset, -inset))


def initials(name: str) -> str:
    """Return up to two initials of ``name``."""
    words = [word for word in name.split() if word[0].isalnum()]
    letters = [words[0][0], *([words[-1][0]] if len(words) > 1 else [])] if words else ["?"]
    return "".join(letters).upper()
