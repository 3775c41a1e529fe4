"""The model picker: per conversation, for new chats, by keyboard, and where no model is set up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from chatdesk.language.door import SOURCE, use
from chatdesk.models.conversation_list import ConversationListModel
from chatdesk.ui.composer.model_picker import ModelPicker
from chatdesk.ui.main_window import MainWindow
from chatdesk.ui.model_notice import NO_MODEL
from tests.support.conversation_entries import changed, conversation_id, entry

KEY = Qt.Key
MODELS = ("small", "large", "a&b/very-long-model-name-of-a-provider-that-nobody-reads:latest")

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def picker(window: MainWindow) -> ModelPicker:
    window.composer.picker.set_models(MODELS)
    return window.composer.picker


@pytest.fixture
def chosen(picker: ModelPicker) -> list[tuple[str, str]]:
    told: list[tuple[str, str]] = []
    picker.model_chosen.connect(lambda *args: told.append(args))
    return told


@pytest.fixture(autouse=True)
def _no_popup_stays(qapp: QApplication) -> Iterator[None]:
    yield
    while (popup := qapp.activePopupWidget()) is not None:
        popup.close()


def menu(qapp: QApplication) -> QMenu:
    found = qapp.activePopupWidget()
    assert isinstance(found, QMenu)
    return found


def test_a_new_chat_starts_with_the_default_until_another_is_chosen(
    window: MainWindow, picker: ModelPicker, chosen: list[tuple[str, str]], qapp: QApplication
) -> None:
    assert (picker.model, picker.text()) == ("small", "small")
    picker.open()
    assert [action.text() for action in menu(qapp).actions()][:2] == ["small (default)", "large"]
    menu(qapp).actions()[1].trigger()
    assert (picker.model, chosen) == ("large", [])
    window.show_conversation(conversation_id(1))
    assert picker.model == "small"
    window.show_conversation("")
    assert picker.model == "large"


def test_the_choice_is_the_conversations(
    window: MainWindow,
    conversations: ConversationListModel,
    picker: ModelPicker,
    chosen: list[tuple[str, str]],
    qapp: QApplication,
) -> None:
    window.show_conversation(conversation_id(1))
    QTest.keyClick(
        window.composer.field,
        KEY.Key_M,
        Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
    )
    opened = menu(qapp)
    assert opened.activeAction().text() == "small (default)"
    QTest.keyClick(opened, KEY.Key_Down)
    QTest.keyClick(opened, KEY.Key_Return)
    assert chosen == [(conversation_id(1), "large")]
    assert picker.accessibleName() == "Model: large"
    conversations.apply(changed(entry(1, "First", hours_ago=1, model="large")))
    assert picker.accessibleName() == "Model: large"
    conversations.apply(changed(entry(1, "First", hours_ago=1, model="small")))
    assert picker.model == "small", "chosen in another window"


def test_a_model_of_another_computer_is_named_but_cannot_be_chosen(
    window: MainWindow, conversations: ConversationListModel, picker: ModelPicker, qapp: QApplication
) -> None:
    conversations.apply(changed(entry(2, "Second", hours_ago=2, model="elsewhere")))
    window.show_conversation(conversation_id(2))
    assert picker.model == "elsewhere"
    picker.open()
    first = menu(qapp).actions()[0]
    assert (first.text(), first.isEnabled()) == ("elsewhere (not set up here)", False)


def test_a_long_name_is_cut_in_the_middle_and_said_in_full(
    window: MainWindow, conversations: ConversationListModel, picker: ModelPicker
) -> None:
    conversations.apply(changed(entry(2, "Second", hours_ago=2, model=MODELS[2])))
    window.show_conversation(conversation_id(2))
    assert "…" in picker.text()
    assert "a&&b" in picker.text()
    assert picker.accessibleName() == f"Model: {MODELS[2]}"
    assert MODELS[2] in picker.toolTip()


@pytest.fixture
def hundreds(picker: ModelPicker) -> ModelPicker:
    """What a provider that passes many others on has."""
    picker.set_models([f"maker-{number % 7}/model-{number}" for number in range(400)])
    return picker


def offered(of: QMenu) -> list[str]:
    return [action.text() for action in of.actions() if action.isVisible() and action.isCheckable()]


def test_of_hundreds_those_are_shown_that_were_typed_for(
    window: MainWindow, hundreds: ModelPicker, qapp: QApplication
) -> None:
    hundreds.open()
    opened = menu(qapp)
    assert len(offered(opened)) == 15
    assert opened.actions()[-1].text() == "385 more: type to find them"
    assert opened.sizeHint().height() < 700
    foot, wide = opened.geometry().bottom(), opened.width()
    QTest.keyClicks(opened, " maker-3 39")
    assert (opened.geometry().bottom(), opened.width()) == (foot, wide), "it stands on its button"
    assert offered(opened) == ["maker-3/model-339", "maker-3/model-395"]
    assert not opened.actions()[-1].isVisible()
    QTest.keyClick(opened, KEY.Key_Down)
    QTest.keyClick(opened, KEY.Key_Return)
    assert hundreds.model == "maker-3/model-395"
    hundreds.open()
    assert menu(qapp).activeAction().text() == "maker-3/model-395", "the one in use is among the first"


def test_what_no_model_is_called_is_said(hundreds: ModelPicker, qapp: QApplication) -> None:
    hundreds.open()
    opened = menu(qapp)
    QTest.keyClicks(opened, "zzz")
    assert offered(opened) == []
    assert opened.actions()[-1].text() == "No model has this name."
    QTest.keyClick(opened, KEY.Key_Return)
    for _letter in "zzz":
        QTest.keyClick(opened, KEY.Key_Backspace)
    assert len(offered(opened)) == 15


def test_a_name_without_end_does_not_make_the_menu_wider_than_the_window(
    picker: ModelPicker, qapp: QApplication
) -> None:
    picker.set_models(["small", "maker/" + "model-" * 60])
    picker.open()
    assert "…" in menu(qapp).actions()[1].text()
    assert menu(qapp).sizeHint().width() < 620
    assert menu(qapp).actions()[1].toolTip() == "maker/" + "model-" * 60


def test_without_a_model_it_leads_to_the_settings(window: MainWindow) -> None:
    picker = window.composer.picker
    assert picker.model is None
    assert picker.text() == "No model set up"
    QTest.mouseClick(picker, Qt.MouseButton.LeftButton)
    settings = window.settings.dialog
    assert settings is not None
    assert settings.stack.currentWidget() is settings.models
    settings.close()


def test_it_is_between_the_text_and_the_button(window: MainWindow, picker: ModelPicker) -> None:
    window.composer.field.put("ready")
    window.composer.field.setFocus()
    QTest.keyClick(window.composer.field, KEY.Key_Tab)
    assert picker.hasFocus() or window.composer.button.hasFocus()
    assert picker.geometry().right() <= window.composer.button.geometry().left()


def test_a_model_whose_key_is_missing_here_says_so(
    window: MainWindow, conversations: ConversationListModel, picker: ModelPicker, qapp: QApplication
) -> None:
    picker.set_models(["small"], {}, {"elsewhere": "Key missing on this device."})
    conversations.apply(changed(entry(2, "Second", hours_ago=2, model="elsewhere")))
    window.show_conversation(conversation_id(2))
    assert "Key missing on this device." in picker.accessibleDescription()
    picker.open()
    first = menu(qapp).actions()[0]
    assert (first.text(), first.isEnabled()) == ("elsewhere – Key missing on this device.", False)


def test_the_card_names_the_provider_whose_key_is_missing(window: MainWindow, qtbot: QtBot) -> None:
    notice = window.pane.notice
    notice.say_key_missing("OpenAI")
    assert notice.told == "OpenAI: key missing on this device."
    assert notice.button.text() == "Enter the key…"
    with qtbot.waitSignal(notice.set_up_requested, timeout=30_000):
        notice.button.click()
    try:
        use("de")
        notice._tell()
        assert notice.told == "OpenAI: Schlüssel fehlt auf diesem Gerät."
    finally:
        use(SOURCE)
    window.set_model_notice(NO_MODEL)
    notice._tell()
    assert (notice.told, notice.button.text()) == ("No model is set up yet", "Set up a model…")
    window.set_model_notice(None)
    assert notice.told == ""
