"""``python -m tests.gallery DIRECTORY [NAME ...]`` writes the gallery, or the pictures of these names.

The same program on the same machine writes the same bytes: rows, moment, zone, locale and scale are fixed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

FIXED = {
    "QT_QPA_PLATFORM": "offscreen",
    "QT_QPA_OFFSCREEN_NO_GLX": "1",
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
    "LANGUAGE": "en",
}
SCALE = "QT_SCALE_FACTOR"


def main(directory: Path, wanted: list[str]) -> int:
    """Write the pictures, each scale in a process of its own; returns the exit status."""
    from tests.gallery.scenes import SHOTS

    names = {shot.name for shot in SHOTS}
    if unknown := set(wanted) - names:
        _say(f"There is no picture {', '.join(sorted(unknown))}; there are {', '.join(sorted(names))}.")
        return 2
    directory.mkdir(parents=True, exist_ok=True)
    for scale in sorted({shot.scale for shot in SHOTS}):
        chosen = [shot.name for shot in SHOTS if shot.scale == scale and shot.name in (wanted or names)]
        if not chosen:
            continue
        environment = {**os.environ, **FIXED, SCALE: str(scale / 100), "CHATDESK_GALLERY": "stage"}
        command = [sys.executable, "-m", "tests.gallery", str(directory), *chosen]
        if status := subprocess.run(command, env=environment, check=False).returncode:
            return status
    return 0


def shoot(directory: Path, wanted: list[str]) -> int:
    """Write these pictures in this process."""
    from PySide6.QtCore import qInstallMessageHandler
    from PySide6.QtWidgets import QApplication

    from chatdesk.ui.theme.theme import Theme
    from tests.gallery.scenes import SHOTS
    from tests.gallery.stage import Stage

    qInstallMessageHandler(_tell)
    application = QApplication(["gallery"])
    application.setCursorFlashTime(0)
    theme = Theme("light")
    theme.apply(application)
    for shot in SHOTS:
        if shot.name in wanted:
            stage = Stage(application, theme, shot.look, shot.language)
            path = directory / f"{shot.name}.png"
            shot.scene(stage, path)
            stage.close()
            _say(f"{path} {path.stat().st_size // 1024} KB")
    return 0


def _tell(_kind: object, _context: object, message: str) -> None:
    if not message.startswith("This plugin does not support"):
        sys.stderr.write(message + "\n")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    place, names = Path(sys.argv[1]), sys.argv[2:]
    sys.exit(shoot(place, names) if os.environ.get("CHATDESK_GALLERY") == "stage" else main(place, names))
