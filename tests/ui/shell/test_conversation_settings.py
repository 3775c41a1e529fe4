"""The dialog for system prompt and temperature."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from chatdesk.ui.actions.table import ActionId
from chatdesk.ui.dialogs.conversation_settings import ConversationSettings
from chatdesk.ui.main_window import MainWindow
from chatdesk.ui.theme.theme import Theme
from tests.support.conversation_entries import conversation_id, entry
from tests.ui.shell.names import everything_is_named


@pytest.mark.parametrize("first", [{}, {"system_prompt": "Be brief.", "temperature": 0.3}])
def test_only_what_changed_is_saved(
    qtbot: QtBot, theme: Theme, window: MainWindow, first: dict[str, object]
) -> None:
    before = replace(entry(3).conversation, **first)  # type: ignore[arg-type]  # fields of it
    dialog = ConversationSettings(theme, before, window)
    saved: list[object] = []
    dialog.save_requested.connect(saved.append)
    dialog.open()
    assert everything_is_named(dialog) == []
    assert dialog.temperature.isEnabled() == bool(first)
    dialog.save_button.click()
    assert saved == []
    dialog = ConversationSettings(theme, before, window)
    dialog.save_requested.connect(saved.append)
    dialog.open()
    dialog.prompt.setPlainText(" Answer in rhymes. ")
    dialog.own.setChecked(not first)
    dialog.temperature.setValue(0.7)
    dialog.save_button.click()
    assert saved == [{"system_prompt": "Answer in rhymes.", "temperature": None if first else 0.7}]


def test_it_opens_from_the_menu_of_a_chat(window: MainWindow, qtbot: QtBot) -> None:
    told: list[object] = []
    window.verbs.update_requested.connect(lambda which, updates: told.append((which, updates)))
    window.verbs.carry_out(ActionId.CHAT_SETTINGS, conversation_id(3))
    dialog = window.verbs.settings
    assert dialog is not None
    dialog.prompt.setPlainText("x")
    dialog.save_button.click()
    assert told == [(conversation_id(3), {"system_prompt": "x"})]
