"""Attaching files in the composer: chosen, dropped, pasted, refused in one sentence, never lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from chatdesk.domain.attachment import MAX_BYTES, MAX_FILES, TEXT, NewFile
from chatdesk.ui.attachments.pictures import as_png
from chatdesk.ui.composer.composer import Composer
from chatdesk.ui.composer.paste_offer import LONG
from chatdesk.ui.theme.theme import Theme


@pytest.fixture
def composer(qtbot: QtBot, theme: Theme) -> Composer:
    made = Composer(theme)
    made.resize(700, 400)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    made.open("chat-a")
    made.field.setFocus()
    return made


def picture(wide: int = 40, high: int = 30) -> QImage:
    image = QImage(wide, high, QImage.Format.Format_RGB32)
    image.fill(QColor("teal"))
    return image


def with_text(text: str) -> QMimeData:
    made = QMimeData()
    made.setText(text)
    return made


def with_files(*paths: Path) -> QMimeData:
    made = QMimeData()
    made.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return made


def names(composer: Composer) -> list[str]:
    return [file.name for file in composer.tray.files]


def hint(composer: Composer) -> str:
    return composer._hint.text()


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    drawn, note = tmp_path / "plan.png", tmp_path / "größe.py"
    drawn.write_bytes(as_png(picture()))
    note.write_text("größe = 1\n", encoding="utf-8")
    return drawn, note


def test_files_that_were_chosen_become_chips_and_go_with_the_message(
    composer: Composer, files: tuple[Path, Path], qtbot: QtBot
) -> None:
    composer.tray.add_paths([str(path) for path in files])
    assert [chip.accessibleName() for chip in composer.tray.chips] == [
        f"Picture plan.png, {files[0].stat().st_size} bytes",
        "File größe.py, 12 bytes",
    ]
    assert composer.button.isEnabled(), "files alone can be sent"
    with qtbot.waitSignal(composer.send_requested) as sent:
        composer.button.click()
    assert sent.args == ["chat-a", ""]
    handed = composer.handed_over("chat-a")
    assert [(file.name, file.media_type, file.width) for file in handed] == [
        ("plan.png", "image/png", 40),
        ("größe.py", TEXT, None),
    ]
    composer.tray.add_picture(picture())
    composer.accept("chat-a")
    assert names(composer) == ["Pasted picture.png"], "what came since stays"
    assert composer.handed_over("chat-a") == ()


def test_the_button_opens_a_chooser(composer: Composer, files: tuple[Path, Path]) -> None:
    composer.clip.click()
    chooser = composer.findChild(QFileDialog)
    assert chooser is not None
    assert chooser.fileMode() is QFileDialog.FileMode.ExistingFiles
    chooser.filesSelected.emit([str(files[1])])
    chooser.close()
    assert names(composer) == ["größe.py"]
    assert composer.clip.accessibleName() == "Attach files"


def test_a_refused_message_keeps_its_files(composer: Composer, files: tuple[Path, Path]) -> None:
    composer.tray.add_paths([str(files[0])])
    composer.button.click()
    composer.refuse("chat-a", "No.")
    assert names(composer) == ["plan.png"]
    assert composer.handed_over("chat-a") == ()
    assert composer.button.isEnabled()


def test_each_conversation_has_its_own_files(composer: Composer, files: tuple[Path, Path]) -> None:
    composer.tray.add_paths([str(files[0])])
    composer.open("chat-b")
    assert names(composer) == []
    assert not composer.tray.isVisible()
    composer.tray.add_paths([str(files[1])])
    composer.open("chat-a")
    assert names(composer) == ["plan.png"]
    composer.move_draft("chat-b", "chat-a")
    assert names(composer) == ["größe.py", "plan.png"]
    composer.forget("chat-a")
    assert names(composer) == []
    composer.bring_back("chat-b", "", [NewFile("x.txt", TEXT, b"x")])
    composer.open("chat-b")
    assert names(composer) == ["x.txt"]
    composer.forget_files()
    assert names(composer) == []


def test_a_chip_is_removed_by_the_keyboard(composer: Composer, files: tuple[Path, Path]) -> None:
    composer.tray.add_paths([str(path) for path in files])
    first, second = composer.tray.chips
    assert first.remove.accessibleName() == "Remove plan.png"
    first.remove.setFocus()
    QTest.keyClick(first.remove, Qt.Key.Key_Space)
    assert names(composer) == ["größe.py"]
    assert second.remove.hasFocus()
    QTest.keyClick(second.remove, Qt.Key.Key_Space)
    assert names(composer) == []
    assert composer.field.hasFocus()
    assert not composer.button.isEnabled()


def test_files_are_dropped_on_the_composer_and_on_its_text(
    composer: Composer, files: tuple[Path, Path]
) -> None:
    source = with_files(*files)
    at, buttons, keys = QPoint(5, 5), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entering = QDragEnterEvent(at, Qt.DropAction.CopyAction, source, buttons, keys)
    composer.dragEnterEvent(entering)
    assert entering.isAccepted()
    composer.dropEvent(QDropEvent(at.toPointF(), Qt.DropAction.CopyAction, source, buttons, keys))
    assert names(composer) == ["plan.png", "größe.py"]
    assert composer.field.canInsertFromMimeData(source)
    composer.field.insertFromMimeData(with_files(files[0]))
    assert names(composer) == ["plan.png", "größe.py", "plan.png"]
    assert composer.text() == ""


def test_addresses_of_the_web_are_text(composer: Composer) -> None:
    source = with_text("https://example.com/a.png")
    source.setUrls([QUrl("https://example.com/a.png")])
    composer.field.insertFromMimeData(source)
    assert (composer.text(), names(composer)) == ("https://example.com/a.png", [])


def test_a_picture_is_pasted_unless_it_only_goes_with_a_text(composer: Composer) -> None:
    source = QMimeData()
    source.setImageData(picture())
    composer.field.insertFromMimeData(source)
    assert names(composer) == ["Pasted picture.png"]
    assert composer.tray.files[0].width == 40
    source.setText("a table")
    composer.field.insertFromMimeData(source)
    assert (composer.text(), len(names(composer))) == ("a table", 1)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.bin", b"\xff\xfe\x00\x01", "neither a PNG"),
        ("a.txt", b"with\0null", "neither a PNG"),
        ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(40), "may be damaged"),
        ("a.txt", bytes(MAX_BYTES + 1), "larger than 20 MB"),
    ],
)
def test_what_cannot_be_attached_is_refused_in_one_sentence(
    composer: Composer, tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    composer.tray.add_paths([str(path)])
    assert names(composer) == []
    assert words in hint(composer)
    assert name in hint(composer)


def test_a_folder_and_a_missing_file_are_refused(composer: Composer, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere.txt"):
        composer.tray.add_paths([str(path)])
        assert "could not be read" in hint(composer)
    assert names(composer) == []


def test_a_picture_of_too_many_pixels_is_refused_unopened(composer: Composer, tmp_path: Path) -> None:
    head = bytearray(as_png(picture(8, 8)))
    head[16:24] = (60_000).to_bytes(4, "big") + (60_000).to_bytes(4, "big")
    (tmp_path / "bomb.png").write_bytes(head)
    composer.tray.add_paths([str(tmp_path / "bomb.png")])
    assert names(composer) == []


def test_a_message_takes_only_so_much(composer: Composer, tmp_path: Path) -> None:
    half = tmp_path / "half.txt"
    half.write_bytes(b"x" * (MAX_BYTES // 2 + 1))
    composer.tray.add_paths([str(half), str(half)])
    assert names(composer) == ["half.txt"]
    assert "20 MB at most" in hint(composer)
    small = tmp_path / "small.txt"
    small.write_text("x")
    composer.tray.add_paths([str(small)] * (MAX_FILES + 3))
    assert len(names(composer)) == MAX_FILES
    assert "10 files at most" in hint(composer)


def test_a_long_text_that_is_pasted_is_offered_as_a_file(composer: Composer) -> None:
    long = "line\n" * (LONG // 4)
    QTest.keyClicks(composer.field, "before ")
    composer.field.insertFromMimeData(with_text(long))
    assert composer.offer.isVisible()
    assert composer.text() == f"before {long}", "nothing happens to it unasked"
    QTest.keyClicks(composer.field, "after")
    composer.offer.attach.click()
    assert composer.text() == "before after"
    assert composer.tray.files[0].content.decode() == long
    assert names(composer) == ["Pasted text.txt"]
    assert not composer.offer.isVisible()
    composer.field.undo()
    assert long in composer.text()


def test_the_offer_can_be_declined_and_is_not_made_for_short_texts(composer: Composer) -> None:
    composer.field.insertFromMimeData(with_text("x " * (LONG // 2)))
    assert not composer.offer.isVisible()
    composer.field.insertFromMimeData(with_text("y " * LONG))
    assert composer.offer.isVisible()
    composer.offer.keep.click()
    assert not composer.offer.isVisible()
    assert composer.text().endswith("y " * LONG)
    assert composer.field.hasFocus()


def test_a_text_that_was_cut_since_is_attached_as_it_stands(composer: Composer) -> None:
    composer.field.insertFromMimeData(with_text("z" * (LONG + 10)))
    composer.field.selectAll()
    composer.field.textCursor().removeSelectedText()
    composer.offer.attach.click()
    assert names(composer) == []
    assert not composer.offer.isVisible()


def test_sending_ends_the_offer(composer: Composer) -> None:
    composer.field.insertFromMimeData(with_text("z " * LONG))
    composer.button.click()
    assert not composer.offer.isVisible()
