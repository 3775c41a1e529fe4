"""A whole window in a process of its own, opened, put to work and closed; what it found is a line of JSON."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable

from PySide6.QtWidgets import QApplication

from chatdesk.app.application import Application
from chatdesk.providers.base import ChatProvider
from chatdesk.runtime.loop import run_in_qt

WIDTH, HEIGHT = 1100, 720


async def opened(whole: Application) -> None:
    """Wait until the account is open."""
    async with asyncio.timeout(60):
        while whole.open_account.account is None:  # noqa: ASYNC110 (several signals lead there)
            await asyncio.sleep(0.05)


def at_work(work: Callable[[Application], Awaitable[object]], provider: ChatProvider | None = None) -> int:
    """Run ``work`` in a window whose account is open; ``provider`` answers there."""
    application = QApplication(sys.argv[:1])
    application.setQuitOnLastWindowClosed(False)

    async def live() -> int:
        whole = Application(application, provider=provider, memory_vault=True, linger=0.0)
        whole.window.resize(WIDTH, HEIGHT)
        whole.start()
        await opened(whole)
        found = await work(whole)
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()
        whole.windows.quit()
        await whole.closed.wait()
        await whole.stop()
        return 0

    return run_in_qt(application, live)
