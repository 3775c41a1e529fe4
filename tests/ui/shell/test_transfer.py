"""Export and import on screen: the chooser, the question, the bar, the end, and what is told where."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMenu
from pytestqt.qtbot import QtBot

from chatdesk.domain.errors import BadInput
from chatdesk.language import door
from chatdesk.portability.problems import Problems
from chatdesk.portability.reading import Preview
from chatdesk.portability.records import Skipped
from chatdesk.portability.source import Format
from chatdesk.services.portability.reports import (
    ExportFormat,
    ExportReport,
    ImportReport,
    Interrupted,
    Job,
    Phase,
    Progress,
    Sizes,
)
from chatdesk.ui.actions.table import ActionId
from chatdesk.ui.main_window import MainWindow
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.transfer.dialog import TransferDialog
from chatdesk.ui.transfer.sentences import size
from tests.support.conversation_entries import entry

FILE = Path("/somewhere/conversations.json")


def preview(conversations: int = 1_234, problems: Problems | None = None) -> Preview:
    return Preview(
        FILE,
        Format.CHATGPT,
        conversations,
        56_789,
        12,
        problems or Problems(),
        datetime(2022, 12, 3, tzinfo=UTC),
        datetime(2025, 6, 3, tzinfo=UTC),
    )


def noted(signal: Any) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    signal.connect(lambda *values: found.append(values))
    return found


@pytest.fixture(autouse=True)
def qt_chooser(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's own dialog cannot be looked into; Qt's has the same rules."""
    opened = QFileDialog.open

    def plain(self: QFileDialog) -> None:
        self.setOption(QFileDialog.Option.DontUseNativeDialog)
        opened(self)

    monkeypatch.setattr(QFileDialog, "open", plain)


