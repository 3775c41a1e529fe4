"""A picture file as an avatar: a square of it, at most 512 pixels wide, as PNG."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QImageReader, QPainter

from chatdesk.language.door import N_, _

SIDE = 512
"""The most pixels an avatar has on a side; a smaller part of a picture is not blown up."""

_DECODED = 3 * SIDE
"""The shorter side a large picture is decoded to, so that a third of it is still sharp."""

_MOST_MEGABYTES = 256
PICTURES = N_("Pictures")
PATTERNS = "*.png *.jpg *.jpeg *.webp *.gif *.bmp"
NO_PICTURE = N_("This file is not a PNG, JPEG, WebP, GIF or BMP picture. Choose another one.")
UNREADABLE = N_("This picture cannot be read; it may be damaged or too large. Choose another one.")
_FORMATS = {b"png", b"jpeg", b"jpg", b"webp", b"gif", b"bmp"}


class NotAPicture(ValueError):
    """The file cannot be an avatar; the text is one sentence for the user."""


def read_picture(path: str) -> QImage:
    """Read a picture; raises ``NotAPicture``.

    It is decoded small where the format can do that, turned as the camera says, and never takes more than
    256 MB, so that a picture made to exhaust the memory is refused.
    """
    reader = QImageReader(path)
    reader.setAutoTransform(True)
    reader.setAllocationLimit(_MOST_MEGABYTES)
    reader.setDecideFormatFromContent(True)
    if bytes(reader.format().data()) not in _FORMATS:
        raise NotAPicture(_(NO_PICTURE))
    size = reader.size()
    if size.isValid() and min(size.width(), size.height()) > _DECODED:
        small = QSize(_DECODED, _DECODED)
        reader.setScaledSize(size.scaled(small, Qt.AspectRatioMode.KeepAspectRatioByExpanding))
    image = reader.read()
    if image.isNull():
        raise NotAPicture(_(UNREADABLE))
    return image


def part_of(image: QImage, part: QRectF) -> QImage:
    """Return a square part of ``image`` as an avatar, without whatever else the file told."""
    side = max(1, min(SIDE, round(part.width())))
    made = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    made.fill(Qt.GlobalColor.transparent)
    # In one step QPainter would pick single pixels where many become one.
    mode = Qt.TransformationMode.SmoothTransformation
    cut = image.copy(part.toRect()).scaled(side, side, Qt.AspectRatioMode.IgnoreAspectRatio, mode)
    painter = QPainter(made)
    painter.drawImage(0, 0, cut)
    painter.end()
    return made


def as_png(image: QImage) -> bytes:
    """Return ``image`` as the bytes of a PNG file."""
    stored = QByteArray()
    buffer = QBuffer(stored)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs want bytes, Qt 6.11.3 takes str
    buffer.close()
    return bytes(stored.data())


def picture_from(content: bytes) -> QImage | None:
    """Decode a picture; None when it is none."""
    image = QImage.fromData(content)
    return None if image.isNull() else image
