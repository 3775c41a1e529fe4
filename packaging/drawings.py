"""Draws the program's icon in the formats of the three systems from the one SVG."""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path

PNG_SIDES = (16, 24, 32, 48, 64, 128, 256, 512)
ICO_SIDES = (16, 24, 32, 48, 64, 256)
# Apple's names for the sides; PNG is allowed in all of these.
ICNS_KINDS = {b"icp4": 16, b"icp5": 32, b"icp6": 64, b"ic07": 128, b"ic08": 256, b"ic09": 512, b"ic10": 1024}


def draw(svg: Path, target: Path) -> None:
    """Write ``chatdesk.ico``, ``chatdesk.icns`` and ``icons/<side>.png`` into ``target``."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QBuffer, QIODevice, QRectF, Qt
    from PySide6.QtGui import QGuiApplication, QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    application = QGuiApplication.instance() or QGuiApplication(sys.argv[:1])
    renderer = QSvgRenderer(str(svg))
    if not renderer.isValid():
        raise SystemExit(f"{svg} cannot be drawn.")

    def picture(side: int) -> bytes:
        image = QImage(side, side, QImage.Format.Format_ARGB32)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        renderer.render(painter, QRectF(0, 0, side, side))
        painter.end()
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        image.save(buffer, "PNG")
        return bytes(buffer.data().data())

    pictures = {side: picture(side) for side in sorted({*PNG_SIDES, *ICO_SIDES, *ICNS_KINDS.values()})}
    (target / "icons").mkdir(parents=True, exist_ok=True)
    for side in PNG_SIDES:
        (target / "icons" / f"{side}.png").write_bytes(pictures[side])
    (target / "chatdesk.ico").write_bytes(ico({side: pictures[side] for side in ICO_SIDES}))
    (target / "chatdesk.icns").write_bytes(icns({kind: pictures[side] for kind, side in ICNS_KINDS.items()}))
    del application


def ico(pictures: dict[int, bytes]) -> bytes:
    """Put PNG pictures, by their side, into Windows' container."""
    head, body = struct.pack("<HHH", 0, 1, len(pictures)), b""
    start = 6 + 16 * len(pictures)
    for side, content in sorted(pictures.items()):
        # 0 stands for 256.
        head += struct.pack("<BBBBHHII", side % 256, side % 256, 0, 0, 1, 32, len(content), start + len(body))
        body += content
    return head + body


def icns(pictures: dict[bytes, bytes]) -> bytes:
    """Put PNG pictures, by Apple's name for their side, into macOS' container."""
    body = b"".join(
        kind + struct.pack(">I", 8 + len(content)) + content for kind, content in pictures.items()
    )
    return b"icns" + struct.pack(">I", 8 + len(body)) + body
