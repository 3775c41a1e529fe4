"""The dialog that follows one export or import from its beginning to what came of it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from chatdesk.language.door import _
from chatdesk.portability.problems import Problems
from chatdesk.portability.reading import Preview
from chatdesk.services.portability.reports import ExportReport, ImportReport, Interrupted, Progress
from chatdesk.ui.theme.fonts import in_text
from chatdesk.ui.transfer import sentences

_PARTS = 1000


class TransferDialog(QDialog):
    """Stands beside the window, which can be used meanwhile.

    Signals: ``import_requested(Preview)`` when the question was answered with yes · ``cancel_requested()`` ·
    ``folder_requested(Path)`` · ``resume_requested(Interrupted)`` or ``resume_declined()``. Closing it does
    not end the job: it goes on in the background.
    """

    import_requested = Signal(object)
    cancel_requested = Signal()
    folder_requested = Signal(object)
    resume_requested = Signal(object)
    resume_declined = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("ChatDesk")
        self.running = False
        """Whether a job is under way that the dialog would follow."""
        self._preview: Preview | None = None
        self._report: ExportReport | None = None
        self._interrupted: Interrupted | None = None
        self.title = QLabel()
        self.title.setProperty("look", "title")
        self.said = QLabel()
        self.said.setProperty("look", "muted")
        for label in (self.title, self.said):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(_("Progress"))
        self.problems = QPlainTextEdit()
        self.problems.setReadOnly(True)
        self.problems.setTabChangesFocus(True)
        self.problems.setProperty("look", "diagnostics")
        self.problems.setAccessibleName(_("What was skipped"))
        self.side_button = QPushButton()
        self.side_button.clicked.connect(self._beside)
        self.cancel_button = QPushButton(_("Cancel"))
        self.cancel_button.clicked.connect(self._cancel)
        self.yes_button = QPushButton()
        self.yes_button.setProperty("look", "primary")
        self.yes_button.clicked.connect(self._go_on)
        self._lay_out()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self.side_button)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.yes_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 18)
        column.setSpacing(8)
        for widget in (self.title, self.said, self.bar, self.problems):
            column.addWidget(widget)
        column.addStretch(1)
        column.addSpacing(10)
        column.addLayout(buttons)
        self.problems.setFixedHeight(in_text(110))
        self.setFixedWidth(in_text(460))

    # Facts

    def show_progress(self, progress: Progress) -> None:
        """Follow a job."""
        begins = not self.running
        if begins:
            self._begin()
        self.running = True
        self._say(sentences.title_of(progress.job), sentences.progress_words(progress))
        if progress.total:
            self.bar.setRange(0, _PARTS)
            self.bar.setValue(min(_PARTS, progress.done * _PARTS // progress.total))
        else:
            self.bar.setRange(0, 0)
        if begins:
            self._arrange(side=_("Go on in the background"), cancel=_("Cancel"))
            self.cancel_button.setEnabled(True)

    def show_preview(self, preview: Preview) -> None:
        """Ask whether to import what was found."""
        self._begin()
        self._preview = preview
        self._say(sentences.preview_title(preview), sentences.preview_words(preview))
        self._name(preview.problems)
        self._arrange(yes=_("Import") if preview.conversations else "", cancel=_("Cancel"))

    def show_exported(self, report: ExportReport) -> None:
        """Say what was written."""
        self._begin()
        self._report = report
        complete = not (report.missing or report.reason or report.lost_files)
        title = _("The export is done") if complete else _("The export is not complete")
        self._say(title, sentences.exported_words(report))
        self._arrange(side=_("Show in the folder"), yes=_("Close"))

    def show_imported(self, report: ImportReport) -> None:
        """Say what came."""
        self._begin()
        self._say(sentences.imported_title(report), sentences.imported_words(report))
        self._name(report.problems)
        self._arrange(yes=_("Close"))

    def show_interrupted(self, found: Interrupted) -> None:
        """Ask whether to go on with an import that was cut off."""
        self._begin()
        self._interrupted = found
        self._say(_("The import was interrupted"), sentences.interrupted_words(found))
        self._arrange(yes=_("Go on"), cancel=_("Leave it at that"))

    def show_failure(self, words: str) -> None:
        """Say why it came to nothing."""
        self._begin()
        self._say(_("That did not work"), words)
        self._arrange(yes=_("Close"))

    # Inside

    def _begin(self) -> None:
        """Forget what was shown."""
        self.running = False
        self._preview = self._report = self._interrupted = None
        self.problems.clear()

    def _say(self, title: str, words: str) -> None:
        self.title.setText(title)
        self.said.setText(words)
        self.setAccessibleName(title)
        self.setAccessibleDescription(words)

    def _name(self, problems: Problems) -> None:
        self.problems.setPlainText(sentences.problem_lines(problems))

    def _arrange(self, *, side: str = "", yes: str = "", cancel: str = "") -> None:
        """Show the buttons that have words, and what belongs to the state."""
        for button, words in ((self.side_button, side), (self.yes_button, yes), (self.cancel_button, cancel)):
            button.setText(words)
            button.setVisible(bool(words))
        self.bar.setVisible(self.running)
        self.problems.setVisible(not self.running and bool(self.problems.toPlainText()))
        first = self.yes_button if yes else self.cancel_button
        first.setDefault(True)
        first.setFocus()
        self.adjustSize()

    def _beside(self) -> None:
        if self._report is not None:
            self.folder_requested.emit(self._report.path)
        self.hide()

    def _cancel(self) -> None:
        if self.running:
            self.cancel_button.setEnabled(False)
            self.cancel_requested.emit()
            return
        if self._interrupted is not None:
            self.resume_declined.emit()
        self.hide()

    def _go_on(self) -> None:
        preview, interrupted = self._preview, self._interrupted
        self._preview = self._interrupted = None
        if preview is not None:
            self.import_requested.emit(preview)
        elif interrupted is not None:
            self.resume_requested.emit(interrupted)
        else:
            self.hide()

    def reject(self) -> None:
        """Escape: out of the way, whatever is under way goes on."""
        self.hide()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.hide()
        event.ignore()
