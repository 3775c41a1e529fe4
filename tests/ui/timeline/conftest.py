"""A timeline on screen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pytest
from PySide6.QtGui import QCursor, QTextDocument
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from chatdesk.domain.message import Message
from chatdesk.models.message_list import MessageListModel
from chatdesk.ui.markdown.document import MarkdownDocument
from chatdesk.ui.markdown.style import MarkdownStyle
from chatdesk.ui.theme.fonts import code_font, interface_font
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.theme.tokens import LIGHT
from chatdesk.ui.timeline.view import TimelineView
from tests.support.messages import ANNA, CONVERSATION, ME, profile
from tests.ui.timeline.costs import Costs

Open = Callable[..., tuple[TimelineView, MessageListModel]]


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    made = Theme("light")
    made.apply(qapp)
    yield made
    made.deleteLater()


@pytest.fixture
def open_timeline(qtbot: QtBot, theme: Theme) -> Open:
    """Open a timeline of 800 by 600 pixels that shows the messages."""

    def open_(rows: Iterable[Message], has_older: bool = False) -> tuple[TimelineView, MessageListModel]:
        model = MessageListModel(ME)
        QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning, model)
        model.profiles_loaded([profile(ME, "Lena Hoff"), profile(ANNA, "Anna Berg")])
        model.load(CONVERSATION, rows, has_older)
        view = TimelineView(theme)
        model.setParent(view)
        qtbot.addWidget(view)
        view.resize(800, 600)
        view.set_model(model)
        with qtbot.waitExposed(view):
            view.show()
        view.setFocus()
        view.flush()
        return view, model

    return open_


@pytest.fixture
def costs(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Costs:
    """Counts what is done."""
    # The row under the mouse shows its buttons, and hides them as it moves on.
    QCursor.setPos(5_000, 5_000)
    return Costs(monkeypatch, qapp)


@pytest.fixture
def new_document(qapp: QApplication) -> Callable[[], tuple[QTextDocument, MarkdownDocument]]:
    """Make an empty text document with its Markdown renderer."""
    style = MarkdownStyle(interface_font(), code_font(), LIGHT)

    def new() -> tuple[QTextDocument, MarkdownDocument]:
        document = QTextDocument()
        rendered = MarkdownDocument(document, style)
        document.setTextWidth(680)
        return document, rendered

    return new
