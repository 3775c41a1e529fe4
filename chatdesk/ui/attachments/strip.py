"""The files of a message, as buttons that open them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from chatdesk.domain.attachment import Attachment
from chatdesk.ui.attachments.thumbnails import MOST_HIGH, MOST_WIDE, Thumbnails
from chatdesk.ui.attachments.words import size_label, spoken
from chatdesk.ui.theme.icons import paint_icon
from chatdesk.ui.timeline.look import Look

GAP = 6
_RADIUS = 12
_LEAST = 48
_UNKNOWN = QSize(160, 120)
_FILE_WIDE = 240
_FILE_ICON = 22


class Tile(QAbstractButton):
    """One file: a picture small, anything else by its name."""

    def __init__(self, look: Look, pictures: Thumbnails, attachment: Attachment, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._pictures = pictures
        self.attachment = attachment
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.set_look(look)

    def set_look(self, look: Look) -> None:
        """Take other fonts and colours, and the words of the language in use."""
        self._look = look
        one = self.attachment
        self.setAccessibleName(spoken(one.name, one.is_picture, one.size))
        self.setToolTip(f"{one.name} · {size_label(one.size)}")
        self.update()

    def sizeHint(self) -> QSize:
        one = self.attachment
        if not one.is_picture:
            metrics = QFontMetrics(self._look.font)
            wide = metrics.horizontalAdvance(one.name) + _FILE_ICON + 34
            tall = metrics.height() + QFontMetrics(self._look.small).height() + 16
            return QSize(max(120, min(_FILE_WIDE, wide)), tall)
        if not one.width or not one.height:
            return _UNKNOWN
        size, most = QSize(one.width, one.height), QSize(MOST_WIDE, MOST_HIGH)
        if size.width() > MOST_WIDE or size.height() > MOST_HIGH:
            size = size.scaled(most, Qt.AspectRatioMode.KeepAspectRatio)
        return size.expandedTo(QSize(_LEAST, _LEAST))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        area, tokens = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), self._look.tokens
        outline = QPainterPath()
        outline.addRoundedRect(area, _RADIUS, _RADIUS)
        painter.fillPath(outline, QColor(tokens.hover if self.underMouse() else tokens.raised))
        if self.attachment.is_picture:
            self._paint_picture(painter, outline, area)
        else:
            self._paint_file(painter)
        focused = self.hasFocus()
        painter.setPen(QPen(QColor(tokens.focus if focused else tokens.border), 2 if focused else 1))
        painter.drawPath(outline)

    def _paint_picture(self, painter: QPainter, outline: QPainterPath, area: QRectF) -> None:
        picture = self._pictures.get(self.attachment)
        if picture is None or picture.isNull():
            spot = QRectF(0, 0, 24, 24)
            spot.moveCenter(area.center())
            paint_icon(painter, "image", self._look.tokens.text_muted, spot)
            return
        size = picture.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        if size.width() > picture.width():
            size = picture.size()
        place = QRectF(0, 0, size.width(), size.height())
        place.moveCenter(area.center())
        painter.save()
        painter.setClipPath(outline)
        painter.drawImage(place, picture)
        painter.restore()

    def _paint_file(self, painter: QPainter) -> None:
        look, left = self._look, 10
        middle = self.height() / 2
        spot = QRectF(left, middle - _FILE_ICON / 2, _FILE_ICON, _FILE_ICON)
        paint_icon(painter, "file", look.tokens.text_muted, spot)
        names, sizes = QFontMetrics(look.font), QFontMetrics(look.small)
        x, room = left + _FILE_ICON + 8, self.width() - left - _FILE_ICON - 18
        painter.setFont(look.font)
        painter.setPen(QColor(look.tokens.text))
        name = names.elidedText(self.attachment.name, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(QRect(x, 7, room, names.height()), int(Qt.AlignmentFlag.AlignVCenter), name)
        painter.setFont(look.small)
        painter.setPen(QColor(look.tokens.text_muted))
        below = QRect(x, 8 + names.height(), room, sizes.height())
        painter.drawText(below, int(Qt.AlignmentFlag.AlignVCenter), size_label(self.attachment.size))


class AttachmentStrip(QWidget):
    """Tiles on as many lines as they need; ``opened(Attachment)`` when one was pressed."""

    opened = Signal(object)

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._pictures = Thumbnails(self)
        self.tiles: list[Tile] = []
        self.used = QRect()
        self.hide()

    def follow(self, pictures: Thumbnails) -> None:
        """Take small pictures from here, and tell it what is opened; called once."""
        self._pictures = pictures
        pictures.changed.connect(self._picture_came)
        self.opened.connect(pictures.opened)

    def set_look(self, look: Look) -> None:
        """Take other fonts and colours."""
        self._look = look
        for tile in self.tiles:
            tile.set_look(look)

    def show_attachments(self, attachments: Sequence[Attachment]) -> None:
        """Show these files instead of what is here."""
        if tuple(attachments) != tuple(tile.attachment for tile in self.tiles):
            for tile in self.tiles:
                tile.hide()
                tile.deleteLater()
            self.tiles = [self._tile(attachment) for attachment in attachments]
        self.setVisible(bool(self.tiles))

    def lay_out(self, width: int, *, mirrored: bool) -> int:
        """Arrange the tiles in ``width``, from the right if ``mirrored``; return the height."""
        lines: list[list[tuple[Tile, QSize]]] = [[]]
        x = 0
        for tile in self.tiles:
            size = tile.sizeHint()
            size.setWidth(min(size.width(), width))
            if lines[-1] and x + size.width() > width:
                lines.append([])
                x = 0
            lines[-1].append((tile, size))
            x += size.width() + GAP
        y, self.used = 0, QRect()
        for line in lines:
            wide = sum(size.width() + GAP for _, size in line) - GAP
            x = width - wide if mirrored else 0
            tall = max((size.height() for _, size in line), default=0)
            for tile, size in line:
                tile.setGeometry(QRect(QPoint(x, y + tall - size.height()), size))
                self.used = self.used.united(tile.geometry())
                x += size.width() + GAP
            y += tall + GAP
        return max(0, y - GAP)

    def place(self, left: int, y: int, width: int, *, mirrored: bool) -> int:
        """Arrange the tiles and stand at ``y``; return where what follows begins."""
        if not self.tiles:
            return y
        tall = self.lay_out(width, mirrored=mirrored)
        self.setGeometry(left, y, width, tall)
        return y + tall + GAP

    def _tile(self, attachment: Attachment) -> Tile:
        tile = Tile(self._look, self._pictures, attachment, self)
        tile.clicked.connect(lambda: self.opened.emit(attachment))
        tile.show()
        return tile

    def _picture_came(self, path: str) -> None:
        for tile in self.tiles:
            if tile.attachment.path == path:
                tile.update()
