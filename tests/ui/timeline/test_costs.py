"""What one message costs: counted, so it is the same on every machine."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from pytestqt.qtbot import QtBot

from chatdesk.domain.message import DeliveryState, Message, Role
from tests.support.messages import ANNA, added, changed, message, message_id, messages
from tests.ui.timeline.conftest import Open
from tests.ui.timeline.costs import Costs, above_a_field, whole

TEXT = "The quick brown fox jumps over the lazy dog and comes back for the second half of it. " * 4
LINES = "\n\n".join([TEXT[:40]] * 3)


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
        assert whole(window), f"step {step}"
    view.setParent(None)


def test_a_field_that_grows_only_moves_the_rows(open_timeline: Open, costs: Costs, qtbot: QtBot) -> None:
    view, _ = open_timeline([message(number, TEXT) for number in range(1, 31)])
    _window, field = above_a_field(view, qtbot)
    assert costs.of(view, lambda: field.setFixedHeight(100))["bodies painted"] <= 1
    assert view.on_screen()[-1] == message_id(30)
    assert costs.of(view, lambda: field.setFixedHeight(60))["bodies painted"] <= 2
    view.setParent(None)
