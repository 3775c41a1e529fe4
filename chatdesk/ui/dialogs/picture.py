"""A picture file as an avatar: its middle square, 256 pixels wide, as PNG."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRect, QSize, Qt
from PySide6.QtGui import QImage, QImageReader

from chatdesk.language.door import N_, _

SIDE = 256
_MOST_MEGABYTES = 256
PICTURES = N_("Pictures")
PATTERNS = "*.png *.jpg *.jpeg *.webp *.gif *.bmp"
NO_PICTURE = N_("This file is not a PNG, JPEG, WebP, GIF or BMP picture. Choose another one.")
UNREADABLE = N_("This picture cannot be read; it may be damaged or too large. Choose another one.")
_FORMATS = {b"png", b"jpeg", b"jpg", b"webp", b"gif", b"bmp"}


class NotAPicture(ValueError):
    """The file cannot be an avatar; the text is one sentence for the user."""


def read_avatar(path: str) -> QImage:
    """Read a picture and return its middle square scaled to 256 x 256; raises ``NotAPicture``.

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
    if size.isValid() and min(size.width(), size.height()) > SIDE:
        reader.setScaledSize(size.scaled(QSize(SIDE, SIDE), Qt.AspectRatioMode.KeepAspectRatioByExpanding))
    image = reader.read()
    if image.isNull():
        raise NotAPicture(_(UNREADABLE))
    return square(image)


def square(image: QImage) -> QImage:
    """Cut out the middle square of ``image`` and scale it to 256 x 256."""
    side = min(image.width(), image.height())
    middle = QRect((image.width() - side) // 2, (image.height() - side) // 2, side, side)
    mode = Qt.TransformationMode.SmoothTransformation
    return image.copy(middle).scaled(SIDE, SIDE, Qt.AspectRatioMode.IgnoreAspectRatio, mode)


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
