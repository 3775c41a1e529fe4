"""After a long conversation was left, the memory it took goes back once."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from chatdesk.app import wiring
from chatdesk.app.application import Application
from chatdesk.models.folded_rows import AWAKE, CHUNK
from chatdesk.runtime import free_memory
from tests.support.messages import CONVERSATION, messages


async def test_memory_is_given_back_once_after_a_long_conversation(
    whole: Application, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[str] = []
    model = whole.windows.active.messages
    monkeypatch.setattr(free_memory, "give_back", lambda: given.append(model.conversation_id))
    monkeypatch.setattr(wiring, "_AFTER_A_LARGE_ONE", 0)
    model.load(CONVERSATION, messages((AWAKE + 1) * CHUNK), False)
    model.load("a short one", messages(5), False)
    assert given == []  # What comes is painted first.
    qtbot.waitUntil(lambda: bool(given))
    model.load("another short one", messages(5), False)
    later: list[bool] = []
    QTimer.singleShot(0, lambda: later.append(True))
    qtbot.waitUntil(lambda: bool(later))
    assert given == ["a short one"]