def chooser(window: MainWindow) -> QFileDialog:
    found = window.transfer.chooser
    assert found is not None
    return found


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_a_chat_is_exported_from_its_menu(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    wished = noted(window.transfer.conversation_export_requested)
    first = entry(1, "First").id
    window.verbs.open_menu(first, window.mapToGlobal(window.rect().center()))
    menu = next(each for each in window.findChildren(QMenu) if each.isVisible())
    action = next(each for each in menu.actions() if each.text() == "Export as Markdown…")
    action.trigger()
    menu.close()
    asked = chooser(window)
    assert asked.acceptMode() is QFileDialog.AcceptMode.AcceptSave
    assert not asked.testOption(QFileDialog.Option.DontConfirmOverwrite), "it asks before it overwrites"
    assert [Path(each).name for each in asked.selectedFiles()] == ["First.md"]
    asked.setDirectory(str(tmp_path))
    asked.selectFile("mine")
    with qtbot.waitSignal(window.transfer.conversation_export_requested):
        asked.accept()
    assert wished == [(first, tmp_path / "mine.md", ExportFormat.MARKDOWN)]


def test_actions_lead_to_the_right_chooser(window: MainWindow, tmp_path: Path) -> None:
    verbs = window.transfer
    everything, examined = noted(verbs.everything_export_requested), noted(verbs.examine_requested)
    window.actions_table[ActionId.EXPORT_EVERYTHING].trigger()
    asked = chooser(window)
    name = Path(asked.selectedFiles()[0]).name
    assert name.startswith("ChatDesk 20")
    assert name.endswith(".jsonl")
    asked.fileSelected.emit(str(tmp_path / name))
    asked.reject()
    window.actions_table[ActionId.IMPORT].trigger()
    asked = chooser(window)
    assert asked.fileMode() is QFileDialog.FileMode.ExistingFile
    asked.fileSelected.emit(str(FILE))
    asked.reject()
    assert (everything, examined) == ([(tmp_path / name,)], [(FILE,)])
    assert verbs.chooser is None
    assert not window.actions_table[ActionId.EXPORT_JSON].isEnabled(), "no chat is open"
    window.show_conversation(entry(2, "Second").id)
    window.actions_table[ActionId.EXPORT_JSON].trigger()
    assert Path(chooser(window).selectedFiles()[0]).name == "Second.json"
    chooser(window).reject()


def test_an_import_from_the_file_to_its_end(qtbot: QtBot, window: MainWindow) -> None:
    verbs = window.transfer
    wished, cancelled = noted(verbs.import_requested), noted(verbs.cancel_requested)
    verbs.show_progress(Progress(Job.EXAMINE, Phase.READING, 50))
    dialog = verbs.dialog
    assert dialog.isVisible()
    assert not dialog.isModal(), "the window can be used meanwhile"
    assert (dialog.bar.minimum(), dialog.bar.maximum()) == (0, 0)
    problems = Problems(3, [Skipped("Odd", "It has no messages."), Skipped("7", "It is too large.")], [])
    verbs.show_preview(preview(problems=problems))
    assert dialog.title.text() == "Import 1,234 chats?"
    assert dialog.said.text() == (
        "An export of ChatGPT with 56,789 messages. They are from 2022 to 2025. Here already, and left as"
        " they are: 12 chats. Nothing that is here is changed. 3 entries cannot be read and are skipped."
    )
    assert dialog.problems.toPlainText() == (
        "Odd: It has no messages.\nChat 7: It is too large.\n… and 1 more"
    )
    assert dialog.yes_button.hasFocus() or dialog.yes_button.isDefault()
    QTest.mouseClick(dialog.yes_button, Qt.MouseButton.LeftButton)
    assert wished == [(FILE, 1_234, 0)]
    verbs.show_progress(Progress(Job.IMPORT, Phase.SENDING, 617, 1_234))
    assert dialog.bar.value() / dialog.bar.maximum() == 0.5
    assert (dialog.title.text(), dialog.said.text()) == ("Importing", "617 of 1,234 chats")
    assert not dialog.yes_button.isVisible()
    assert not dialog.problems.isVisible()
    verbs.show_progress(Progress(Job.IMPORT, Phase.WAITING, 617, 1_234))
    assert dialog.said.text() == "No answer from the server; trying again…"
    QTest.mouseClick(dialog.cancel_button, Qt.MouseButton.LeftButton)
    assert len(cancelled) == 1
    assert not dialog.cancel_button.isEnabled(), "once is enough"
    verbs.show_imported(
        ImportReport(FILE, imported=700, messages=9_000, here=1, done=701, total=1_234, cancelled=True)
    )
    assert dialog.title.text() == "The import was cancelled"
    assert dialog.said.text() == (
        "Imported: 700 chats with 9,000 messages. Here already: 1 chat."
        " What was imported stays; import the file again to go on."
    )
    QTest.mouseClick(dialog.yes_button, Qt.MouseButton.LeftButton)
    assert dialog.isHidden()
    assert wished == [(FILE, 1_234, 0)], "the button closes now"


def test_what_goes_on_in_the_background_is_told_in_the_window(qtbot: QtBot, window: MainWindow) -> None:
    verbs = window.transfer
    verbs.show_progress(Progress(Job.EXPORT, Phase.FETCHING, 1, 4))
    dialog = verbs.dialog
    assert dialog.said.text() == "Fetching what is not on this computer yet: 1 of 4 chats"
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.isHidden()
    verbs.show_progress(Progress(Job.EXPORT, Phase.WRITING, 2, 4))
    assert dialog.isHidden()
    window.actions_table[ActionId.IMPORT].trigger()
    assert verbs.chooser is None, "one at a time: the one under way is shown"
    assert dialog.isVisible()
    dialog.close()
    report = ExportReport(Path("/somewhere/all.jsonl"), 4, 20, 7, "Nothing answered at this address.")
    verbs.show_exported(report)
    assert dialog.isHidden()
    assert window.notices.shown == ("The export is not complete",)
    assert dialog.said.text() == (
        "In “all.jsonl”: 4 chats with 20 messages. Missing, because it could not be fetched: 7 messages."
        " Nothing answered at this address."
    )


def test_files_that_are_missing_are_said(window: MainWindow) -> None:
    verbs = window.transfer
    verbs.show_progress(Progress(Job.EXPORT, Phase.WRITING))
    verbs.show_exported(ExportReport(Path("/somewhere/all.jsonl"), 1, 2, lost_files=3))
    assert verbs.dialog.title.text() == "The export is not complete"
    assert verbs.dialog.said.text().endswith("3 files of messages could not be had and are missing.")


def test_an_export_leads_to_its_folder(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    monkeypatch.setattr("chatdesk.ui.transfer.verbs.open_folder", opened.append)
    verbs = window.transfer
    verbs.show_progress(Progress(Job.EXPORT, Phase.WRITING))
    verbs.show_exported(ExportReport(Path("/somewhere/all.jsonl"), 1, 1))
    assert verbs.dialog.title.text() == "The export is done"
    QTest.mouseClick(verbs.dialog.side_button, Qt.MouseButton.LeftButton)
    assert opened == [Path("/somewhere")]


def test_a_failure_is_said_and_nothing_can_be_imported_from_it(window: MainWindow) -> None:
    verbs = window.transfer
    verbs.show_failure(BadInput("This is no export of a chat program.", "Choose another one."))
    assert verbs.dialog.said.text() == "This is no export of a chat program. Choose another one."
    wished = noted(verbs.import_requested)
    verbs.dialog.yes_button.click()
    assert wished == []
    verbs.show_preview(preview(0))
    assert not verbs.dialog.yes_button.isVisible()


def test_an_interrupted_import_is_offered_again(window: MainWindow) -> None:
    verbs = window.transfer
    wished, declined = noted(verbs.import_requested), noted(verbs.resume_declined)
    verbs.show_interrupted(Interrupted(FILE, 1_000, 2_000))
    assert "1,000 of 2,000 chats" in verbs.dialog.said.text()
    verbs.dialog.yes_button.click()
    assert wished == [(FILE, 2_000, 1_000)]
    verbs.show_interrupted(Interrupted(FILE, 1_000, 2_000))
    verbs.dialog.cancel_button.click()
    assert (len(declined), verbs.dialog.isHidden()) == (1, True)


def test_the_dialog_speaks_and_can_be_used_by_keyboard(qtbot: QtBot, window: MainWindow) -> None:
    dialog = window.transfer.dialog
    dialog.show_preview(preview(problems=Problems(1, [Skipped("", "It has no id.")], ["It ends early."])))
    dialog.show()
    assert dialog.accessibleName() == dialog.title.text()
    assert dialog.accessibleDescription() == dialog.said.text()
    for widget in (dialog.bar, dialog.problems):
        assert widget.accessibleName()
    QTest.keyClick(dialog.problems, Qt.Key.Key_Tab)
    assert not dialog.problems.hasFocus()


def test_german(window: MainWindow, theme: Theme) -> None:
    door.use("de")
    dialog = TransferDialog(window)
    dialog.show_preview(preview(problems=Problems(1, [Skipped("9", "It is not valid JSON.")], [])))
    assert dialog.title.text() == "1.234 Chats importieren?"
    assert dialog.problems.toPlainText() == "Chat 9: Er ist kein gültiges JSON."
    assert dialog.cancel_button.text() == "Abbrechen"


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 B"), (999, "999 B"), (1_500, "2 kB"), (12_345_678, "12 MB"), (3 * 10**9, "3 GB")],
)
def test_sizes(count: int, words: str) -> None:
    assert size(count) == words


def test_the_settings_lead_there_and_tell_the_size(qtbot: QtBot, window: MainWindow) -> None:
    asked = noted(window.settings.sizes_requested)
    window.settings.open()
    dialog = window.settings.dialog
    assert dialog is not None
    assert len(asked) == 1
    page = dialog.files
    assert not page.export_button.isEnabled(), "nobody is signed in"
    window.settings.show_sizes(Sizes(12_345_678, 45_000_000))
    assert page.sizes.text() == "12 MB for the chats of this computer, 45 MB for the database"
    page.import_button.setEnabled(True)
    page.import_button.click()
    assert window.settings.dialog is None
    assert chooser(window).fileMode() is QFileDialog.FileMode.ExistingFile
    chooser(window).reject()
