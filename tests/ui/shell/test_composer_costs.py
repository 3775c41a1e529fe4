"""What writing costs the window: counted, so it is the same on every machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from chatdesk.ui.main_window import MainWindow
from tests.support.conversation_entries import conversation_id

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

LINES = "one\ntwo\nthree\nfour"
KINDS = {QEvent.Type.Paint: "painted", QEvent.Type.Resize: "resized", QEvent.Type.UpdateRequest: "windows"}


class Costs(QObject):
    """Counts paintings and changes of size of the parts that are watched, by name."""

    def __init__(self, application: QApplication) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()
        self._application = application

    def watch(self, name: str, part: QWidget) -> None:
        part.installEventFilter(self)
        part.setProperty("watched", name)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in KINDS:
            self.counts[f"{watched.property('watched')} {KINDS[event.type()]}"] += 1
        return False

    def of(self, work: Callable[[], object]) -> Counter[str]:
        """Return what ``work`` and the painting after it cost."""
        self._settle()
        self.counts.clear()
        work()
        self._settle()
        return self.counts

    def _settle(self) -> None:
        for _ in range(8):
            self._application.processEvents()


@pytest.fixture
def costs(qapp: QApplication, window: MainWindow, timeline: QWidget) -> Iterator[Costs]:
    QCursor.setPos(5_000, 5_000)
    # A cursor that blinks is painted now and then.
    flash = qapp.cursorFlashTime()
    qapp.setCursorFlashTime(0)
    window.show_conversation(conversation_id(1))
    composer = window.composer
    made = Costs(qapp)
    made.watch("all", window)
    made.watch("timeline", timeline)
    made.watch("field", composer.field.viewport())
    made.watch("button", composer.button)
    made.watch("clip", composer.clip)
    yield made
    qapp.setCursorFlashTime(flash)


def test_a_composer_that_grows_or_shrinks_is_painted_once(window: MainWindow, costs: Costs) -> None:
    field = window.composer.field
    for work in (
        lambda: field.insertPlainText(LINES),
        lambda: field.put(""),
        lambda: field.put(LINES),
        lambda: QTest.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier),
        field.undo,
    ):
        found = costs.of(work)
        assert found["all windows"] == 1
        assert found["field painted"] == found["button painted"] == 1
        assert found["timeline resized"] == 1


def test_a_text_of_the_same_height_moves_nothing(window: MainWindow, costs: Costs) -> None:
    window.composer.field.put(LINES)
    height = window.composer.height()
    found = costs.of(lambda: window.composer.field.put(LINES.upper()))
    assert found["field painted"] == 1
    assert found["timeline resized"] == found["field resized"] == 0
    assert window.composer.height() == height


def test_a_key_paints_the_field_alone(window: MainWindow, costs: Costs) -> None:
    field = window.composer.field
    QTest.keyClicks(field, "a")
    found = costs.of(lambda: QTest.keyClicks(field, "b"))
    assert found["field painted"] == 1
    assert found["button painted"] == found["clip painted"] == 0
    found = costs.of(lambda: field.put(""))
    assert found["button painted"] == 1
    assert found["clip painted"] == 0


def test_the_button_says_what_it_does(window: MainWindow, costs: Costs) -> None:
    """Also after it was left alone for being what it is."""
    composer = window.composer
    composer.field.put("text")
    assert composer.button.isEnabled()
    costs.of(lambda: composer.set_replying(True))
    assert composer.button.toolTip() == "Stop the reply"
    composer.field.put("")
    assert composer.button.isEnabled()
    costs.of(lambda: composer.set_replying(False))
    assert composer.button.toolTip() == "Send"
    assert not composer.button.isEnabled()
