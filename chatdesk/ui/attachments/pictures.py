"""Pictures from bytes that nobody vouches for, within limits."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt
from PySide6.QtGui import QImage, QImageIOHandler, QImageReader

MOST_PIXELS = 50_000_000
_MOST_MEGABYTES = 256
_FORMATS = {"image/png": b"png", "image/jpeg": b"jpeg", "image/webp": b"webp", "image/gif": b"gif"}
_TURNED = QImageIOHandler.Transformation.TransformationRotate90


def kind_of(content: bytes) -> str | None:
    """Tell by its first bytes which of the known kinds a picture is, or None; a name is only a claim."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    return None


def measured(content: bytes, kind: str) -> QSize:
    """Return a picture's size as it is shown, from its head only; an invalid size when it has none."""
    with_buffer = _reader(content, kind)
    size = with_buffer[0].size()
    turned = with_buffer[0].transformation() & _TURNED
    return size.transposed() if turned else size


def decoded(content: bytes, bound: QSize | None = None) -> QImage | None:
    """Decode a picture, scaled down to fit ``bound``; None when it is none, damaged, or too large.

    Only the decoder of its own kind is used, it is told the size before it begins, and takes 256 MB at most.
    May run on any thread.
    """
    kind = kind_of(content)
    if kind is None:
        return None
    reader, _buffer = _reader(content, kind)
    size = reader.size()
    if not size.isValid() or size.width() * size.height() > MOST_PIXELS:
        return None
    if bound is not None:
        # The bound is for what is shown, the scaling happens before the picture is turned.
        limit = bound.transposed() if reader.transformation() & _TURNED else bound
        if size.width() > limit.width() or size.height() > limit.height():
            fitting = size.scaled(limit, Qt.AspectRatioMode.KeepAspectRatio)
            reader.setScaledSize(fitting.expandedTo(QSize(1, 1)))
    image = reader.read()
    return None if image.isNull() else image


def as_png(image: QImage) -> bytes:
    """Return ``image`` as the bytes of a PNG file; empty when it cannot be one."""
    stored = QByteArray()
    buffer = QBuffer(stored)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    written = image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs want bytes, Qt takes str
    buffer.close()
    return bytes(stored.data()) if written else b""


def _reader(content: bytes, kind: str) -> tuple[QImageReader, QBuffer]:
    """Return a reader, and the buffer that has to live as long as it."""
    buffer = QBuffer()
    buffer.setData(QByteArray(content))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, QByteArray(_FORMATS[kind]))
    reader.setAutoTransform(True)
    reader.setAutoDetectImageFormat(False)
    reader.setAllocationLimit(_MOST_MEGABYTES)
    return reader, buffer
