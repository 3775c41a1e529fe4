"""Files in the timeline: small pictures, names, and the keyboard's way to them."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from chatdesk.domain.attachment import Attachment
from chatdesk.domain.change import ChangeSet, MessageChange, Verb
from chatdesk.domain.message import DeliveryState, Message
from chatdesk.ui.timeline.row import RowView
from chatdesk.ui.timeline.view import TimelineView
from tests.support.messages import ANNA, START, message
from tests.ui.timeline.conftest import Open


def attached(row: Message, *, text: str = "Look") -> Message:
    folder = f"{row.conversation_id}/{row.id}"
    files = (
        Attachment("wide.png", f"{folder}/0.png", "image/png", 3000, 1200, 600),
        Attachment("note.md", f"{folder}/1.txt", "text/plain", 20),
    )
    return replace(row, content=text, attachments=files)


def shown(view: TimelineView, number: int) -> RowView:
    row = view.row(message(number).id)
    assert row is not None
    return row


def picture() -> QImage:
    image = QImage(520, 260, QImage.Format.Format_RGB32)
    image.fill(QColor(200, 40, 40))
    return image


def test_files_stand_above_the_text_and_say_what_they_are(open_timeline: Open) -> None:
    view, _ = open_timeline([attached(message(1)), message(2), attached(message(3, author=ANNA))])
    row = shown(view, 1)
    assert [tile.accessibleName() for tile in row.files.tiles] == [
        "Picture wide.png, 3 KB",
        "File note.md, 20 bytes",
    ]
    assert row.files.geometry().bottom() < row.bubble.top()
    assert row.files.tiles[0].size().toTuple() == (260, 130)
    assert row.files.tiles[-1].mapTo(row, row.files.tiles[-1].rect().topRight()).x() == row.bubble.right()
    other = shown(view, 3)
    assert other.files.tiles[0].mapTo(other, other.files.tiles[0].rect().topLeft()).x() == other.bubble.left()
    assert shown(view, 2).files.tiles == []


def test_a_small_picture_is_asked_for_once_and_painted_when_it_comes(
    open_timeline: Open, qtbot: QtBot
) -> None:
    rows = [attached(message(1))]
    view, _ = open_timeline([])
    asked: list[str] = []
    view.files.wanted.connect(lambda attachment: asked.append(attachment.path))
    model = view.model()
    assert model is not None
    model.apply(ChangeSet(messages=(MessageChange(Verb.ADDED, rows[0]),)))
    view.flush()
    tile = shown(view, 1).files.tiles[0]
    before = tile.grab().toImage().pixelColor(130, 65)
    tile.grab()
    assert asked == [rows[0].attachments[0].path]
    view.files.put(asked[0], picture())
    assert tile.grab().toImage().pixelColor(130, 65).red() > 180
    assert before.red() != 200 or before.green() != 40
    view.files.clear()
    tile.grab()
    assert len(asked) == 2


def test_a_tile_is_opened_by_mouse_and_keyboard(open_timeline: Open, qtbot: QtBot) -> None:
    view, _ = open_timeline([attached(message(1))])
    first, second = shown(view, 1).files.tiles
    with qtbot.waitSignal(view.files.opened) as opened:
        QTest.mouseClick(first, Qt.MouseButton.LeftButton)
    assert opened.args[0].name == "wide.png"
    second.setFocus()
    with qtbot.waitSignal(view.files.opened) as opened:
        QTest.keyClick(second, Qt.Key.Key_Space)
    assert opened.args[0].name == "note.md"
    assert shown(view, 1).tab_chain[:2] == [first, second]


def test_files_without_a_text_have_no_bubble(open_timeline: Open) -> None:
    bare = attached(message(1), text="")
    view, model = open_timeline([bare, message(2)])
    row = shown(view, 1)
    assert row.bubble.isNull()
    assert not row.body.isVisible()
    row.grab()
    tall = row.height()
    failed = replace(bare, delivery=DeliveryState.FAILED, failure="No.")
    fields = frozenset({"delivery", "failure"})
    model.apply(ChangeSet(messages=(MessageChange(Verb.CHANGED, failed, fields),)))
    view.flush()
    assert row.failure_bar is not None
    assert row.height() > tall


def test_a_deleted_message_shows_no_files_and_its_row_serves_others(open_timeline: Open) -> None:
    rows = [attached(message(1), text=""), message(2)]
    view, model = open_timeline(rows)
    gone = replace(rows[0], content="", attachments=(), deleted_at=START)
    model.apply(
        ChangeSet(messages=(MessageChange(Verb.CHANGED, gone, frozenset({"deleted_at", "attachments"})),))
    )
    view.flush()
    row = shown(view, 1)
    assert row.files.tiles == []
    assert not row.files.isVisible()
    assert row.body.isVisible()
