"""What a reply costs while it is written: counted, so it is the same on every machine."""

from __future__ import annotations

import random

import pytest
from pytestqt.qtbot import QtBot

from chatdesk.domain.ephemeral import Delta
from chatdesk.domain.message import MessageStatus, Role
from chatdesk.models.message_list import MessageListModel
from chatdesk.ui.timeline.row import RowView
from chatdesk.ui.timeline.view import TimelineView
from tests.support.messages import CONVERSATION, added, markdown, message, message_id
from tests.ui.timeline.conftest import Open
from tests.ui.timeline.costs import Costs, above_a_field, whole

REPLY = 31
SENTENCE = "The quick brown fox jumps over the lazy dog. "
PARAGRAPHS = "\n\n".join([SENTENCE * 4] * 20)


class Reply:
    """A reply that is being written below thirty messages."""

    def __init__(self, view: TimelineView, model: MessageListModel) -> None:
        self.view = view
        self._model = model
        self._length = 0
        status = MessageStatus.STREAMING
        model.apply(added(message(REPLY, "", role=Role.ASSISTANT, author=None, status=status)))

    def write(self, text: str) -> None:
        """Write on."""
        self._model.apply_delta(Delta(CONVERSATION, message_id(REPLY), self._length, text))
        self._length += len(text)

    @property
    def row(self) -> RowView:
        """Where it is shown."""
        found = self.view.row(message_id(REPLY))
        assert found is not None
        return found


@pytest.fixture
def reply(open_timeline: Open, costs: Costs) -> Reply:
    view, model = open_timeline([message(number, SENTENCE) for number in range(1, REPLY)])
    made = Reply(view, model)
    costs.settle(view)
    return made


def test_what_is_written_is_painted_from_its_paragraph_on(reply: Reply, costs: Costs) -> None:
    reply.write(PARAGRAPHS + "\n\nAnd one ")
    costs.settle(reply.view)
    line = reply.view.look.line_height
    found = costs.of(reply.view, lambda: reply.write("word more"))
    assert found["bodies painted"] == found["texts written"] == 1
    [place] = costs.row_places
    assert place.height() <= 5 * line  # With the paragraph before it, as Qt counts.
    assert place.bottom() <= reply.row.height()


def test_a_line_more_moves_what_is_there(reply: Reply, costs: Costs) -> None:
    reply.write(f"{PARAGRAPHS}\n\n{SENTENCE}")
    costs.settle(reply.view)
    line, top = reply.view.look.line_height, reply.view.top_of(message_id(REPLY))
    assert top is not None
    assert top < 0
    costs.of(reply.view, lambda: reply.write(SENTENCE * 2))
    assert (reply.view.top_of(message_id(REPLY)) or 0) < top
    assert sum(place.height() for place in costs.row_places) <= 8 * line


def test_a_reply_below_the_screen_paints_nothing(reply: Reply, costs: Costs) -> None:
    reply.write(PARAGRAPHS)
    reply.view.jump_to_start()
    found = costs.of(reply.view, lambda: reply.write(SENTENCE))
    assert not costs.row_places
    assert found["texts written"] == 0


@pytest.mark.parametrize("seed", [5, 6])
def test_a_growing_reply_looks_as_if_it_were_painted_whole(
    reply: Reply, costs: Costs, qtbot: QtBot, seed: int
) -> None:
    view = reply.view
    window, field = above_a_field(view, qtbot)
    chance = random.Random(seed)
    text = markdown(chance, 2_500)
    place = step = 0
    while place < len(text):
        step += 1
        piece = text[place : place + chance.randint(1, 90)]
        place += len(piece)
        match chance.randint(0, 9):
            case 0:
                field.setFixedHeight(chance.randint(40, 200))
            case 1:
                view.scroll_by(chance.choice([-200, -30, 30, 400]))
        reply.write(piece)
        costs.settle(view)
        assert whole(window), f"step {step}, after {text[:place][-40:]!r}"
    view.setParent(None)
