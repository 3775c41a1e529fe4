"""The list: opening by pointer and keyboard, renaming in place, menus, and painting of every state."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QModelIndex, QPoint, QRect, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from chatdesk.domain.message import DeliveryState
from chatdesk.models.conversation_list import AnyIndex, ConversationListModel, ConversationRole
from chatdesk.models.conversation_sections import ConversationSections
from chatdesk.ui.conversations.list_view import ConversationListView
from chatdesk.ui.theme.theme import Theme
from tests.support.conversation_entries import changed, conversation_id, entry

KEY = Qt.Key
LEFT = Qt.MouseButton.LeftButton


class Heard:
    """What the list asked for."""

    def __init__(self, view: ConversationListView) -> None:
        self.opened: list[tuple[str, bool]] = []
        self.renamed: list[tuple[str, str]] = []
        self.deleted: list[str] = []
        self.menus: list[str] = []
        view.open_requested.connect(lambda which, pointer: self.opened.append((which, pointer)))
        view.rename_requested.connect(lambda which, title: self.renamed.append((which, title)))
        view.delete_requested.connect(self.deleted.append)
        view.menu_requested.connect(lambda which, _at: self.menus.append(which))


@pytest.fixture
def view(qtbot: QtBot, theme: Theme, conversations: ConversationListModel) -> ConversationListView:
    made = ConversationListView(conversations, theme)
    made.resize(280, 500)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    made.setFocus()
    return made


@pytest.fixture
def heard(view: ConversationListView) -> Heard:
    return Heard(view)


def row_rect(view: ConversationListView, number: int) -> QRect:
    return view.visualRect(view.model().index(view._sections.row_of(conversation_id(number)), 0))


def click(view: ConversationListView, at: QPoint) -> None:
    QTest.mouseClick(view.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, at)


def test_all_rows_have_one_height(view: ConversationListView) -> None:
    heights = {view.visualRect(view.model().index(row, 0)).height() for row in range(view.model().rowCount())}
    assert len(heights) == 1


def test_a_painting_asks_once_for_each_row_in_view(
    view: ConversationListView, conversations: ConversationListModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversations.load([entry(number, f"Chat {number}", hours_ago=number) for number in range(1, 2_000)])
    view.grab()
    asked: list[str] = []
    face, value = conversations.face, conversations.data

    def counted(which: str) -> object:
        asked.append(which)
        return face(which)

    def role_asked(index: AnyIndex, role: int = 0) -> object:
        asked.append("a role")
        return value(index, role)

    monkeypatch.setattr(conversations, "face", counted)
    monkeypatch.setattr(conversations, "data", role_asked)
    view.grab()
    assert 5 < len(asked) <= view.height() // view.sizeHintForRow(0) + 2
    assert "a role" not in asked


def test_a_click_opens(view: ConversationListView, heard: Heard) -> None:
    click(view, row_rect(view, 2).center() - QPoint(60, 0))
    assert heard.opened == [(conversation_id(2), True)]


def test_a_click_on_a_caption_opens_nothing(view: ConversationListView, heard: Heard) -> None:
    click(view, view.visualRect(view.model().index(0, 0)).center())
    assert heard.opened == []


def test_the_arrow_keys_open_and_step_over_captions(
    view: ConversationListView, heard: Heard, conversations: ConversationListModel
) -> None:
    conversations.set_active(conversation_id(1))
    QTest.keyClick(view, KEY.Key_Up)
    QTest.keyClick(view, KEY.Key_Down)
    QTest.keyClick(view, KEY.Key_Down)
    assert [which for which, _ in heard.opened] == [conversation_id(number) for number in (5, 1, 2)]
    assert not any(pointer for _, pointer in heard.opened)


def test_enter_opens_and_delete_asks(
    view: ConversationListView, heard: Heard, conversations: ConversationListModel
) -> None:
    conversations.set_active(conversation_id(3))
    QTest.keyClick(view, KEY.Key_Return)
    QTest.keyClick(view, KEY.Key_Delete)
    assert heard.opened == [(conversation_id(3), True)]
    assert heard.deleted == [conversation_id(3)]


def test_the_selection_follows_the_open_one_through_a_bump(
    view: ConversationListView, conversations: ConversationListModel
) -> None:
    conversations.set_active(conversation_id(4))
    conversations.apply(changed(entry(4, "Fourth")))
    assert view.current_id() == conversation_id(4)
    assert view.selectionModel().selectedIndexes() == [view.currentIndex()]
    conversations.set_active("")
    assert view.selectionModel().selectedIndexes() == []


def rename_field(view: ConversationListView) -> QLineEdit:
    found = view.viewport().findChild(QLineEdit)
    assert isinstance(found, QLineEdit)
    return found


def test_rename_in_place(view: ConversationListView, heard: Heard, qtbot: QtBot) -> None:
    view.rename(conversation_id(2))
    field = rename_field(view)
    assert field.text() == "Second"
    assert field.selectedText() == "Second"
    assert field.accessibleName()
    field.setText("  New\0 name ")
    QTest.keyClick(field, KEY.Key_Return)
    # Qt commits an editor from its event queue.
    qtbot.waitUntil(lambda: heard.renamed == [(conversation_id(2), "New\ufffd name")], timeout=30_000)
    assert heard.opened == []


@pytest.mark.parametrize("text", ["", "   ", "Second"])
def test_a_blank_or_equal_name_changes_nothing(
    view: ConversationListView, heard: Heard, qtbot: QtBot, text: str
) -> None:
    view.rename(conversation_id(2))
    field = rename_field(view)
    field.setText(text)
    with qtbot.waitSignal(view.itemDelegate().closeEditor, timeout=30_000):
        QTest.keyClick(field, KEY.Key_Return)
    assert heard.renamed == []


def test_escape_leaves_the_name(view: ConversationListView, heard: Heard) -> None:
    view.rename(conversation_id(2))
    field = rename_field(view)
    QTest.keyClicks(field, "other")
    QTest.keyClick(field, KEY.Key_Escape)
    assert heard.renamed == []


def test_what_is_typed_survives_changes_and_moves_of_the_row(
    view: ConversationListView, heard: Heard, conversations: ConversationListModel, qtbot: QtBot
) -> None:
    view.rename(conversation_id(4))
    field = rename_field(view)
    field.setText("Half typed")
    conversations.apply(changed(entry(4, "Renamed elsewhere", hours_ago=3.5)))
    conversations.apply(changed(entry(4, "Renamed elsewhere")))
    assert field.text() == "Half typed"
    QTest.keyClick(field, KEY.Key_Return)
    qtbot.waitUntil(lambda: heard.renamed == [(conversation_id(4), "Half typed")], timeout=30_000)


def test_the_button_for_more_appears_on_hover_and_opens_the_menu(
    view: ConversationListView, heard: Heard
) -> None:
    rect = row_rect(view, 2)
    before = view.grab(rect).toImage()
    QTest.mouseMove(view.viewport(), rect.center())
    assert view._rows.hovered.isValid()
    assert view.grab(rect).toImage() != before
    click(view, view._rows.more_rect(rect).center())
    assert heard.menus == [conversation_id(2)]
    assert heard.opened == []


def test_the_neighbours_go_round(view: ConversationListView, conversations: ConversationListModel) -> None:
    assert view.neighbour(1) == conversation_id(5)
    assert view.neighbour(-1) == conversation_id(4)
    conversations.set_active(conversation_id(4))
    assert view.neighbour(1) == conversation_id(5)
    conversations.load([])
    assert view.neighbour(1) == ""


def has_colour(image: QImage, colour: str) -> bool:
    wanted = QColor(colour).rgb()
    return any(image.pixel(x, y) == wanted for y in range(image.height()) for x in range(image.width()))


def test_each_state_is_painted(
    view: ConversationListView, theme: Theme, conversations: ConversationListModel, qtbot: QtBot
) -> None:
    for mode in ("light", "dark"):
        theme.set_mode(mode)
        tokens = theme.tokens
        conversations.set_active("")
        plain = view.grab(row_rect(view, 1)).toImage()
        assert not has_colour(plain, tokens.accent)
        assert has_colour(view.grab(row_rect(view, 2)).toImage(), tokens.accent), "unread dot"
        conversations.set_replying(conversation_id(1), True)
        assert has_colour(view.grab(row_rect(view, 1)).toImage(), tokens.accent), "replying"
        conversations.set_replying(conversation_id(1), False)
        assert has_colour(view.grab(row_rect(view, 3)).toImage(), tokens.danger), "refused"
        waiting = view.grab(row_rect(view, 4)).toImage()
        conversations.apply(changed(entry(4, "Fourth", hours_ago=4)))
        assert view.grab(row_rect(view, 4)).toImage() != waiting, "the clock goes"
        conversations.apply(changed(entry(4, "Fourth", hours_ago=4, delivery=DeliveryState.SENDING)))
        assert view.grab(row_rect(view, 4)).toImage() == waiting, "sending looks like waiting"
        conversations.set_active(conversation_id(1))
        assert has_colour(view.grab(row_rect(view, 1)).toImage(), tokens.accent_soft), "open"


def test_the_empty_list_says_so(view: ConversationListView, conversations: ConversationListModel) -> None:
    conversations.load([])
    image = view.grab().toImage()
    colours = {image.pixel(x, y) for x in range(image.width()) for y in range(80)}
    assert len(colours) > 2


def test_hover_ends_with_its_row(view: ConversationListView, conversations: ConversationListModel) -> None:
    QTest.mouseMove(view.viewport(), row_rect(view, 2).center())
    conversations.load([])
    view._hover(QModelIndex())
    assert not view._rows.hovered.isValid()


def test_a_chat_that_goes_to_the_top_does_not_ask_every_row(
    qtbot: QtBot, theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    count = ConversationSections.rowCount

    def counted(self: ConversationSections, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        asked.append(1)
        return count(self, parent)

    monkeypatch.setattr(ConversationSections, "rowCount", counted)
    model = ConversationListModel()
    model.load([entry(number, hours_ago=number / 100) for number in range(1_000)])
    made = ConversationListView(model, theme)
    qtbot.addWidget(made)
    made.resize(280, 500)
    made.show()
    qtbot.waitExposed(made)
    made.visualRect(made.model().index(0, 0))
    asked.clear()
    model.apply(changed(entry(700, hours_ago=-1)))
    assert made.visualRect(made.model().index(1, 0)).isValid()
    assert made.model().index(1, 0).data(ConversationRole.ENTRY).id == conversation_id(700)
    assert 0 < len(asked) < 100
