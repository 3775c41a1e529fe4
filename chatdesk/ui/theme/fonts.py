"""The two fonts: the system's own for the interface, its fixed one for code."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QFont, QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

BASE_PIXELS = 14

# What Qt falls back to where no desktop has chosen a font; a better one is taken when it is installed.
_NO_CHOICE = {"", "sans", "sans serif", "sans-serif", "dejavu sans", "open sans", "helvetica"}
_PREFERRED = ["Inter", "Noto Sans", "Cantarell", "Ubuntu", "Liberation Sans", "DejaVu Sans"]


def points(pixels: float) -> float:
    """Convert a size in device-independent pixels to points, so that the system's text scaling counts."""
    screen = QGuiApplication.primaryScreen()
    dpi = screen.logicalDotsPerInchY() if screen is not None else 96.0
    # 96 everywhere but macOS, where one point is one pixel.
    reference = 72.0 if dpi <= 80.0 else 96.0
    return pixels * 72.0 / reference


def interface_font(pixels: float = BASE_PIXELS) -> QFont:
    """Return the system's interface font at ``pixels`` (device-independent)."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    if font.family().lower() in _NO_CHOICE:
        font.setFamilies(_PREFERRED)
    font.setPointSizeF(points(pixels))
    return font


def code_font(pixels: float = BASE_PIXELS - 1) -> QFont:
    """Return the system's fixed-width font at ``pixels`` (device-independent)."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    if font.family().lower() in {"", "monospace", "courier"}:
        font.setFamilies(
            ["JetBrains Mono", "Noto Sans Mono", "DejaVu Sans Mono", "Liberation Mono", "monospace"]
        )
    font.setStyleHint(QFont.StyleHint.Monospace)
    font.setFixedPitch(True)
    font.setPointSizeF(points(pixels))
    return font


def scaled(font: QFont, factor: float, weight: QFont.Weight | None = None) -> QFont:
    """Return a copy of ``font`` that is ``factor`` times as large, with another ``weight`` if given."""
    other = QFont(font)
    other.setPointSizeF(max(1.0, font.pointSizeF() * factor))
    if weight is not None:
        other.setWeight(weight)
    return other


_NEW_FONT = (QEvent.Type.ApplicationFontChange, QEvent.Type.StyleChange)


class _Sized(QObject):
    """Keeps a widget's font at a share of the application's, which grows with the text size."""

    def __init__(self, widget: QWidget, factor: float, weight: QFont.Weight | None) -> None:
        super().__init__(widget)
        self._factor = factor
        self._weight = weight
        self._put(widget)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Only windows are told of another application font; the style sheet, put on again, reaches all.
        if event.type() in _NEW_FONT and isinstance(watched, QWidget):
            self._put(watched)
        return False

    def _put(self, widget: QWidget) -> None:
        font = scaled(QApplication.font(), self._factor, self._weight)
        if widget.font() != font:
            widget.setFont(font)


def sized(widget: QWidget, factor: float, weight: QFont.Weight | None = None) -> None:
    """Give a widget a font ``factor`` times as large as the interface's, now and at any later text size."""
    _Sized(widget, factor, weight)


def in_text(pixels: float) -> int:
    """Return a length that has grown with the text as much as the application's font has."""
    return round(pixels * QApplication.font().pointSizeF() / points(BASE_PIXELS))
