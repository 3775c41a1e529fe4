"""An application with a desktop of its own."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from chatdesk.app.application import Application
from chatdesk.ui.tray import Tray
from tests.support.tray import Desktop


@pytest.fixture
def desktop() -> Desktop:
    return Desktop()


@pytest.fixture
async def whole(qapp: QApplication, desktop: Desktop) -> AsyncIterator[Application]:
    """An application with its first window on screen and no account."""
    tray = Tray(make=desktop.make, available=desktop.available)
    made = Application(qapp, provider=None, memory_vault=True, tray=tray)
    made.window.show()
    made.tray.start()
    yield made
    tray.show(False)
    await made.tray.notifier.close()
    for each in list(made.windows.all):
        await each.close()
    await made.scope.close()
    qapp.setStyleSheet("")
    bury()


def bury() -> None:
    """Let Qt delete what was left for later."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
