"""The profile dialog: what it checks, what it sends, what it does with pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from chatdesk.domain.profile import Profile
from chatdesk.ui.avatar import initials
from chatdesk.ui.dialogs.crop import SHOWN
from chatdesk.ui.dialogs.picture import SIDE, NotAPicture, as_png, part_of, read_picture
from chatdesk.ui.dialogs.profile import ProfileDialog, ProfileEdit, username_fault
from chatdesk.ui.theme.theme import Theme
from tests.support.conversation_entries import NOON

LEFT = Qt.MouseButton.LeftButton
ADA = Profile("ada-id", "ada", "Ada Lovelace", None, 3, NOON)
WITH_PICTURE = Profile("ada-id", "ada", "Ada Lovelace", "ada-id/1.png", 3, NOON)


class Desk:
    """A dialog over a host, and what it asked for."""

    def __init__(self, qtbot: QtBot, theme: Theme, profile: Profile) -> None:
        self.host = QWidget()
        qtbot.addWidget(self.host)
        self.host.resize(600, 500)
        self.host.show()
        self.dialog = ProfileDialog(theme, profile, None, self.host)
        self.saved: list[ProfileEdit] = []
        self.ended: list[int] = []
        self.dialog.save_requested.connect(self.saved.append)
        self.dialog.finished.connect(self.ended.append)
        self.dialog.open()


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Desk:
    return Desk(qtbot, theme, ADA)


def picture(path: Path, width: int, height: int) -> Path:
    """Write a picture whose middle square is green between blue ends."""
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor("#0000ff"))
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    for x in range(left, left + side):
        for y in range(top, top + side):
            image.setPixelColor(x, y, QColor("#00ff00"))
    assert image.save(str(path))
    return path


def test_only_what_changed_is_sent_and_it_waits_for_the_answer(desk: Desk) -> None:
    desk.dialog.display_name.setText("  Countess   Lovelace ")
    QTest.mouseClick(desk.dialog.save_button, LEFT)
    assert desk.saved == [ProfileEdit({"display_name": "Countess Lovelace"})]
    assert not desk.dialog.save_button.isEnabled()
    assert desk.ended == []
    desk.dialog.saved()
    assert desk.ended == [1]


def test_a_failure_unlocks_and_keeps_what_was_entered(desk: Desk) -> None:
    desk.dialog.username.setText("Ada_L")
    QTest.mouseClick(desk.dialog.save_button, LEFT)
    assert desk.saved == [ProfileEdit({"username": "ada_l"})]
    desk.dialog.show_failure("This user name is taken. Choose another one.")
    assert desk.dialog.error.text() == "This user name is taken. Choose another one."
    assert desk.dialog.username.text() == "Ada_L"
    assert desk.dialog.save_button.isEnabled()


@pytest.mark.parametrize("name", ["ab", "a" * 31, "ada!", "ada lovelace", "ädä"])
def test_a_bad_user_name_is_explained(desk: Desk, name: str) -> None:
    assert username_fault(name)
    desk.dialog.username.setMaxLength(100)
    desk.dialog.username.setText(name)
    QTest.mouseClick(desk.dialog.save_button, LEFT)
    assert desk.saved == []
    assert desk.dialog.error.isVisible()
    assert desk.dialog.username.hasFocus()


def test_no_user_name_is_allowed(desk: Desk) -> None:
    desk.dialog.username.clear()
    QTest.mouseClick(desk.dialog.save_button, LEFT)
    assert desk.saved == [ProfileEdit({"username": None})]


def test_nothing_changed_just_closes(desk: Desk) -> None:
    QTest.mouseClick(desk.dialog.save_button, LEFT)
    assert desk.saved == []
    assert desk.ended == [1]


def test_escape_leaves_everything(desk: Desk) -> None:
    desk.dialog.display_name.setText("Other")
    QTest.keyClick(desk.dialog, Qt.Key.Key_Escape)
    assert desk.saved == []
    assert desk.ended == [0]


def stored(desk: Desk) -> QImage:
    """Press Save and return the picture that is sent."""
    QTest.mouseClick(desk.dialog.save_button, LEFT)
    edit = desk.saved[-1]
    assert edit.updates == {}
    assert edit.avatar_png is not None
    assert len(edit.avatar_png) < 2_000_000
    return QImage.fromData(edit.avatar_png)


def test_a_picture_becomes_its_middle_square_at_first(desk: Desk, tmp_path: Path) -> None:
    assert not desk.dialog.crop.isVisible()
    desk.dialog.take_picture(str(picture(tmp_path / "wide.png", 900, 300)))
    assert desk.dialog.crop.isVisible()
    assert desk.dialog.crop.view.hasFocus()
    image = stored(desk)
    assert (image.width(), image.height()) == (300, 300)
    assert image.pixelColor(8, 128).green() > 240
    assert image.pixelColor(292, 128).green() > 240


def test_a_large_picture_is_stored_with_512_pixels(desk: Desk, tmp_path: Path) -> None:
    large = QImage(5_000, 4_000, QImage.Format.Format_RGB32)
    large.fill(QColor("#336699"))
    large.setText("Comment", "where it was taken")
    assert large.save(str(tmp_path / "large.png"))
    desk.dialog.take_picture(str(tmp_path / "large.png"))
    image = stored(desk)
    assert (image.width(), image.height()) == (SIDE, SIDE)
    assert image.textKeys() == [], "nothing but the pixels leaves the computer"


def test_the_keys_move_and_magnify(desk: Desk, tmp_path: Path) -> None:
    desk.dialog.take_picture(str(picture(tmp_path / "wide.png", 900, 300)))
    view, slider = desk.dialog.crop.view, desk.dialog.crop.slider
    for _ in range(20):
        QTest.keyClick(view, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert view.part().left() == 0, "it stops at the edge"
    assert view.result().pixelColor(100, 100).blue() > 240
    QTest.keyClick(view, Qt.Key.Key_Plus)
    assert slider.value() == view.zoom == 110
    slider.setValue(200)
    assert view.part().width() == 150
    QTest.keyClick(view, Qt.Key.Key_Minus)
    assert slider.value() == 190
    for _ in range(20):
        QTest.keyClick(view, Qt.Key.Key_Minus)
    assert view.zoom == 100
    assert view.result().width() == 300


def test_dragging_moves_the_picture(desk: Desk, tmp_path: Path) -> None:
    desk.dialog.take_picture(str(picture(tmp_path / "wide.png", 900, 300)))
    view = desk.dialog.crop.view
    QTest.mousePress(view, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(120, 120))
    QTest.mouseMove(view, QPoint(120 + SHOWN // 2, 120))
    QTest.mouseRelease(view, LEFT)
    assert view.part().center() == QPointF(300, 150)
    QTest.mouseMove(view, QPoint(20, 20))
    assert view.part().center() == QPointF(300, 150)


def test_the_chosen_part_is_what_the_mask_shows(desk: Desk, tmp_path: Path) -> None:
    desk.dialog.take_picture(str(picture(tmp_path / "wide.png", 900, 300)))
    shown = desk.dialog.crop.view.grab().toImage()
    assert shown.pixelColor(SHOWN // 2, SHOWN // 2).green() > 240
    corner = shown.pixelColor(3, 3)
    assert corner.green() != shown.pixelColor(SHOWN // 2, SHOWN // 2).green() or corner.red() > 100


def test_the_camera_says_how_a_picture_is_turned(tmp_path: Path, theme: Theme) -> None:
    """A JPEG of 40 x 20 with EXIF orientation 6: a quarter to the right; its left half is red."""
    image = QImage(40, 20, QImage.Format.Format_RGB32)
    image.fill(QColor("#0000ff"))
    for x in range(20):
        for y in range(20):
            image.setPixelColor(x, y, QColor("#ff0000"))
    path = tmp_path / "turned.jpg"
    assert image.save(str(path), None, 100)
    plain = path.read_bytes()
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    path.write_bytes(plain[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + plain[2:])
    read = read_picture(str(path))
    assert (read.width(), read.height()) == (20, 40)
    assert read.pixelColor(10, 5).red() > 200
    assert read.pixelColor(10, 35).blue() > 200


def test_a_tiny_picture_is_not_blown_up(tmp_path: Path, theme: Theme) -> None:
    image = read_picture(str(picture(tmp_path / "tiny.png", 10, 4)))
    made = part_of(image, QRectF(3, 0, 4, 4))
    assert (made.width(), made.height()) == (4, 4)
    assert made.pixelColor(2, 2).green() > 240
    assert as_png(made).startswith(b"\x89PNG")


def test_removing_a_chosen_picture_takes_the_crop_away(desk: Desk, tmp_path: Path) -> None:
    desk.dialog.take_picture(str(picture(tmp_path / "wide.png", 900, 300)))
    QTest.mouseClick(desk.dialog.remove_button, LEFT)
    assert not desk.dialog.crop.isVisible()
    QTest.mouseClick(desk.dialog.save_button, LEFT)
    assert desk.saved == []


@pytest.mark.parametrize("content", [b"", b"not a picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>"])
def test_what_is_no_picture_is_refused_with_a_sentence(desk: Desk, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(content)
    with pytest.raises(NotAPicture):
        read_picture(str(path))
    desk.dialog.take_picture(str(path))
    assert desk.dialog.error.text().endswith(".")
    QTest.mouseClick(desk.dialog.save_button, LEFT)
    assert desk.saved == []


def test_a_picture_that_breaks_off_is_refused(tmp_path: Path, theme: Theme) -> None:
    whole = picture(tmp_path / "whole.png", 300, 300).read_bytes()
    path = tmp_path / "head.png"
    path.write_bytes(whole[:60])
    with pytest.raises(NotAPicture):
        read_picture(str(path))


def test_a_picture_that_has_not_arrived_is_not_removed(qtbot: QtBot, theme: Theme) -> None:
    desk = Desk(qtbot, theme, WITH_PICTURE)
    desk.dialog.display_name.setText("Ada")
    QTest.mouseClick(desk.dialog.save_button, LEFT)
    assert desk.saved == [ProfileEdit({"display_name": "Ada"})]


def test_removing_the_picture(qtbot: QtBot, theme: Theme) -> None:
    desk = Desk(qtbot, theme, WITH_PICTURE)
    QTest.mouseClick(desk.dialog.remove_button, LEFT)
    assert not desk.dialog.remove_button.isEnabled()
    QTest.mouseClick(desk.dialog.save_button, LEFT)
    assert desk.saved == [ProfileEdit({"avatar_path": None})]


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Ada Lovelace", "AL"), ("ada", "A"), ("ada_lovelace", "AL"), ("", "?"), ("!!", "?"), ("Åsa", "Å")],
)
def test_initials(name: str, letters: str) -> None:
    assert initials(name) == letters
