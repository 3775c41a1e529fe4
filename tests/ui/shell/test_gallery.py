"""The gallery: its pictures can be drawn, are the same each time, and are all there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from tests.gallery.scenes import SHOTS
from tests.gallery.stage import SIZE

ROOT = Path(__file__).parents[3]
GALLERY = ROOT / "docs" / "images" / "gallery"
MOST_BYTES = 3_000_000


def draw(directory: Path, *names: str) -> subprocess.CompletedProcess[str]:
    """Run the program as ``make screenshots`` does."""
    command = [sys.executable, "-m", "tests.gallery", str(directory), *names]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.timeout(180)
def test_pictures_are_drawn_the_same_each_time(tmp_path: Path) -> None:
    names = ("offline", "settings-dark", "table-german", "conversation-200-percent")
    for run in ("once", "again"):
        done = draw(tmp_path / run, *names)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
    for name in names:
        picture = tmp_path / "once" / f"{name}.png"
        assert picture.read_bytes() == (tmp_path / "again" / f"{name}.png").read_bytes()
        times = 2 if name.endswith("200-percent") else 1
        image = QImage(str(picture))
        assert (image.width(), image.height()) == (SIZE[0] * times, SIZE[1] * times)


def test_an_unknown_name_is_told(tmp_path: Path) -> None:
    done = draw(tmp_path, "holiday")
    assert done.returncode == 2
    assert "holiday" in done.stdout


def test_the_gallery_is_whole_small_and_shown() -> None:
    there = {path.stem for path in GALLERY.glob("*.png")}
    assert there == {shot.name for shot in SHOTS}
    assert sum(path.stat().st_size for path in GALLERY.glob("*.png")) < MOST_BYTES
    readme = (ROOT / "README.md").read_text("utf-8")
    shown = re.findall(r"docs/images/gallery/([\w-]+)\.png", readme)
    assert shown
    assert set(shown) <= there
