"""Code that was painted before its colours were loaded gets them afterwards, and nothing moves for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QTextDocument

from chatdesk.ui.markdown import highlight
from chatdesk.ui.timeline.view import TimelineView
from tests.support.messages import message, message_id
from tests.ui.timeline.conftest import Open

CODE = "Look:\n\n```python\ndef total(x: int) -> int:\n    return x  # twice\n```\n\n```\nplain\n```\n"


@pytest.fixture(autouse=True)
def colours_again() -> Iterator[None]:
    yield
    highlight.go_on()


def colours(document: QTextDocument) -> set[str]:
    """Return the colours that letters have."""
    found = set()
    block = document.begin()
    while block.isValid():
        for each in block.textFormats():
            found.add(each.format.foreground().color().name())
        block = block.next()
    return found


def shown(view: TimelineView) -> QTextDocument:
    row = view.row(message_id(1))
    assert row is not None
    return row.body.document()


def test_code_is_plain_until_its_colours_are_there(open_timeline: Open) -> None:
    highlight.put_off()
    view, _model = open_timeline([message(1, CODE), message(2, "no code")])
    plain, top = colours(shown(view)), view.top_of(message_id(2))
    assert highlight.left_plain() == {"python"}

    highlight.warm_up(highlight.left_plain())
    highlight.go_on()
    view.write_again()

    assert len(colours(shown(view))) > len(plain)
    assert view.top_of(message_id(2)) == top
    assert highlight.left_plain() == frozenset()


def test_without_code_nothing_has_to_be_written_again(open_timeline: Open) -> None:
    highlight.put_off()
    open_timeline([message(1, "only words"), message(2, "```\nplain\n```\n")])
    assert highlight.left_plain() == frozenset()


def test_a_language_nobody_knows_is_no_trouble(open_timeline: Open) -> None:
    highlight.put_off()
    view, _model = open_timeline([message(1, "```nosuchlanguage\nx\n```\n")])
    highlight.warm_up(highlight.left_plain())
    highlight.go_on()
    view.write_again()
    assert shown(view).toPlainText() == "x"
