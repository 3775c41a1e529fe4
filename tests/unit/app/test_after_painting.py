"""What waits for the first painting is done right after it, and needs no painting to be done at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from chatdesk.app import application
from chatdesk.app.application import Application
from chatdesk.ui.markdown import highlight
from tests.support.messages import CONVERSATION, message, message_id

CODE = "```python\ndef f(x): return x\n```\n"


@pytest.fixture
async def started(whole: Application) -> AsyncIterator[Application]:
    highlight.put_off()
    yield whole
    highlight.go_on()
    if whole.wake is not None:
        await whole.wake.close()


def colours(whole: Application) -> int:
    """Return how many runs of letters the shown code consists of."""
    row = whole.windows.active.timeline.row(message_id(1))
    assert row is not None
    return len(row.body.document().lastBlock().textFormats())


async def test_code_that_was_painted_plain_gets_its_colours(
    started: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(application, "WARM_UP_SECONDS", 0.01)
    shown = started.windows.active
    shown.timeline.painted.connect(started._note_painted)
    shown.messages.load(CONVERSATION, [message(1, CODE)], has_older=False)
    shown.window.show_conversation(CONVERSATION)
    shown.timeline.flush()
    plain = colours(started)
    assert highlight.left_plain() == {"python"}
    started._note_painted()

    await asyncio.wait_for(started._after_painting(), 30)

    assert colours(started) > plain
    assert highlight.left_plain() == frozenset()
    assert started.wake is not None


async def test_where_nothing_is_painted_nobody_waits(
    started: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(application, "WARM_UP_SECONDS", 0.01)
    await asyncio.wait_for(started._after_painting(), 30)
    assert started.wake is not None
    assert "".join(run for run, _ in highlight.coloured_runs("x = 1", "python")) == "x = 1"
    assert highlight.left_plain() == frozenset()
