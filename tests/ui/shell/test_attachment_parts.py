"""Pictures within limits, the viewer, sizes in words."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QFileDialog, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from chatdesk.domain.attachment import Attachment
from chatdesk.ui.attachments import pictures
from chatdesk.ui.attachments.pictures import as_png, decoded, kind_of, measured
from chatdesk.ui.attachments.viewer import TEXT_MOST, AttachmentViewer
from chatdesk.ui.attachments.words import size_label
from chatdesk.ui.theme.theme import Theme

PICTURE = Attachment("plan.png", "c/m/0.png", "image/png", 2_500_000, 400, 300)
NOTE = Attachment("note.md", "c/m/1.txt", "text/plain", 12)


def drawn(wide: int, high: int) -> QImage:
    image = QImage(wide, high, QImage.Format.Format_RGB32)
    image.fill(QColor("teal"))
    return image


def stored(image: QImage, kind: str) -> bytes:
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert image.save(buffer, kind)  # type: ignore[call-overload]  # the stubs want bytes, Qt takes str
    return bytes(content.data())


@pytest.mark.parametrize(
    ("kind", "media_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp")]
)
def test_each_kind_is_known_by_its_bytes_and_decoded_small(qapp: object, kind: str, media_type: str) -> None:
    content = stored(drawn(800, 400), kind)
    assert kind_of(content) == media_type
    assert measured(content, media_type) == QSize(800, 400)
    small = decoded(content, QSize(100, 100))
    assert small is not None
    assert small.size() == QSize(100, 50)
    whole = decoded(content)
    assert whole is not None
    assert whole.size() == QSize(800, 400)
    assert decoded(stored(drawn(20, 10), kind), QSize(100, 100)) is not None


@pytest.mark.qt_log_ignore("JPEG")
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        b"BM" + bytes(60),
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff" + bytes(50),
        b"GIF89a" + bytes(10),
        b"RIFF\x10\0\0\0WEBPVP8 ",
    ],
)
def test_what_is_no_such_picture_is_not_decoded(qapp: object, content: bytes) -> None:
    assert decoded(content, QSize(50, 50)) is None


def test_a_picture_of_too_many_pixels_is_not_decoded(qapp: object, monkeypatch: pytest.MonkeyPatch) -> None:
    content = as_png(drawn(200, 200))
    assert decoded(content) is not None
    monkeypatch.setattr(pictures, "MOST_PIXELS", 39_999)
    assert decoded(content, QSize(5, 5)) is None


def test_a_cut_picture_does_no_harm(qapp: object) -> None:
    content = as_png(drawn(300, 300))
    for end in range(0, len(content), 37):
        decoded(content[:end], QSize(50, 50))


def test_sizes_are_written_as_people_do(qapp: object) -> None:
    assert [size_label(size) for size in (0, 999, 1000, 12_345, 2_500_000)] == [
        "0 bytes",
        "999 bytes",
        "1 KB",
        "12 KB",
        "2.5 MB",
    ]


@pytest.fixture
def ground(qtbot: QtBot, theme: Theme) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.show()
    return made


def test_the_viewer_shows_a_picture_and_saves_it(qtbot: QtBot, ground: QWidget) -> None:
    viewer = AttachmentViewer(ground, PICTURE, drawn(400, 300))
    viewer.open()
    assert viewer.windowTitle() == "plan.png"
    assert viewer.area.accessibleName() == "Picture plan.png, 2.5 MB"
    viewer.grab()
    viewer.save_button.click()
    chooser = viewer.findChild(QFileDialog)
    assert chooser is not None
    assert chooser.acceptMode() is QFileDialog.AcceptMode.AcceptSave
    with qtbot.waitSignal(viewer.save_chosen) as chosen:
        chooser.fileSelected.emit("/somewhere/plan.png")
    assert chosen.args == ["/somewhere/plan.png"]
    chooser.close()
    viewer.accept()


def test_the_viewer_shows_a_text_as_plain_text(qtbot: QtBot, ground: QWidget) -> None:
    viewer = AttachmentViewer(ground, NOTE, "<b>not bold</b>")
    viewer.open()
    assert isinstance(viewer.area, QPlainTextEdit)
    assert viewer.area.toPlainText() == "<b>not bold</b>"
    assert viewer.area.isReadOnly()
    viewer.accept()
    long = AttachmentViewer(ground, NOTE, "x" * (TEXT_MOST + 1))
    assert isinstance(long.area, QPlainTextEdit)
    assert len(long.area.toPlainText()) == TEXT_MOST
    long.deleteLater()
