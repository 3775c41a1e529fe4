"""The unread line: where a conversation opens, what is painted and said, and the way back to it."""

from __future__ import annotations

from chatdesk.models.message_list import MessageListModel
from chatdesk.ui.timeline.unread import UnreadGuide
from chatdesk.ui.timeline.view import TimelineView
from tests.support.messages import CONVERSATION, added, message, message_id, messages
from tests.ui.timeline.conftest import Open


def opened(open_timeline: Open, count: int, read: int) -> tuple[TimelineView, MessageListModel, UnreadGuide]:
    """Open a conversation in which messages up to ``read`` were read."""
    view, model = open_timeline(())
    guide = UnreadGuide(view, model)
    model.load(CONVERSATION, messages(count, rich=True), False)
    model.unread.begin(read)
    view.flush()
    return view, model, guide


def test_it_opens_at_the_line_when_more_is_unread_than_fits(open_timeline: Open) -> None:
    view, _, guide = opened(open_timeline, 200, 99)
    assert not view.pinned
    top = view.top_of(message_id(100))
    assert top is not None
    assert 0 < top < view.viewport().height() // 2
    assert guide.button.isHidden()
    row = view.row(message_id(100))
    assert row is not None
    assert row.accessibleName().startswith("New messages: ")


def test_it_opens_at_the_end_when_everything_unread_is_in_sight(open_timeline: Open) -> None:
    view, model, guide = opened(open_timeline, 200, 199)
    assert view.pinned
    row = view.row(message_id(200))
    assert row is not None
    assert row.content is not None
    assert row.content.unread
    assert guide.button.isHidden()
    model.apply(added(message(201), message(202)))
    view.flush()
    assert view.pinned
    assert model.unread.message_id == message_id(200)


def test_the_line_takes_room_above_its_message(open_timeline: Open) -> None:
    view, model, _ = opened(open_timeline, 20, 15)
    row = view.row(message_id(16))
    assert row is not None
    tall = row.height()
    model.unread.begin(None)
    view.flush()
    assert row.height() < tall
    assert not row.accessibleName().startswith("New messages")


def test_the_button_leads_to_a_line_on_an_older_page(open_timeline: Open) -> None:
    view, model = open_timeline(())
    guide = UnreadGuide(view, model)
    pages: list[int] = []
    model.unread.older_wanted.connect(lambda: pages.append(model.rowCount()))
    model.load(CONVERSATION, messages(100, first=201, rich=True), True)
    model.unread.begin(150)
    view.flush()
    assert view.pinned
    assert guide.button.isVisible()
    assert guide.button.accessibleName() == "Go to the first unread message"
    guide.button.click()
    assert pages == [100]
    model.prepend(messages(100, first=101, rich=True), True)
    view.flush()
    assert view.top_of(message_id(152)) is not None, "number 151 is the user's own"
    assert guide.button.isHidden()


def test_going_back_works_after_it_was_seen(open_timeline: Open) -> None:
    view, _, guide = opened(open_timeline, 200, 99)
    view.jump_to_end()
    assert view.top_of(message_id(100)) is None
    assert guide.button.isHidden()
    guide.go()
    assert view.top_of(message_id(100)) is not None


def test_the_first_unread_message_may_arrive_while_the_conversation_is_open(open_timeline: Open) -> None:
    """The line hears of new rows before the view does, and has it show one that it does not know yet."""
    view, model, _ = opened(open_timeline, 20, 20)
    model.apply(added(*(message(number) for number in range(21, 25))))
    view.flush()
    assert model.unread.message_id
    assert view.top_of(model.unread.message_id) is not None
