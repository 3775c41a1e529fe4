"""Hostile and huge texts: bounded pieces of work, nothing loaded, nothing opened."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QTextDocument
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from chatdesk.domain.message import MessageStatus, Role
from chatdesk.ui.markdown import highlight
from chatdesk.ui.markdown.document import (
    CHUNK,
    CHUNKS_PER_PIECE,
    LINE_LIMIT,
    WINDOW,
    WINDOW_LINES,
    MarkdownDocument,
)
from chatdesk.ui.markdown.style import MarkdownStyle
from chatdesk.ui.theme.fonts import code_font, interface_font
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.theme.tokens import LIGHT
from chatdesk.ui.timeline.body import BodyView
from chatdesk.ui.timeline.fold import LONG, SHOWN
from chatdesk.ui.timeline.look import Look
from tests.support.messages import changed, message, message_id
from tests.ui.timeline.conftest import Open

New = Callable[[], tuple[QTextDocument, MarkdownDocument]]

HUGE = {
    "one line of a megabyte": "x" * 1_000_000,
    "brackets": "[" * 50_000,
    "brackets in lines": ("[" * 70 + "\n") * 720,
    "pictures": "![" * 25_000,
    "stars": "*a " * 17_000,
    "code line of a megabyte": "```\n" + "y" * 1_000_000 + "\n```",
    "fifty thousand lines": "a line\n" * 50_000,
    "quotes": "> " * 3_000 + "deep",
    "lists": "- " * 3_000 + "deep",
    "a list": "- entry\n" * 6_000,
    "a table": "| a | b |\n|---|---|\n" + "| c | d |\n" * 2_000,
    "unclosed": "```python\n" * 3 + "x = 1\n" * 8_000,
}


@pytest.mark.parametrize("name", HUGE)
def test_huge_texts_are_written_in_bounded_pieces(new_document: New, name: str) -> None:
    text = HUGE[name]
    document, rendered = new_document()
    rendered.set_text(text)
    while rendered.advance():
        assert rendered.pieces < len(text) // 1_000 + 50
    assert rendered.largest_piece <= max(LINE_LIMIT, WINDOW, CHUNK * CHUNKS_PER_PIECE) + 1_000
    longest, block = 0, document.begin()
    while block.isValid():
        longest = max(longest, block.length())
        block = block.next()
    # Layout time grows with the square of a block that cannot be broken.
    assert longest <= LINE_LIMIT + 1


@pytest.mark.parametrize("line", ["{}\n", "{}\n\n", "- {}\n", "{}  \n"])
def test_many_short_lines_are_written_few_at_a_time(new_document: New, line: str) -> None:
    document, rendered = new_document()
    rendered.set_text("".join(line.format(number) for number in range(2_000)))
    shown = 0
    while rendered.advance():
        now = len(document.toPlainText().split())
        assert now - shown <= WINDOW_LINES + 1
        shown = now
    assert document.toPlainText().split()[-1] == "1999"


def test_a_paragraph_that_was_cut_goes_on_without_a_gap(new_document: New) -> None:
    document, rendered = new_document()
    rendered.set_text("a line\n" * (2 * WINDOW_LINES + 10) + "\nanother paragraph")
    rendered.finish()
    margins, block = [], document.begin()
    while block.isValid():
        margins.append(block.blockFormat().topMargin())
        block = block.next()
    assert margins[:3] == [0, 0, 0]
    assert len(margins) == 4
    assert margins[3] > 0


def test_a_megabyte_is_shown_frame_by_frame_when_it_is_wanted(open_timeline: Open, qtbot: QtBot) -> None:
    view, _ = open_timeline([message(2, "word " * 200_000)])
    row = view.row(message_id(2))
    assert row is not None
    assert row.body.markdown.pieces == 1
    row.unfold.click()
    view.flush()
    assert row.unfinished
    assert row.body.markdown.pieces <= 4
    qtbot.waitUntil(lambda: not row.unfinished, timeout=30_000)
    assert len(row.body.toPlainText().replace("\n", "")) == 1_000_000


HOSTILE = """
![a](https://tracker.example/x.png) ![b](file:///etc/passwd) ![c](//host/share/x.png) ![d][ref]
[![nested](https://tracker.example/y.png)](https://example.com) <img src="https://tracker.example/z.png">
<link rel=stylesheet href=file:///etc/hosts> <iframe src=x></iframe> ![e](data:image/png;base64,AAAA)
[f](javascript:alert(1)) [g](file:///etc/passwd) [h](smb://host/share) [i](//host/share) ![j](images/x.png)

| ![t](https://tracker.example/t.png) |
|---|
| <img src=/etc/passwd> |

[ref]: file:///etc/shadow
"""


@pytest.fixture
def opened() -> Iterator[list[tuple[str, Any]]]:
    """Every file that Python opens and every connection it makes meanwhile."""
    seen: list[tuple[str, Any]] = []
    active = True

    def watch(event: str, args: tuple[Any, ...]) -> None:
        if active and event in ("open", "socket.connect", "socket.getaddrinfo", "subprocess.Popen"):
            seen.append((event, args[0]))

    sys.addaudithook(watch)
    yield seen
    active = False


def test_rendering_asks_for_no_resource(
    open_timeline: Open, monkeypatch: pytest.MonkeyPatch, opened: list[tuple[str, Any]]
) -> None:
    asked: list[str] = []
    load = BodyView.loadResource

    def watched(self: BodyView, kind: int, name: QUrl | str) -> Any:
        asked.append(str(name))
        return load(self, kind, name)

    monkeypatch.setattr(BodyView, "loadResource", watched)
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: asked.append(url.toString()))
    view, _ = open_timeline([message(1, "warm")])
    opened.clear()
    model = view.model()
    assert model is not None
    model.load("other", [message(1, HOSTILE), message(2, HOSTILE)], False)
    view.flush()
    view.grab()
    assert asked == []
    assert [each for each in opened if "chatdesk" not in str(each[1]) and "icons" not in str(each[1])] == []
    row = view.row(message_id(2))
    assert row is not None
    links = set()
    block = row.body.document().begin()
    while block.isValid():
        at = block.begin()
        while not at.atEnd():
            links.add(at.fragment().charFormat().anchorHref())
            at += 1
        block = block.next()
    hosts = {QUrl(link).host() for link in links if link}
    assert hosts == {"tracker.example", "example.com"}
    assert all(QUrl(link).scheme() == "https" for link in links if link)


def test_a_resource_that_is_asked_for_is_not_given(qtbot: QtBot, theme: Theme) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    body = BodyView(Look(interface_font(), LIGHT), parent)
    for address in ("file:///etc/hostname", "https://example.com/x.png", "/etc/hostname"):
        for kind in (QTextDocument.ResourceType.ImageResource, QTextDocument.ResourceType.HtmlResource):
            assert body.loadResource(int(kind.value), QUrl(address)) is None
            assert not body.document().resource(int(kind.value), QUrl(address))
    body.setSource(QUrl.fromLocalFile("/etc/hostname"))
    assert body.toPlainText() == ""


def test_a_dead_link_click_tells_nothing(open_timeline: Open, qtbot: QtBot) -> None:
    view, _ = open_timeline([message(2, "x")])
    row = view.row(message_id(2))
    assert row is not None
    told: list[str] = []
    view.link_activated.connect(told.append)
    for address in ("javascript:alert(1)", "file:///etc/passwd", "smb://h/s", "//h/s", "chatdesk://x", "#a"):
        row.body.anchorClicked.emit(QUrl(address))
    assert told == []


def test_styles_do_not_depend_on_each_other(new_document: New) -> None:
    _, rendered = new_document()
    rendered.set_text("a\n\n```python\nx\n```")
    rendered.finish()
    rendered.set_style(MarkdownStyle(interface_font(20), code_font(), LIGHT))
    assert rendered.waiting
    rendered.finish()
    assert not rendered.waiting


@pytest.mark.parametrize("role", [Role.USER, Role.ASSISTANT])
@pytest.mark.parametrize("name", HUGE)
def test_a_huge_message_is_folded(open_timeline: Open, name: str, role: Role) -> None:
    view, model = open_timeline([message(1), message(2, HUGE[name], role=role)])
    row = view.row(message_id(2))
    assert row is not None
    while row.unfinished:
        view.flush()
    folded = len(HUGE[name]) > LONG
    assert row.unfold.isVisible() is folded
    assert row.body.markdown.pieces <= 12
    if folded:
        assert len(row.body.toPlainText()) <= SHOWN + 100
        assert f"{len(HUGE[name]):,}" in row.unfold.text()
        assert row.unfold in row.tab_chain
        view.copy_message(message_id(2))
        assert QGuiApplication.clipboard().text() == model.text_of(model.at(1)), "the whole text is copied"


def test_all_of_a_folded_message_is_shown_where_it_was(open_timeline: Open, qtbot: QtBot) -> None:
    text = "\n\n".join(f"paragraph {number} of many words that fill a line" for number in range(2_000))
    view, _ = open_timeline([message(1), message(2, text), message(3), message(4)])
    row = view.row(message_id(2))
    assert row is not None
    view.scroll_by(-200)
    top = view.top_of(message_id(2))
    row.unfold.click()
    assert top is not None
    view.flush()
    assert view.top_of(message_id(2)) == top
    assert not view.pinned
    qtbot.waitUntil(lambda: not row.unfinished, timeout=30_000)
    assert view.top_of(message_id(2)) == top
    assert not row.unfold.isVisible()
    assert "paragraph 1999 " in row.body.toPlainText()


def test_a_long_reply_is_not_folded_under_its_reader(open_timeline: Open) -> None:
    text = "a line of the reply\n" * 3_000
    streaming = message(2, text, status=MessageStatus.STREAMING)
    view, model = open_timeline([message(1), streaming])
    row = view.row(message_id(2))
    assert row is not None
    model.apply(changed(replace(streaming, status=MessageStatus.COMPLETE, revision=9)))
    view.flush()
    assert row.content is not None
    assert not row.content.folded


def test_code_that_is_written_is_coloured_in_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    plain = highlight.coloured_runs

    def counted(code: str, language: str) -> Iterator[tuple[str, str]]:
        asked.append(len(code))
        return plain(code, language)

    monkeypatch.setattr(highlight, "coloured_runs", counted)
    colours = highlight.GrowingColours()
    code = "def f(x: int) -> int:\n    return x + 1\n" * 300
    for end in range(0, len(code), 20):
        assert "".join(run for run, _ in colours.runs(code[:end], "python")) == code[:end]
    assert len(asked) < 40
    assert sum(asked) < 12 * len(code)
    assert len({colour for _, colour in colours.runs(code, "python")}) > 2
