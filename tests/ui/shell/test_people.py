"""Faces, the typing line, the readers' strip and the page of people."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from chatdesk.app.attention import AttentionWatch
from chatdesk.domain.presence import Attention
from chatdesk.models.read_by import Reader
from chatdesk.services.circle import Switch
from chatdesk.services.presence import Device
from chatdesk.ui.people.faces import MOST, Face, Faces
from chatdesk.ui.people.page import PeoplePage
from chatdesk.ui.people.readers import HEIGHT, ReaderStrip
from chatdesk.ui.people.typing_line import TypingLine, typing_words
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.timeline.avatars import Avatars
from chatdesk.ui.timeline.look import Look
from tests.support.messages import START
from tests.support.virtual_clock import VirtualClock


def face(number: int, attention: Attention = Attention.ONLINE) -> Face:
    return Face(f"user-{number}", f"Person {number}", "", attention)


def test_faces_say_their_names_and_make_room_for_four(qtbot: QtBot, theme: Theme) -> None:
    faces = Faces(theme)
    qtbot.addWidget(faces)
    assert faces.isHidden()
    faces.show_faces([face(1), face(2, Attention.IDLE)])
    assert not faces.isHidden()
    assert faces.accessibleName() == "Also in this chat: Person 1, here now; Person 2, idle"
    narrow = faces.sizeHint().width()
    faces.show_faces([face(number) for number in range(MOST)])
    full = faces.sizeHint().width()
    faces.show_faces([face(number) for number in range(40)])
    assert narrow < full < faces.sizeHint().width() < full + 40
    assert "Person 39" in faces.accessibleName()
    assert faces.focusPolicy() & Qt.FocusPolicy.TabFocus
    faces.show()
    faces.grab()
    faces.show_faces([])
    assert faces.isHidden()


def test_the_dot_tells_online_from_idle(qtbot: QtBot, theme: Theme) -> None:
    pictures = []
    for attention in Attention:
        faces = Faces(theme)
        qtbot.addWidget(faces)
        faces.show_faces([face(1, attention)])
        pictures.append(faces.grab().toImage())
    assert pictures[0] != pictures[1]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], ""),
        (["Anna"], "Anna is typing…"),
        (["Anna", "Ben"], "Anna and Ben are typing…"),
        (["Anna", "Ben", "Cleo"], "Several people are typing…"),
    ],
)
def test_who_types(names: list[str], words: str) -> None:
    assert typing_words(names) == words


def test_the_typing_line_keeps_its_room_and_interrupts_nobody(
    qtbot: QtBot, theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[object] = []
    monkeypatch.setattr(QAccessible, "updateAccessibility", told.append)
    line = TypingLine()
    qtbot.addWidget(line)
    assert line.isHidden()
    line.keep_room(True)
    empty = line.sizeHint().height()
    for _ in range(20):
        line.show_names(["Anna"])
        line.show_names([])
    line.show_names(["Anna\nis a name of two lines"])
    assert line.sizeHint().height() == empty
    assert "two lines" in line.label.accessibleName()
    assert told == [], "nothing is announced"


def test_readers_are_named_in_the_tool_tip(qtbot: QtBot, theme: Theme) -> None:
    row = QWidget()
    qtbot.addWidget(row)
    strip = ReaderStrip(Look(row.font(), theme.tokens), Avatars(), row)
    assert strip.place(500, 10) == 0
    strip.show_readers((Reader("a", "Anna", ""), Reader("b", "Ben", "")))
    assert strip.toolTip() == strip.accessibleName() == "Read by Anna, Ben"
    assert strip.place(500, 10) == HEIGHT
    assert strip.geometry().right() < 500
    strip.show_readers(tuple(Reader(str(n), f"P{n}", "") for n in range(9)))
    strip.place(500, 10)
    row.resize(500, 60)
    row.show()
    row.grab()
    strip.show_readers(())
    assert strip.isHidden()


def test_the_page_without_anybody(qtbot: QtBot, theme: Theme) -> None:
    page = PeoplePage(theme, None, None)
    qtbot.addWidget(page)
    assert not page.nobody.isHidden()
    assert not any(box.isEnabled() for box in page.boxes.values())
    page.show_devices(
        (Device("1", "here", Attention.ONLINE, START, here=True), Device("2", "off", None, START))
    )
    assert [row.name.text() for row in page.rows] == ["here", "off"]
    assert page.rows[0].state.text() == "This device"
    assert page.rows[1].state.text().startswith("Offline, last seen")
    page.show_devices((Device("1", "here", Attention.IDLE, START),))
    assert [row.accessibleName() for row in page.rows] == ["here: Idle"]
    assert set(page.boxes) == set(Switch)


def test_no_input_for_a_while_is_idle(qtbot: QtBot, qapp: object) -> None:
    clock = VirtualClock()
    watch = AttentionWatch(qapp, clock)  # type: ignore[arg-type]  # pytest-qt's own application
    told: list[Attention] = []
    watch.changed.connect(told.append)
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    handle = window.windowHandle()
    watch._focused(handle)
    clock._now = 299
    watch.look()
    assert told == []
    clock._now = 301
    watch.look()
    watch.look()
    assert told == [Attention.IDLE]
    QTest.keyClick(handle, Qt.Key.Key_A)
    qtbot.waitUntil(lambda: told == [Attention.IDLE, Attention.ONLINE])
    window.close()
