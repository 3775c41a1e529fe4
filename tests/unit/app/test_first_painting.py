"""What a start imports before the window is painted: every module more is paid for at every start."""

from __future__ import annotations

import sys
from functools import cache

import pytest

from tests.support.own_process import printed_by

CEILING = 345
"""Modules of ChatDesk; 430 before there was a limit; each takes some 0.5 ms of computing. What is
opened later is imported where it is opened. Raise it only for what the first painting shows."""

OTHERS = {
    "PySide6",
    "shiboken6",
    "shibokensupport",
    "signature_bootstrap",  # a part of it
    "qasync",
    "filelock",  # the lock of the slot, and of the files that several instances write
    "platformdirs",  # where these files are
    "markdown_it",  # the messages
    "mdurl",  # what markdown_it needs
}
"""Everything else that is not Python's own."""

OPENED_LATER = (
    "chatdesk.ui.dialogs.",
    "chatdesk.ui.settings.window",
    "chatdesk.ui.search.palette",
    "chatdesk.ui.sharing.members_dialog",
    "chatdesk.ui.sharing.mentions",
    "chatdesk.ui.transfer.dialog",
    "chatdesk.ui.attachments.viewer",
    "chatdesk.ui.attachments.pictures",
    "chatdesk.ui.timeline.message_editor",
    "chatdesk.ui.timeline.menu",
    "chatdesk.portability.source",
    "chatdesk.services.portability.importing",
    "chatdesk.services.portability.exporting",
    "chatdesk.services.copying.run",
    "chatdesk.services.reply_run",
    "chatdesk.services.sign_in",
    "chatdesk.app.adapters",
    "chatdesk.app.entrance",
    "chatdesk.app.wake",
    "chatdesk.app.puppet",
    "chatdesk.app.demo",
    "chatdesk.app.selftest",
    "chatdesk.app.schema_script",
    "chatdesk.providers.openai_compatible",
    "PySide6.QtNetwork",
    "pygments",
    "email",
    "http",
    "urllib.request",
)


@cache
def imported() -> frozenset[str]:
    """Return the modules that a process has after its first painting."""
    return frozenset(printed_by(PROGRAM).split())


PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from tests.support.first_painting import main; main()"


def test_no_more_modules_of_chatdesk_than_the_first_painting_needs() -> None:
    count = sum(name.partition(".")[0] == "chatdesk" for name in imported())
    assert 100 < count <= CEILING


def test_no_library_but_those_that_the_first_painting_needs() -> None:
    roots = {name.partition(".")[0] for name in imported()}
    own = {root for root in roots if root in sys.stdlib_module_names or root.startswith(("_", "chatdesk"))}
    assert roots - own - {"sitecustomize", "usercustomize"} <= OTHERS


@pytest.mark.parametrize("name", OPENED_LATER)
def test_what_is_opened_later_is_imported_later(name: str) -> None:
    begun = [each for each in imported() if each == name or each.startswith(f"{name.rstrip('.')}.")]
    assert begun == []
