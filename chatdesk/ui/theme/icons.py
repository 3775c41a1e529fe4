"""ChatDesk's own icons, drawn as strokes and coloured when they are read."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from chatdesk.resources import resource

# Logical sizes in use times the usual screen factors; between them Qt scales down, which stays crisp.
_SIZES = (16, 20, 24, 32, 40, 48, 64, 96)


@lru_cache(maxsize=256)
def _renderer(name: str, color: str) -> QSvgRenderer:
    source = resource("icons", f"{name}.svg").read_text(encoding="utf-8")
    renderer = QSvgRenderer(QByteArray(source.replace("currentColor", color).encode()))
    if not renderer.isValid():
        raise ValueError(f"The icon {name} is not an SVG picture.")
    return renderer


def _draw(name: str, color: str, side: int) -> QPixmap:
    renderer = _renderer(name, color)
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, side, side))
    painter.end()
    return pixmap


@lru_cache(maxsize=256)
def icon(name: str, color: str) -> QIcon:
    """Return ``resources/icons/<name>.svg`` in ``color`` (``#rrggbb``), sharp at every usual size.

    Raises ``FileNotFoundError`` for a name that has no file. Needs a QGuiApplication.
    """
    made = QIcon()
    for side in _SIZES:
        made.addPixmap(_draw(name, color, side))
    return made


def paint_icon(painter: QPainter, name: str, color: str, rect: QRectF) -> None:
    """Draw the icon straight into ``rect``, for delegates: no pixmap between, sharp at any scale."""
    _renderer(name, color).render(painter, rect)


def forget() -> None:
    """Drop every picture made so far; tests call it before their application ends."""
    icon.cache_clear()
    _renderer.cache_clear()
