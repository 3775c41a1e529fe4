"""The profile dialog: what it checks, what it sends, what it does with pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from chatdesk.domain.profile import Profile
from chatdesk.ui.avatar import initials
from chatdesk.ui.dialogs.picture import SIDE, NotAPicture, as_png, read_avatar
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


def test_a_picture_becomes_its_middle_square_of_256(desk: Desk, tmp_path: Path) -> None:
    desk.dialog.take_picture(str(picture(tmp_path / "wide.png", 900, 300)))
    QTest.mouseClick(desk.dialog.save_button, LEFT)
    (edit,) = desk.saved
    assert edit.updates == {}
    assert edit.avatar_png is not None
    image = QImage.fromData(edit.avatar_png)
    assert (image.width(), image.height()) == (SIDE, SIDE)
    assert image.pixelColor(8, 128).green() > 240
    assert image.pixelColor(248, 128).green() > 240


def test_a_tall_and_a_tiny_picture(tmp_path: Path, theme: Theme) -> None:
    for width, height in ((300, 900), (10, 4)):
        image = read_avatar(str(picture(tmp_path / f"{width}.png", width, height)))
        assert (image.width(), image.height()) == (SIDE, SIDE)
        assert image.pixelColor(128, 128).green() > 240
    assert as_png(image).startswith(b"\x89PNG")


@pytest.mark.parametrize("content", [b"", b"not a picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>"])
def test_what_is_no_picture_is_refused_with_a_sentence(desk: Desk, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(content)
    with pytest.raises(NotAPicture):
        read_avatar(str(path))
    desk.dialog.take_picture(str(path))
    assert desk.dialog.error.text().endswith(".")
    QTest.mouseClick(desk.dialog.save_button, LEFT)
    assert desk.saved == []


def test_a_picture_that_breaks_off_is_refused(tmp_path: Path, theme: Theme) -> None:
    whole = picture(tmp_path / "whole.png", 300, 300).read_bytes()
    path = tmp_path / "head.png"
    path.write_bytes(whole[:60])
    with pytest.raises(NotAPicture):
        read_avatar(str(path))


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
