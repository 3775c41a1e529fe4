"""What one message costs: counted, so it is the same on every machine."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from operator import sub
from typing import Any

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QCursor, QImage, QPaintEvent
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from chatdesk.domain.message import DeliveryState, Message, Role
from chatdesk.ui.markdown.document import MarkdownDocument
from chatdesk.ui.timeline import arrangement
from chatdesk.ui.timeline.body import BodyView
from chatdesk.ui.timeline.row import RowView
from chatdesk.ui.timeline.view import TimelineView
from tests.support.messages import ANNA, added, changed, message, message_id, messages
from tests.ui.timeline.conftest import Open

TEXT = "The quick brown fox jumps over the lazy dog and comes back for the second half of it. " * 4
LINES = "\n\n".join([TEXT[:40]] * 3)


class Costs:
    """Counts what is painted, written and laid out."""

    def __init__(self, patch: pytest.MonkeyPatch, application: QApplication) -> None:
        self.counts: Counter[str] = Counter()
        self.row_places: list[QRect] = []
        self._application = application
        paint = RowView.paintEvent

        def paint_row(row: RowView, event: QPaintEvent) -> None:
            self.row_places.append(event.rect())
            paint(row, event)

        patch.setattr(RowView, "paintEvent", paint_row)
        self._count(patch, BodyView, "paintEvent", "bodies painted")
        self._count(patch, BodyView, "setLineWrapColumnOrWidth", "widths")
        self._count(patch, MarkdownDocument, "advance", "texts written")
        self._count(patch, RowView, "_arrange", "rows arranged")
        self._count(patch, arrangement, "content_of", "rows read")

    def _count(self, patch: pytest.MonkeyPatch, owner: object, name: str, what: str) -> None:
        whole: Callable[..., Any] = getattr(owner, name)

        def counted(*args: Any, **kwargs: Any) -> Any:
            self.counts[what] += 1
            return whole(*args, **kwargs)

        patch.setattr(owner, name, counted)

    def of(self, view: TimelineView, work: Callable[[], object]) -> Counter[str]:
        """Return what ``work`` and the painting after it cost."""
        self.settle(view)
        self.counts.clear()
        self.row_places.clear()
        work()
        self.settle(view)
        return self.counts

    def settle(self, view: TimelineView) -> None:
        """Show everything and paint it."""
        view.flush()
        for _ in range(3):
            self._application.processEvents()


@pytest.fixture
def costs(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Costs:
    # The row under the mouse shows its buttons, and hides them as it moves on.
    QCursor.setPos(5_000, 5_000)
    return Costs(monkeypatch, qapp)


def written(number: int, text: str = TEXT) -> Message:
    """A message that was just written here."""
    return message(number, text, role=Role.USER, seq=None, delivery=DeliveryState.PENDING)


def delivered(mine: Message, number: int) -> Message:
    later = mine.created_at + timedelta(seconds=1)
    return replace(mine, seq=number, revision=number, delivery=DeliveryState.SENT, created_at=later)


@pytest.mark.parametrize("text", [TEXT, "short", LINES], ids=["wide", "short", "lines"])
def test_a_message_sent_is_written_and_painted_once(open_timeline: Open, costs: Costs, text: str) -> None:
    view, model = open_timeline([message(number, TEXT) for number in range(1, 31)])
    # The rows at hand have shown something else before, as they have after the first minute.
    for number in range(101, 121):
        model.apply(added(message(number, TEXT)))
        view.flush()
    mine = written(201, text)
    found = costs.of(view, lambda: model.apply(added(mine)))
    assert found["bodies painted"] == 1
    assert found["texts written"] == 1
    assert found["rows arranged"] == 1
    assert found["widths"] <= 2
    assert found["rows read"] == 1
    assert len(costs.row_places) == 1

    sending = replace(mine, delivery=DeliveryState.SENDING)
    found = costs.of(view, lambda: model.apply(changed(sending)))
    assert not costs.row_places
    assert found.keys() <= {"rows read"}

    found = costs.of(view, lambda: model.apply(changed(delivered(mine, 201))))
    assert found["bodies painted"] == found["texts written"] == found["widths"] == 0
    row = view.row(mine.id)
    assert row is not None
    assert row.body.accessibleDescription() == "Sent"
    [place] = costs.row_places
    assert place.width() * place.height() <= 20 * 20


def test_what_the_echo_repeats_costs_nothing(open_timeline: Open, costs: Costs) -> None:
    view, model = open_timeline(messages(30))
    mine = delivered(written(31), 31)
    model.apply(added(mine))
    found = costs.of(view, lambda: model.apply(changed(replace(mine, revision=32))))
    assert not costs.row_places
    assert found.keys() <= {"rows read"}


@pytest.mark.parametrize("author", [ANNA, None], ids=["a person's", "a model's"])
def test_a_message_that_comes_is_written_and_painted_once(
    open_timeline: Open, costs: Costs, author: str | None
) -> None:
    view, model = open_timeline([message(number, TEXT) for number in range(1, 31)])
    for number in range(101, 121):
        model.apply(added(message(number, TEXT)))
        view.flush()
    role = Role.ASSISTANT if author is None else Role.USER
    one = message(201, TEXT, role=role, author=author)
    found = costs.of(view, lambda: model.apply(added(one)))
    assert found["bodies painted"] == 1
    assert found["texts written"] == 1
    assert found["widths"] <= 2
    assert found["rows read"] == 1


def test_a_long_conversation_costs_an_append_no_more(open_timeline: Open, costs: Costs) -> None:
    view, model = open_timeline(messages(5_000))
    found = costs.of(view, lambda: model.apply(added(written(5_001))))
    assert found["bodies painted"] == 1
    assert found["rows read"] == 1


def test_an_append_below_the_screen_paints_no_message(open_timeline: Open, costs: Costs) -> None:
    view, model = open_timeline(messages(60))
    view.jump_to_start()
    found = costs.of(view, lambda: model.apply(added(message(61, TEXT, role=Role.USER, author=ANNA))))
    assert found["texts written"] == 0
    assert found["rows read"] == 0
    assert view.unseen == 1


def test_a_delivery_changes_no_height(open_timeline: Open, costs: Costs) -> None:
    """Or the whole conversation would jump each time a message gets there."""
    for width in (420, 560, 800, 1200):
        view, model = open_timeline(messages(30))
        view.resize(width, 600)
        mine = written(31)
        model.apply(added(mine))
        costs.settle(view)
        before = view.top_of(mine.id)
        model.apply(changed(delivered(mine, 31)))
        costs.settle(view)
        assert view.top_of(mine.id) == before


def test_the_screen_shows_what_a_whole_painting_shows(
    open_timeline: Open, costs: Costs, qtbot: QtBot
) -> None:
    """Pixels are moved, and only what came into sight is painted: nothing of what was there may stay."""
    view, model = open_timeline([message(number, TEXT) for number in range(1, 40)])
    window, field = above_a_field(view, qtbot)
    chance, number, waiting = random.Random(5), 100, list[Message]()

    def append(mine: bool) -> None:
        text = f"{number} {TEXT[: chance.randint(1, 300)]}"
        if mine:
            waiting.append(written(number, text))
        new = waiting[-1] if mine else message(number, text, role=Role.USER, author=ANNA)
        model.apply(added(new))

    for step in range(40):
        number += 1
        match chance.choice(["mine", "theirs", "scroll", "size", "both", "sent"]):
            case "mine":
                append(True)
            case "theirs":
                append(False)
            case "scroll":
                view.scroll_by(chance.choice([-300, -40, 3, 40, 2_000]))
            case "size":
                field.setFixedHeight(chance.randint(40, 200))
            case "both":
                field.setFixedHeight(chance.randint(40, 200))
                append(False)
            case "sent" if waiting:
                model.apply(changed(delivered(waiting.pop(0), number)))
        costs.settle(view)
        shown = window.screen().grabWindow(window.winId()).toImage()
        wanted = window.grab().toImage()
        assert _alike(shown, wanted), f"step {step}"
    view.setParent(None)


def test_a_field_that_grows_only_moves_the_rows(open_timeline: Open, costs: Costs, qtbot: QtBot) -> None:
    view, _ = open_timeline([message(number, TEXT) for number in range(1, 31)])
    _window, field = above_a_field(view, qtbot)
    assert costs.of(view, lambda: field.setFixedHeight(100))["bodies painted"] <= 1
    assert view.on_screen()[-1] == message_id(30)
    assert costs.of(view, lambda: field.setFixedHeight(60))["bodies painted"] <= 2
    view.setParent(None)


def above_a_field(view: TimelineView, qtbot: QtBot) -> tuple[QWidget, QPlainTextEdit]:
    """Put the timeline into a window, above a field of text as in the chat pane."""
    window, field = QWidget(), QPlainTextEdit("one\ntwo\nthree\nfour\nfive\nsix")
    layout = QVBoxLayout(window)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(view, 1)
    layout.addWidget(field)
    field.setFixedHeight(60)
    qtbot.addWidget(window)
    window.resize(800, 700)
    with qtbot.waitExposed(window):
        window.show()
    return window, field


def _alike(one: QImage, other: QImage) -> bool:
    """Edges that are smoothed may be rounded otherwise where only a part of them was painted."""
    first, second = (each.convertToFormat(QImage.Format.Format_RGB888) for each in (one, other))
    return first == second or max(map(abs, map(sub, first.constBits(), second.constBits()))) <= 3
