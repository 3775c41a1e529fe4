"""Rows folded up are the same rows, found as before, in a fraction of the memory."""

from __future__ import annotations

import gc
import sys
import zlib
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from operator import attrgetter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from chatdesk.domain.attachment import Attachment
from chatdesk.domain.message import DeliveryState, Message, MessageStatus, Role
from chatdesk.models import folded_rows
from chatdesk.models.folded_rows import AWAKE, CHUNK, FoldedRows
from chatdesk.models.keyed_list_model import KeyedListModel
from chatdesk.models.message_list import MessageListModel
from tests.support.messages import CONVERSATION, ME, added, changed, message, message_id, messages
from tests.support.model_spy import ModelSpy

PAGE, PAGES = 100, 30
BY_ID, IN_ORDER = attrgetter("id"), attrgetter("order")
NUMBERS = st.integers(1, 40)
STEPS = st.one_of(
    st.tuples(st.just("insert"), st.sets(NUMBERS, max_size=15)),
    st.tuples(st.just("remove"), st.sets(NUMBERS, max_size=15)),
    st.tuples(st.just("update"), st.sets(NUMBERS, max_size=4)),
    st.tuples(st.just("move"), st.sets(NUMBERS, max_size=4)),
    st.tuples(st.just("load"), st.sets(NUMBERS)),
)


def folding() -> FoldedRows[Message]:
    return FoldedRows(Message, BY_ID, IN_ORDER)


