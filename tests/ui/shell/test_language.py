"""The window in another language: everything goes through the door, changes at once, and fits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QAction, QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QPlainTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from chatdesk.app.appearance import Appearance
from chatdesk.config.options import LANGUAGE, TEXT_SIZE
from chatdesk.config.preferences import Preferences
from chatdesk.domain.message import DeliveryState
from chatdesk.domain.session import LinkState, SyncState
from chatdesk.language import door
from chatdesk.language.catalogue import Catalogue, Entry
from chatdesk.models.conversation_list import ConversationListModel
from chatdesk.models.message_list import MessageListModel
from chatdesk.services.preferences import PreferenceService
from chatdesk.ui.actions.table import ActionId
from chatdesk.ui.dialogs.shortcut_sheet import ShortcutSheet
from chatdesk.ui.elided_label import ElidedLabel
from chatdesk.ui.main_window import MainWindow
from chatdesk.ui.model_notice import NO_MODEL
from chatdesk.ui.settings.about import LIBRARIES
from chatdesk.ui.settings.window import SettingsWindow
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.timeline.view import TimelineView
from chatdesk.ui.words import moment_label, number
from tests.support.conversation_entries import NOON, conversation_id, entry
from tests.support.messages import ME, message
from tests.support.translatable import spoken
from tests.ui.shell.facts import FACTS, INSTALLATION

MARK = "⟦"

# What is the same in every language: names, keys, examples, and what the test itself says.
NAMES = {
    "ChatDesk",
    "English",
    "Deutsch",
    "AL",
    "First",
    "Third",
    "first-model",
    "models.example.com",
    "first-model, second-model",
    "Ada Lovelace",
    "chatdesk.log",
    "preferences.json",
    "accounts/",
    "local/",
    str(INSTALLATION.data),
    *(name for name, _licence in LIBRARIES),
    *(licence for _name, licence in LIBRARIES),
}

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


class Marking(Catalogue):
    """Every text of the source, marked: what shows up without a mark did not go through the door."""

    def __init__(self) -> None:
        entries = [Entry("", strings={0: "Content-Type: text/plain; charset=UTF-8\n"})]
        for text in spoken().values():
            forms = {0: f"⟦{text.message}⟧"}
            if text.plural is not None:
                forms = {0: forms[0], 1: f"⟦{text.plural}⟧"}
            entries.append(Entry(text.message, text.context, text.plural, forms))
        super().__init__(entries)


@pytest.fixture
def preferences() -> PreferenceService:
    return PreferenceService(Preferences())


@pytest.fixture
def chat(qtbot: QtBot, theme: Theme, preferences: PreferenceService) -> MainWindow:
    """A window with a little of everything in it."""
    conversations = ConversationListModel()
    conversations.load(
        [
            entry(1, "First", hours_ago=1),
            entry(3, "Third", hours_ago=3, delivery=DeliveryState.FAILED, failure="The message is empty."),
        ]
    )
    messages = MessageListModel(ME)
    which = conversation_id(1)
    messages.load(
        which,
        [
            message(1, "First", conversation_id=which),
            message(2, "First", conversation_id=which, error="The model did not answer in time."),
            message(3, "First", seq=None, delivery=DeliveryState.FAILED, conversation_id=which),
        ],
        False,
    )
    timeline = TimelineView(theme)
    timeline.set_model(messages)
    made = MainWindow(theme, conversations, timeline, preferences)
    qtbot.addWidget(made)
    made.settings.installation = INSTALLATION
    made.account.set_account(FACTS.account)
    made.account.set_profile(FACTS.profile, None)
    made.account.set_state(SyncState(LinkState.OFFLINE, "The server stopped answering.", NOON, 2, 1))
    made.set_model_notice(NO_MODEL)
    made.resize(1120, 760)
    made.show()
    qtbot.waitExposed(made)
    made.show_conversation(which)
    timeline.flush()
    return made


def change_language(qapp: QApplication) -> None:
    from PySide6.QtCore import QEvent

    for window in qapp.topLevelWidgets():
        qapp.sendEvent(window, QEvent(QEvent.Type.LanguageChange))
    QTest.qWait(30)


def texts(widget: QWidget) -> Iterator[tuple[str, str]]:
    """Yield (where, text) of everything a user can read or hear on ``widget`` and in it."""
    for each in [widget, *widget.findChildren(QWidget)]:
        where = f"{type(each).__name__} {each.objectName()}"
        yield where, each.accessibleName()
        yield where, each.accessibleDescription()
        yield where, each.toolTip()
        if isinstance(each, (QLabel, QAbstractButton)):
            yield where, each.text()
        if isinstance(each, QComboBox):
            yield from ((where, each.itemText(row)) for row in range(each.count()))
        if isinstance(each, QListWidget):
            yield from ((where, each.item(row).text()) for row in range(each.count()))
        if isinstance(each, (QLineEdit, QPlainTextEdit)):
            yield where, each.placeholderText()
    for action in widget.findChildren(QAction):
        if action.objectName() in set(ActionId):
            yield f"action {action.objectName()}", action.text()
    yield "title", widget.windowTitle().removesuffix(" – ChatDesk")


def unmarked(widget: QWidget) -> list[tuple[str, str]]:
    return [
        (where, text)
        for where, text in texts(widget)
        if MARK not in text
        and text not in NAMES
        and any(letter.isalpha() for letter in text)
        and "://" not in text
        and "@" not in text
        and not text.startswith(("CHATDESK_", "scripted, "))
        and not any(key in text for key in ("Ctrl", "Shift", "Esc", "Alt"))
        and text not in {f"F{number}" for number in range(1, 13)} | {"Enter"}
    ]


def test_everything_on_screen_goes_through_the_door(qapp: QApplication, chat: MainWindow) -> None:
    """Also what was on screen before the language changed."""
    chat.settings.open()
    settings = chat.settings.dialog
    assert settings is not None
    settings.shortcuts.wish(ActionId.TOGGLE_SIDEBAR, "Ctrl+N")
    settings.shortcuts.keep_button.click()
    chat.account.open_panel()
    chat.account.panel.hide()
    door.put("xx", Marking())
    change_language(qapp)
    assert unmarked(chat) == [], "\n".join(map(str, unmarked(chat)))
    settings.accept()
    chat.settings.open_sheet()
    assert chat.settings.sheet is not None
    assert unmarked(chat.settings.sheet) == []
    chat.settings.open_sheet()
    chat.show_first_run()
    assert unmarked(chat.first_run) == []


def test_what_is_painted_goes_through_the_door(qapp: QApplication, chat: MainWindow) -> None:
    door.put("xx", Marking())
    change_language(qapp)
    captions = [
        chat.sidebar.list.model().index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole)
        for row in range(chat.sidebar.list.model().rowCount())
    ]
    assert captions
    assert all(MARK in text for text in captions if text != "First")


def test_german_comes_and_goes_at_once(
    qapp: QApplication, theme: Theme, chat: MainWindow, preferences: PreferenceService
) -> None:
    appearance = Appearance(qapp, theme, preferences)
    chat.settings.open()
    settings = chat.settings.dialog
    assert settings is not None
    preferences.put(LANGUAGE, "de")
    assert chat.sidebar.new_button.text() == "Neuer Chat"
    assert chat.composer.button.accessibleName() == "Senden"
    assert chat.account.panel.sentence.startswith("Offline seit ")
    assert "Der Server antwortet nicht mehr." in chat.account.panel.sentence
    assert chat.actions_table[ActionId.SETTINGS].text() == "Einstellungen …"
    assert settings.windowTitle() == "Einstellungen"
    assert settings.general.look.currentText() == "Wie das System"
    assert settings.shortcuts.rows[ActionId.NEW_CHAT].keys.text() == "Strg+N"
    assert settings.models.key.text() == "Gesetzt"
    assert number(1_234_567) == "1.234.567"
    assert moment_label(NOON, NOON.date()).count(":") == 1
    preferences.put(LANGUAGE, "en")
    assert chat.sidebar.new_button.text() == "New chat"
    assert settings.windowTitle() == "Settings"
    assert settings.shortcuts.rows[ActionId.NEW_CHAT].keys.text() == "Ctrl+N"
    assert number(1_234_567) == "1,234,567"
    assert appearance is not None


def test_the_system_decides_unless_the_user_did(
    qapp: QApplication, theme: Theme, preferences: PreferenceService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QLocale, "uiLanguages", lambda _self: ["de-AT", "de", "en"])
    appearance = Appearance(qapp, theme, preferences)
    assert door.language() == "de"
    preferences.put(LANGUAGE, "en")
    assert door.language() == "en"
    assert appearance is not None


def cut(widget: QWidget) -> list[str]:
    """Name the texts for which there is less room than they take."""
    found = []
    for each in widget.findChildren(QWidget):
        if not each.isVisible() or isinstance(each, ElidedLabel) or isinstance(each.parent(), QLineEdit):
            continue  # the last: Qt itself makes room for a picture inside a field
        if isinstance(each, QLabel) and each.text():
            room = each.contentsRect()
            flags = int(Qt.TextFlag.TextWordWrap) if each.wordWrap() else 0
            taken = QFontMetrics(each.font()).boundingRect(room.adjusted(0, 0, 0, 10_000), flags, each.text())
            wide = taken.width() > room.width() + 1
            if wide or taken.height() > room.height() + 2:
                found.append(f"{each.text()!r}: {taken.size().toTuple()} in {room.size().toTuple()}")
        elif isinstance(each, (QAbstractButton, QComboBox)) and each.width() < each.minimumSizeHint().width():
            found.append(f"{each.accessibleName()}: {each.width()} of {each.minimumSizeHint().width()}")
    return found


@pytest.mark.parametrize("size", [80, 100, 200])
@pytest.mark.parametrize("code", ["en", "de"])
def test_no_text_is_cut(
    qapp: QApplication, theme: Theme, chat: MainWindow, preferences: PreferenceService, code: str, size: int
) -> None:
    appearance = Appearance(qapp, theme, preferences)
    preferences.put(LANGUAGE, code)
    preferences.put(TEXT_SIZE, size)
    try:
        chat.resize(1120, 760)
        made = SettingsWindow(theme, preferences, INSTALLATION, FACTS, chat)
        made.show()
        for row in range(made.stack.count()):
            made.navigation.setCurrentRow(row)
            QTest.qWait(10)
            assert cut(made) == []
        made.close()
        sheet = ShortcutSheet(theme, chat.settings.bindings, ("Ctrl+Enter", "Enter"), chat)
        sheet.show()
        QTest.qWait(10)
        assert cut(sheet) == []
        sheet.close()
        assert cut(chat) == []
        chat.show_first_run()
        QTest.qWait(10)
        assert cut(chat.first_run) == []
    finally:
        preferences.put(TEXT_SIZE, 100)
    assert appearance is not None
