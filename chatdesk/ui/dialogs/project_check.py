"""What a project has and lacks, row by row, and the one file that mends it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from chatdesk.domain.project import Finding, ProjectPart, Standing
from chatdesk.language.door import N_, _, sentence
from chatdesk.ui.links import open_link
from chatdesk.ui.theme.fonts import in_text
from chatdesk.ui.theme.icons import icon
from chatdesk.ui.theme.theme import Theme

NAMES = {
    ProjectPart.SERVER: N_("The project"),
    ProjectPart.KEY: N_("The publishable key"),
    ProjectPart.SCHEMA: N_("ChatDesk's tables"),
    ProjectPart.REALTIME: N_("Live changes"),
    ProjectPart.STORAGE: N_("Pictures and files"),
}
_STANDINGS = {
    Standing.OK: ("check", "success", N_("in order")),
    Standing.MISSING: ("alert", "danger", N_("missing")),
    Standing.UNKNOWN: ("circle", "text_muted", N_("cannot be told yet")),
}
_FILE = "chatdesk.sql"
_MARK = QSize(20, 20)


def sql_editor(url: str) -> str:
    """Return where a hosted project's SQL editor is; empty for a server of somebody's own."""
    host = urlsplit(url).hostname or ""
    project, _dot, place = host.partition(".")
    return f"https://supabase.com/dashboard/project/{project}/sql/new" if place == "supabase.co" else ""


class _Row:
    """A mark, the name of a part, and what was found."""

    def __init__(self, column: QVBoxLayout, part: ProjectPart) -> None:
        self.part = part
        self.mark = QLabel()
        self.mark.setFixedSize(_MARK)
        self.name = QLabel(_(NAMES[part]))
        self.name.setProperty("look", "title")
        self.said = QLabel()
        for label in (self.name, self.said):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setProperty("look", "muted")
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(self.name)
        words.addWidget(self.said)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        column.addLayout(row)


class ProjectCheckDialog(QDialog):
    """Shows findings as they come; ``check_requested()`` asks for another look.

    ``script`` makes the SQL file. It is handed over as soon as it would mend something: copied, saved, or
    taken to the project's own editor.
    """

    check_requested = Signal()

    def __init__(self, theme: Theme, url: str, script: Callable[[], str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._theme = theme
        self._script = script
        self._editor = sql_editor(url)
        self.findings: dict[ProjectPart, Finding] = {}
        title = QLabel(_("Is everything there?"))
        title.setProperty("look", "title")
        self.setWindowTitle(title.text())
        self.setAccessibleName(title.text())
        self.place = QLabel(urlsplit(url).netloc or url)
        self.place.setProperty("look", "muted")
        self.place.setTextFormat(Qt.TextFormat.PlainText)
        rows = QVBoxLayout()
        rows.setSpacing(12)
        self._rows = {part: _Row(rows, part) for part in ProjectPart}
        self.outcome = QLabel()
        self.outcome.setWordWrap(True)
        self.outcome.setTextFormat(Qt.TextFormat.PlainText)
        self._hand_over = self._script_card()
        self.again_button = QPushButton(_("Check again"))
        self.again_button.clicked.connect(self.check_requested)
        self.close_button = QPushButton(_("Close"))
        self.close_button.setProperty("look", "primary")
        self.close_button.setDefault(True)
        self.close_button.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addWidget(self.again_button)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 18)
        column.setSpacing(8)
        column.addWidget(title)
        column.addWidget(self.place)
        column.addSpacing(6)
        column.addLayout(rows)
        column.addSpacing(4)
        column.addWidget(self.outcome)
        column.addWidget(self._hand_over)
        column.addSpacing(8)
        column.addStretch(1)
        column.addLayout(buttons)
        self.setFixedWidth(in_text(500))
        theme.changed.connect(self._paint)
        self.begin()

    def _script_card(self) -> QFrame:
        card = QFrame()
        card.setProperty("look", "notice")
        said = QLabel(
            _("One script brings the project up to date. It can be run again and changes nothing twice.")
        )
        said.setWordWrap(True)
        self.copy_button = QPushButton(_("Copy the script"))
        self.copy_button.clicked.connect(self._copy)
        self.save_button = QPushButton(_("Save as…"))
        self.save_button.clicked.connect(self._choose_file)
        self.editor_button = QPushButton(_("Open the SQL editor"))
        self.editor_button.clicked.connect(lambda: open_link(self, self._editor))
        self.editor_button.setVisible(bool(self._editor))
        self.noted = QLabel()
        self.noted.setProperty("look", "muted")
        self.noted.setWordWrap(True)
        self.noted.setTextFormat(Qt.TextFormat.PlainText)
        self.noted.hide()
        buttons = QHBoxLayout()
        for button in (self.copy_button, self.save_button, self.editor_button):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout(card)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(8)
        column.addWidget(said)
        column.addLayout(buttons)
        column.addWidget(self.noted)
        card.hide()
        return card

    # Facts

    def begin(self) -> None:
        """Another look begins."""
        self.findings.clear()
        self.again_button.setEnabled(False)
        self._say(_("Looking…"), "muted")
        self._hand_over.hide()
        self._paint()

    def show_finding(self, finding: Finding) -> None:
        """Show what was found of one part; what was shown of it before is replaced."""
        self.findings[finding.part] = finding
        self._paint()
        self._fit()

    def finish(self, whole: bool) -> None:
        """It is over; ``whole``: nothing is missing."""
        unsure = any(each.standing is Standing.UNKNOWN for each in self.findings.values())
        if not whole:
            self._say(_("Something is missing."), "error")
        elif unsure:
            self._say(_("Nothing is missing as far as can be told now."), "success")
        else:
            self._say(_("Everything is there and works."), "success")
        self._hand_over.setVisible(any(each.needs_script for each in self.findings.values()))
        self.again_button.setEnabled(True)
        self._fit()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, self.outcome.text()))

    def show_failure(self, words: str) -> None:
        """Say why nobody could look."""
        self._say(words, "error")
        self.again_button.setEnabled(True)
        self._fit()

    # Inside

    def _fit(self) -> None:
        """Be as high as the texts need; ``adjustSize`` stops at two thirds of the screen."""
        layout = self.layout()
        if layout is not None:
            layout.activate()
            self.resize(self.width(), layout.totalHeightForWidth(self.width()))

    def _say(self, words: str, look: str) -> None:
        self.outcome.setText(words)
        self.outcome.setProperty("look", look)
        self.outcome.style().polish(self.outcome)

    def _paint(self) -> None:
        for part, row in self._rows.items():
            finding = self.findings.get(part)
            name, colour, spoken = _STANDINGS[finding.standing if finding else Standing.UNKNOWN]
            tint = str(getattr(self._theme.tokens, colour))
            row.mark.setPixmap(icon(name if finding else "clock", tint).pixmap(_MARK))
            said = ""
            if finding is not None:
                said = " ".join(sentence(each) for each in (finding.sentence, finding.next_step) if each)
                row.name.setAccessibleName(f"{_(NAMES[part])}: {_(spoken)}")
            row.said.setText(said)
            row.said.setVisible(bool(said))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._script())
        self._note(_("The script is in the clipboard. Paste it into the SQL editor and run it."))

    def _choose_file(self) -> None:
        dialog = QFileDialog(self, _("Save the script"), _FILE)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter("SQL (*.sql)")
        dialog.setDefaultSuffix("sql")
        dialog.fileSelected.connect(lambda path: self.save(Path(path)))
        dialog.open()

    def save(self, path: Path) -> None:
        """Write the script into a file, and say what came of it."""
        try:
            path.write_text(self._script(), "utf-8")
        except OSError as failure:
            words = _("The file could not be written: {reason}. Choose another place.")
            self._note(words.format(reason=failure.strerror or type(failure).__name__))
            return
        self._note(_("The script is in {file}.").format(file=path.name))

    def _note(self, words: str) -> None:
        self.noted.setText(words)
        self.noted.show()
        self._fit()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))