class Counted:
    """Counts what is folded and unfolded."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.folded = self.unfolded = 0
        fold, unfold = zlib.compress, zlib.decompress

        def compress(content: bytes, level: int) -> bytes:
            self.folded += 1
            return fold(content, level)

        def decompress(content: bytes) -> bytes:
            self.unfolded += 1
            return unfold(content)

        patch.setattr(zlib, "compress", compress)
        patch.setattr(zlib, "decompress", decompress)

    def take(self) -> tuple[int, int]:
        """Return how much was folded, and how much unfolded, since the last time."""
        found = (self.folded, self.unfolded)
        self.folded = self.unfolded = 0
        return found


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    return Counted(monkeypatch)


@pytest.fixture
def model(qtbot: QtBot) -> MessageListModel:
    return MessageListModel(ME)


def scroll_back(model: MessageListModel) -> None:
    """Open a conversation and go back to its beginning, a page at a time, as a reader does."""
    for page in reversed(range(PAGES)):
        rows = messages(PAGE, first=page * PAGE + 1, rich=True, seed=page)
        if page == PAGES - 1:
            model.load(CONVERSATION, rows, True)
        else:
            model.prepend(rows, page > 0)
        model.at(0)


def alive() -> int:
    """How many messages there are in this process."""
    gc.collect()
    return sum(isinstance(each, Message) for each in gc.get_objects())


# The same rows ----------------------------------------------------------------------------------------------


@settings(max_examples=80)
@given(st.lists(STEPS, max_size=12))
def test_a_model_tells_the_same_whether_its_rows_are_folded_or_not(steps: list[tuple[str, set[int]]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folded_rows, "CHUNK", 4)
        patch.setattr(folded_rows, "AWAKE", 2)
        rows = folding()
        plain = KeyedListModel[Message](BY_ID, IN_ORDER)
        folded = KeyedListModel[Message](BY_ID, IN_ORDER, None, rows)
        spies = ModelSpy(plain), ModelSpy(folded)
        known: dict[int, Message] = {}
        for count, (what, numbers) in enumerate(steps):
            if what == "insert":
                fresh = {each: numbered(each) for each in numbers - known.keys()}
                known.update(fresh)
                for each in (plain, folded):
                    each.insert(fresh.values())
            elif what == "load":
                known = {each: numbered(each) for each in numbers}
                for each in (plain, folded):
                    each.replace_all(known.values())
            elif what == "remove":
                for number in numbers:
                    known.pop(number, None)
                for each in (plain, folded):
                    each.remove_many(set(map(message_id, numbers)))
            else:
                for number in numbers & known.keys():
                    seq = known[number].seq if what == "update" else (41 - number) * 100 + count
                    known[number] = replace(known[number], content=f"{count}", seq=seq)
                    for each in (plain, folded):
                        each.update(known[number], [1])
            assert spies[0].take() == spies[1].take()
            expect_same(plain, folded, sorted(known.values(), key=IN_ORDER))
        assert rows.folded == 0 or len(rows) > 4


def numbered(number: int) -> Message:
    return message(number, "text " * number, seq=number * 100)


def expect_same(plain: KeyedListModel[Message], folded: KeyedListModel[Message], rows: list[Message]) -> None:
    assert folded.rowCount() == len(rows)
    assert list(folded._rows) == rows
    assert [folded.at(place) for place in range(len(rows))] == rows
    assert [folded.row_of(row.id) for row in rows] == list(range(len(rows)))
    assert folded.ids(0, len(rows) - 1) == [row.id for row in rows]
    assert folded.ids(2, 5) == plain.ids(2, 5)
    assert folded.row_of(message_id(99)) is None
    for number in range(0, 4200, 50):
        assert folded.first_at_least((0, number, "")) == plain.first_at_least((0, number, ""))


def test_every_field_comes_back_as_it_was() -> None:
    everything = Message(
        id=message_id(1),
        conversation_id=CONVERSATION,
        parent_id=message_id(0),
        author_id=ME,
        role=Role.ASSISTANT,
        content="Grüße, \U0001f600 and \x00",
        model="scripted",
        status=MessageStatus.INTERRUPTED,
        seq=None,
        revision=3,
        created_at=datetime(2026, 3, 2, 9, 0, 1, 5, tzinfo=UTC),
        updated_at=datetime(2026, 3, 2, 9, 0, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        usage={"tokens": 3, "parts": [{"name": None}]},
        error="an error",
        deleted_at=datetime(2026, 3, 3, tzinfo=UTC),
        delivery=DeliveryState.FAILED,
        failure="refused",
        replaces=message_id(7),
        attachments=(Attachment("a.png", "path", "image/png", 12, 3, 4),),
        author_name="Ben",
    )
    rows = folding()
    rows.start([everything, *messages(CHUNK * (AWAKE + 2), first=10, rich=True)])
    place = rows.place_of(everything.id)
    assert place is not None
    for each in range(CHUNK, CHUNK * (AWAKE + 2), CHUNK):
        _ = rows[len(rows) - 1 - each]
    found = next(each for each in rows if each.id == everything.id)
    assert found == everything
    assert found is not everything
    assert all(
        type(getattr(found, each.name)) is type(getattr(everything, each.name)) for each in fields(Message)
    )
    assert found.role is Role.ASSISTANT
    assert found.delivery is DeliveryState.FAILED


def test_what_is_nested_too_deeply_to_be_folded_stays_as_it_is() -> None:
    usage: dict[str, object] = {}
    for _ in range(sys.getrecursionlimit() * 2):
        usage = {"in": usage}
    every = [replace(message(1), usage=usage), *messages(CHUNK * (AWAKE + 4), first=2)]
    rows = folding()
    rows.start(every)
    for place in (*range(0, len(every), CHUNK), len(every) - 1):
        assert rows[place].id == every[place].id
    assert rows.folded > 0
    assert rows[0] is every[0]


def test_places_outside_are_refused() -> None:
    rows = folding()
    with pytest.raises(IndexError):
        _ = rows[0]
    rows.start(messages(3))
    assert rows[-1].seq == 3
    for place in (3, -4):
        with pytest.raises(IndexError):
            _ = rows[place]


# In little memory -------------------------------------------------------------------------------------------


def test_of_a_long_conversation_few_messages_are_there_as_objects(model: MessageListModel) -> None:
    before = alive()
    scroll_back(model)
    assert model.rowCount() == PAGES * PAGE
    assert alive() - before <= AWAKE * CHUNK
    rows = model._folding
    assert rows.folded >= PAGES * PAGE - AWAKE * CHUNK
    texts = sum(len(each.content) for each in rows)
    held = sum(sys.getsizeof(chunk.folded or b"") for chunk in rows._chunks)
    assert held < texts * 2 / 3


def test_nothing_is_left_of_a_conversation_that_was_left(model: MessageListModel, qtbot: QtBot) -> None:
    left: list[bool] = []
    model.large_left.connect(lambda: left.append(True))
    before = alive()
    scroll_back(model)
    assert left == []
    model.load("another", [message(1, conversation_id="another")], False)
    assert left == [True]
    assert alive() - before == 1
    rows = model._folding
    assert (len(rows._chunks), len(rows._chunk_of), len(rows._awake)) == (1, 1, 1)
    model.load("", (), False)
    assert left == [True]  # A short one leaves nothing worth the while.
    assert alive() == before


def test_a_conversation_of_usual_length_is_never_folded(model: MessageListModel, counted: Counted) -> None:
    model.load(CONVERSATION, messages(AWAKE * CHUNK), False)
    model.apply(changed(message(5, "other")))
    for place in range(model.rowCount()):
        model.at(place)
    assert counted.take() == (0, 0)


def test_each_page_is_folded_once(model: MessageListModel, counted: Counted) -> None:
    scroll_back(model)
    folded, unfolded = counted.take()
    assert PAGES - AWAKE <= folded <= PAGES
    assert unfolded == 0
    for place in (0, model.rowCount() - 1, 0, model.rowCount() - 1):
        model.at(place)
    assert counted.take()[1] <= 1
    for _ in range(2):
        for place in range(model.rowCount()):
            model.at(place)
    folded, unfolded = counted.take()
    assert unfolded <= 2 * PAGES
    assert folded <= AWAKE  # What was folded before and has not changed is only let go.


def test_ids_are_known_without_unfolding(model: MessageListModel, counted: Counted) -> None:
    scroll_back(model)
    counted.take()
    every = [message_id(number) for number in range(1, PAGES * PAGE + 1)]
    assert model.ids(0, model.rowCount() - 1) == every
    assert all(model.row_of(each) == place for place, each in enumerate(every))
    assert model.row_of(message_id(PAGES * PAGE + 1)) is None
    model.prepend(messages(PAGE), False)  # Known already.
    assert counted.take() == (0, 0)


def test_a_change_far_away_costs_one_page(model: MessageListModel, counted: Counted) -> None:
    scroll_back(model)
    counted.take()
    model.apply(changed(message(PAGES * PAGE - 10, "other")))
    folded, unfolded = counted.take()
    assert (folded, unfolded) in {(1, 1), (1, 2)}
    found = model.get(message_id(PAGES * PAGE - 10))
    assert found is not None
    assert found.content == "other"
    for place in range(PAGE * PAGES * 3 // 4):
        model.at(place)
    assert model.at(PAGES * PAGE - 11).content == "other"


def test_what_comes_at_the_end_unfolds_one_page_for_all(model: MessageListModel, counted: Counted) -> None:
    scroll_back(model)
    counted.take()
    for number in range(1, 21):
        model.apply(added(message(PAGES * PAGE + number)))
    assert model.rowCount() == PAGES * PAGE + 20
    assert counted.take()[1] <= 1


def test_however_many_come_at_once_little_is_folded_in_one_call(counted: Counted) -> None:
    rows = folding()
    rows.start(messages(CHUNK * 40))
    assert counted.take()[0] <= 2
    for place in range(0, CHUNK * 40, CHUNK):
        _ = rows[place]
        assert counted.take()[0] <= 2
    for place in range(0, CHUNK * 40, CHUNK):
        _ = rows[place]
    assert rows.folded == CHUNK * (40 - AWAKE)


def test_single_rows_put_in_the_middle_leave_no_swarm_of_tiny_pages() -> None:
    rows = folding()
    every = messages(CHUNK * 4)
    rows.start(every[::2])
    for row in every[1::2]:
        rows.put_in(rows.first_at_least(row.order), [row])
    assert list(rows) == every
    assert max(len(chunk.ids) for chunk in rows._chunks) <= CHUNK
    assert len(rows._chunks) <= 2 * len(every) // CHUNK
