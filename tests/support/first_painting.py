"""``python -m tests.support.first_painting``: everything up to the first painting, and the modules it took.

The application is made as it is at every start, its store opened, list and conversation filled and painted.
Only the account is missing: what opens it is imported with the application.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from chatdesk.cli import ready_to_import

CODE = "Some **text** and code:\n\n```python\nprint(1)\n```\n"


async def show() -> None:
    """Show a window with a list and a conversation; wait until both were painted."""
    from PySide6.QtWidgets import QApplication

    from chatdesk.app.application import Application
    from chatdesk.app.set_up import built_in_model, provider_for
    from chatdesk.config.paths import data_directory
    from chatdesk.domain.clock import SystemClock
    from chatdesk.store.store import Store
    from chatdesk.ui.markdown import highlight
    from tests.support.conversation_entries import entry
    from tests.support.messages import message

    qt = QApplication.instance()
    assert isinstance(qt, QApplication)
    provider, _trouble = provider_for({}, scripted=False)
    whole = Application(
        qt, provider=provider, built_in=built_in_model({}, data_directory()), memory_vault=True
    )
    store = await Store.open(data_directory() / "accounts", "somebody", SystemClock())
    await store.entries()
    shown = whole.windows.active
    shown.conversations.load([entry(number, f"Chat {number}") for number in range(1, 30)])
    shown.messages.load("c", [message(number, CODE) for number in range(1, 5)], has_older=False)
    painted = asyncio.Event()
    shown.timeline.painted.connect(painted.set)
    shown.window.show_conversation("c")
    highlight.put_off()  # as ``Application.start`` does
    shown.window.show()
    await painted.wait()
    await store.close()


def main() -> None:
    """Print the modules, one a line."""
    ready_to_import()
    from PySide6.QtWidgets import QApplication

    from chatdesk.runtime.loop import run_in_qt

    with tempfile.TemporaryDirectory() as place:
        import os

        os.environ["CHATDESK_DATA"] = str(Path(place))
        run_in_qt(QApplication(sys.argv[:1]), show)
    sys.stdout.write("\n".join(sorted(name for name in sys.modules if not name.startswith("tests"))))


if __name__ == "__main__":
    main()
