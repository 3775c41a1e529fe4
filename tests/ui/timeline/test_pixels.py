"""What is on screen after any number of partial updates is what one full painting gives."""

from __future__ import annotations

import random

from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from chatdesk.domain.ephemeral import Delta
from chatdesk.domain.message import MessageStatus
from chatdesk.ui.timeline.view import TimelineView
from tests.support.messages import (
    CONVERSATION,
    added,
    changed,
    markdown,
    message,
    message_id,
    messages,
    removed,
)
from tests.ui.timeline.conftest import Open


def on_screen(view: TimelineView) -> QImage:
    return view.screen().grabWindow(view.winId()).toImage().convertToFormat(QImage.Format.Format_RGB32)


def painted(view: TimelineView) -> QImage:
    return view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)


def test_partial_updates_equal_a_full_painting(open_timeline: Open, qtbot: QtBot) -> None:
    chance = random.Random(3)
    view, model = open_timeline(messages(120, rich=True))
    view._blink.setInterval(1_000_000)
    number, different = 200, []
    for step in range(70):
        match chance.randrange(7):
            case 0 | 1:
                view.scroll_by(chance.randint(-300, 300))
            case 2:
                view.verticalScrollBar().setValue(chance.randint(0, view.verticalScrollBar().maximum()))
            case 3:
                number += 2
                model.apply(added(message(number - 1, markdown(chance, 200))))
            case 4:
                model.apply(changed(message(chance.randint(1, 120), markdown(chance, 400), revision=number)))
            case 5:
                model.apply(removed(message(chance.randint(1, 120))))
            case 6:
                view.jump_to_end()
                number += 2
                text = markdown(chance, 500)
                model.apply(added(message(number, " ", status=MessageStatus.STREAMING)))
                for start in range(0, len(text), 60):
                    piece = Delta(CONVERSATION, message_id(number), 1 + start, text[start : start + 60])
                    model.apply_delta(piece)
                    view.flush()
        view.flush()
        qtbot.wait(1)
        if on_screen(view) != painted(view):
            different.append(step)
    assert different == []
