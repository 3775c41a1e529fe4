"""What can be done about export and import from anywhere in a window."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QStandardPaths, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from chatdesk.domain.errors import ChatDeskError
from chatdesk.language.door import _
from chatdesk.models.conversation_list import NEW_TITLE, ConversationListModel
from chatdesk.services.portability.reports import (
    ExportFormat,
    ExportReport,
    ImportReport,
    Interrupted,
    Progress,
)
from chatdesk.ui.actions.table import ActionId
from chatdesk.ui.links import open_folder
from chatdesk.ui.notices import NoticeStack
from chatdesk.ui.words import failure_words

if TYPE_CHECKING:
    from chatdesk.portability.reading import Preview
    from chatdesk.ui.transfer.dialog import TransferDialog

ENDINGS = {ExportFormat.MARKDOWN: ".md", ExportFormat.JSON: ".json"}
EVERYTHING_ENDING = ".jsonl"
_FORMATS = {
    ActionId.EXPORT_MARKDOWN: ExportFormat.MARKDOWN,
    ActionId.EXPORT_JSON: ExportFormat.JSON,
}


class TransferVerbs(QObject):
    """Asks for the file, hands the job out and shows what comes of it.

    Signals: ``conversation_export_requested(id, Path, ExportFormat)``, ``everything_export_requested(Path)``,
    ``examine_requested(Path)``, ``import_requested(Path, total, skip)``, ``cancel_requested()``,
    ``resume_declined()``.
    """

    conversation_export_requested = Signal(str, object, object)
    everything_export_requested = Signal(object)
    examine_requested = Signal(object)
    import_requested = Signal(object, int, int)
    cancel_requested = Signal()
    resume_declined = Signal()

    def __init__(self, window: QWidget, conversations: ConversationListModel) -> None:
        super().__init__(window)
        self._window = window
        self._conversations = conversations
        self._dialog: TransferDialog | None = None
        self.chooser: QFileDialog | None = None
        """The dialog for files that is open."""
        self.notices: NoticeStack | None = None
        """Where to tell what became of a job that nobody was looking at."""

    @property
    def dialog(self) -> TransferDialog:
        """The dialog of the job; made when it is needed first."""
        from chatdesk.ui.transfer.dialog import TransferDialog

        if self._dialog is None:
            self._dialog = TransferDialog(self._window)
            self._dialog.import_requested.connect(self._import)
            self._dialog.cancel_requested.connect(self.cancel_requested)
            self._dialog.resume_requested.connect(
                lambda found: self.import_requested.emit(found.path, found.total, found.done)
            )
            self._dialog.resume_declined.connect(self.resume_declined)
            self._dialog.folder_requested.connect(lambda path: open_folder(path.parent))
        return self._dialog

    def carry_out(self, action: ActionId, conversation_id: str) -> bool:
        """Do what ``action`` means here; False when it is not about export or import."""
        if action not in (*_FORMATS, ActionId.EXPORT_EVERYTHING, ActionId.IMPORT):
            return False
        if self._dialog is not None and self._dialog.running:
            self._present()  # one at a time: show the one that is under way
        elif action is ActionId.IMPORT:
            self._choose_import()
        elif action is ActionId.EXPORT_EVERYTHING:
            self._choose_everything()
        elif self._conversations.entry(conversation_id) is not None:
            self._choose_conversation(conversation_id, _FORMATS[action])
        return True

    # Facts

    def show_progress(self, progress: Progress) -> None:
        fresh = not self.dialog.running
        self.dialog.show_progress(progress)
        if fresh:
            self._present()

    def show_preview(self, preview: Preview) -> None:
        self.dialog.show_preview(preview)
        self._present()

    def show_exported(self, report: ExportReport) -> None:
        self.dialog.show_exported(report)
        self._tell_if_hidden(report.missing + report.lost_files > 0)

    def show_imported(self, report: ImportReport) -> None:
        self.dialog.show_imported(report)
        self._tell_if_hidden(report.problems.count > 0)

    def show_failure(self, failure: ChatDeskError) -> None:
        self.dialog.show_failure(failure_words(failure))
        self._present()

    def show_cancelled(self) -> None:
        """A job was ended by the user: there is nothing to tell."""
        self.dialog.running = False
        self.dialog.hide()

    def show_interrupted(self, found: Interrupted) -> None:
        """Offer to go on with an import that was cut off."""
        self.dialog.show_interrupted(found)
        self._present()

    # Inside

    def _import(self, preview: Preview) -> None:
        self.import_requested.emit(preview.path, preview.conversations, 0)

    def _present(self) -> None:
        self.dialog.show()
        self.dialog.activateWindow()

    def _tell_if_hidden(self, warning: bool) -> None:
        if self.dialog.isHidden() and self.notices is not None:
            level = "warning" if warning else "neutral"
            self.notices.tell(self.dialog.title.text(), self.dialog.said.text(), level)

    def _choose_conversation(self, conversation_id: str, kind: ExportFormat) -> None:
        from chatdesk.portability.files import file_name

        entry = self._conversations.entry(conversation_id)
        title = (entry.conversation.title if entry is not None else "") or _(NEW_TITLE)
        ending = ENDINGS[kind]
        filters = f"Markdown (*{ending})" if kind is ExportFormat.MARKDOWN else f"JSON (*{ending})"
        chooser = self._saver(_("Export this chat"), file_name(title, _("Chat"), ending), filters, ending)
        chooser.fileSelected.connect(
            lambda path: self.conversation_export_requested.emit(conversation_id, Path(path), kind)
        )
        chooser.open()

    def _choose_everything(self) -> None:
        name = f"ChatDesk {date.today().isoformat()}{EVERYTHING_ENDING}"
        filters = f"{_('Everything as JSON lines')} (*{EVERYTHING_ENDING})"
        chooser = self._saver(_("Export everything"), name, filters, EVERYTHING_ENDING)
        chooser.fileSelected.connect(lambda path: self.everything_export_requested.emit(Path(path)))
        chooser.open()

    def _choose_import(self) -> None:
        filters = f"{_('Exports of ChatDesk and ChatGPT')} (*.jsonl *.json *.zip);;{_('All files')} (*)"
        chooser = self._chooser(_("Import"), filters)
        chooser.setFileMode(QFileDialog.FileMode.ExistingFile)
        chooser.fileSelected.connect(lambda path: self.examine_requested.emit(Path(path)))
        chooser.open()

    def _saver(self, title: str, name: str, filters: str, ending: str) -> QFileDialog:
        """A chooser that asks by itself before anything is overwritten."""
        chooser = self._chooser(title, filters)
        chooser.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        chooser.setFileMode(QFileDialog.FileMode.AnyFile)
        chooser.setDefaultSuffix(ending.removeprefix("."))
        chooser.selectFile(name)
        return chooser

    def _chooser(self, title: str, filters: str) -> QFileDialog:
        documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        chooser = QFileDialog(self._window, title, documents, filters)
        chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chooser.finished.connect(self._chosen)
        self.chooser = chooser
        return chooser

    def _chosen(self) -> None:
        self.chooser = None
