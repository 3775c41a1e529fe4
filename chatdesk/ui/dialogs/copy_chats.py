"""Choosing the account to copy chats from, and following the copy."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QCloseEvent
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

from chatdesk.language.door import N_, _, ngettext
from chatdesk.services.copying.reports import CopyPhase, CopyProgress, CopyReport
from chatdesk.ui.account_facts import AccountChoice
from chatdesk.ui.settings.choice import Choice
from chatdesk.ui.theme.fonts import in_text
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.transfer.sentences import problem_lines
from chatdesk.ui.words import number

WHAT = N_(
    "All chats with their messages, versions, pins and files come into this account, and your providers "
    "without their keys. Nothing changes in the other account: delete it when you do not need it any more."
)
NONE = N_("There is no other account on this computer.")
_PARTS = 1000


class CopyChatsDialog(QDialog):
    """Stands beside the window, which can be used meanwhile; closing it ends nothing.

    ``copy_requested(key)`` and ``cancel_requested()``.
    """

    copy_requested = Signal(str)
    cancel_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.running = False
        self._choosing = False
        self.setWindowTitle(_("Copy chats from another account"))
        self.title = QLabel()
        self.title.setProperty("look", "title")
        self.said = QLabel()
        self.said.setProperty("look", "muted")
        for label in (self.title, self.said):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self.source = Choice(theme)
        self.source.setAccessibleName(_("Account to copy from"))
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(_("Progress"))
        self.problems = QPlainTextEdit()
        self.problems.setReadOnly(True)
        self.problems.setTabChangesFocus(True)
        self.problems.setProperty("look", "diagnostics")
        self.problems.setAccessibleName(_("What was left out"))
        self.problems.setFixedHeight(in_text(110))
        self.side_button = QPushButton(_("Go on in the background"))
        self.side_button.clicked.connect(self.hide)
        self.cancel_button = QPushButton(_("Cancel"))
        self.cancel_button.clicked.connect(self._cancel)
        self.yes_button = QPushButton()
        self.yes_button.setProperty("look", "primary")
        self.yes_button.clicked.connect(self._go)
        buttons = QHBoxLayout()
        buttons.addWidget(self.side_button)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.yes_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 18)
        column.setSpacing(8)
        for widget in (self.title, self.said, self.source, self.bar, self.problems):
            column.addWidget(widget)
        column.addStretch(1)
        column.addSpacing(10)
        column.addLayout(buttons)
        self.setFixedWidth(in_text(460))

    def ask(self, choices: Sequence[AccountChoice]) -> None:
        """Ask which account to copy from, unless a copy is under way, which is shown then."""
        if not self.running:
            self.problems.clear()
            self.source.clear()
            if choices:
                self.source.offer({choice.key: choice.words for choice in choices}, choices[0].key)
            self._say(_("Copy chats from another account"), _(WHAT) if choices else _(NONE))
            yes = _("Copy") if choices else ""
            self._arrange(choosing=bool(choices), yes=yes, cancel=_("Cancel") if choices else _("Close"))
        self.show()
        self.raise_()
        self.activateWindow()

    def show_progress(self, progress: CopyProgress) -> None:
        """Follow the copy."""
        begins, self.running = not self.running, True
        title = _("Copying chats")
        if progress.source:
            title = _("Copying chats of {account}").format(account=progress.source)
        if progress.phase is CopyPhase.WAITING:
            words = _("The server does not answer just now; ChatDesk tries again by itself.")
        elif not progress.total:
            words = _("Looking what there is…")
        else:
            words = _("{done} of {total} chats").format(
                done=number(progress.done), total=number(progress.total)
            )
        self._say(title, words)
        self.bar.setRange(0, _PARTS if progress.total else 0)
        if progress.total:
            self.bar.setValue(min(_PARTS, progress.done * _PARTS // progress.total))
        if begins:
            self._arrange(cancel=_("Cancel"), side=True)
            self.cancel_button.setEnabled(True)

    def show_copied(self, report: CopyReport) -> None:
        """Say what came."""
        self.running = False
        title = _("The copy was cancelled") if report.cancelled else _("The chats are copied")
        self._say(title, copied_words(report))
        self.problems.setPlainText(problem_lines(report.problems))
        self._arrange(yes=_("Close"))

    def show_failure(self, words: str) -> None:
        """Say why it came to nothing; what was copied before is here and is not copied again."""
        self.running = False
        kept = _("What was copied so far stays; starting again goes on from there.")
        self._say(_("That did not work"), f"{words} {kept}")
        self._arrange(yes=_("Close"))

    def reject(self) -> None:
        """Escape: out of the way, whatever is under way goes on."""
        self.hide()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.hide()
        event.ignore()

    def _say(self, title: str, words: str) -> None:
        self.title.setText(title)
        self.said.setText(words)
        self.setAccessibleName(title)
        self.setAccessibleDescription(words)

    def _arrange(
        self, *, choosing: bool = False, yes: str = "", cancel: str = "", side: bool = False
    ) -> None:
        self._choosing = choosing
        self.source.setVisible(choosing)
        self.bar.setVisible(self.running)
        self.problems.setVisible(not self.running and bool(self.problems.toPlainText()))
        self.side_button.setVisible(side)
        self.cancel_button.setVisible(bool(cancel))
        self.cancel_button.setText(cancel)
        self.yes_button.setVisible(bool(yes))
        self.yes_button.setText(yes)
        first = self.yes_button if yes else self.cancel_button
        first.setDefault(True)
        first.setFocus()
        self.adjustSize()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, self.title.text()))

    def _go(self) -> None:
        key = self.source.currentData()
        if self._choosing and isinstance(key, str):
            self.copy_requested.emit(key)
        else:
            self.hide()

    def _cancel(self) -> None:
        if self.running:
            self.cancel_button.setEnabled(False)
            self.cancel_requested.emit()
        else:
            self.hide()


def copied_words(report: CopyReport) -> str:
    """Say in a few sentences what a copy brought."""
    chats = ngettext("{count} chat came in", "{count} chats came in", report.conversations)
    messages = ngettext("{count} message", "{count} messages", report.messages)
    parts = [
        _("{chats} with {messages}.").format(
            chats=chats.format(count=number(report.conversations)),
            messages=messages.format(count=number(report.messages)),
        )
    ]
    if report.files:
        words = ngettext("{count} file came along.", "{count} files came along.", report.files)
        parts.append(words.format(count=number(report.files)))
    if report.here:
        words = ngettext("{count} was here already.", "{count} were here already.", report.here)
        parts.append(words.format(count=number(report.here)))
    if report.deleted:
        words = ngettext(
            "{count} was deleted here before and stays deleted.",
            "{count} were deleted here before and stay deleted.",
            report.deleted,
        )
        parts.append(words.format(count=number(report.deleted)))
    if report.providers:
        parts.append(_("Enter the keys of your providers in the settings."))
    return " ".join(parts)
