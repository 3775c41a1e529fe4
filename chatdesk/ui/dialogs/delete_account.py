"""Deleting an account for good: asked once, with a word that nobody types by mistake."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from chatdesk.domain.session import Account, BackendKind
from chatdesk.language.door import N_, _, ngettext
from chatdesk.ui.theme.fonts import in_text
from chatdesk.ui.words import number

GOES = N_(
    "Your chats, your files, your picture and your providers are removed from the server and from all your "
    "devices. This cannot be undone."
)
STAYS = N_("What you wrote in chats with other people stays there, without your name.")
EXPORT = N_("To keep a copy, choose “Export everything…” first.")
WORD = N_("delete")


class DeleteAccountDialog(QDialog):
    """Asks for the account's e-mail address or name (``word``), or where there is neither for a plain word.

    ``delete_requested()`` locks it; ``show_progress``, ``show_failure`` and ``over`` say what came of it. It
    cannot be closed while the server is at work: nobody should take a half-done deletion for a cancelled one.
    """

    delete_requested = Signal()

    def __init__(self, account: Account, word: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._word = word.strip() or _(WORD)
        self._busy = False
        title = QLabel(_("Delete this account?"))
        title.setProperty("look", "title")
        self.setWindowTitle(title.text())
        self.setAccessibleName(title.text())
        local = account.kind is BackendKind.LOCAL
        place = _("The account on this computer") if local else account.url
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 18)
        column.setSpacing(8)
        column.addWidget(title)
        said = (f"{self._word} – {place}", _(GOES), _(STAYS), _(EXPORT))
        self.setAccessibleDescription(" ".join(said))
        for number_of, text in enumerate(said):
            label = QLabel(text)
            label.setProperty("look", "muted" if number_of else "")
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            column.addWidget(label)
        column.addSpacing(6)
        asked = QLabel(_("Type {word} to confirm:").format(word=self._word))
        asked.setTextFormat(Qt.TextFormat.PlainText)
        asked.setWordWrap(True)
        self.field = QLineEdit()
        self.field.setAccessibleName(asked.text())
        self.field.setMaxLength(400)
        self.field.textChanged.connect(self._look)
        asked.setBuddy(self.field)
        self.error = QLabel()
        self.error.setProperty("look", "error")
        self.error.setWordWrap(True)
        self.error.setTextFormat(Qt.TextFormat.PlainText)
        self.error.hide()
        for widget in (asked, self.field, self.error):
            column.addWidget(widget)
        column.addSpacing(10)
        self.cancel_button = QPushButton(_("Cancel"))
        self.cancel_button.clicked.connect(self.reject)
        self.yes_button = QPushButton(_("Delete account"))
        self.yes_button.clicked.connect(self._ask)
        self.cancel_button.setAutoDefault(False)
        self.yes_button.setAutoDefault(False)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.yes_button)
        column.addLayout(buttons)
        self.setFixedWidth(in_text(440))
        self.field.setFocus()
        self._look()

    def show_progress(self, removed: int) -> None:
        """Say how far it is."""
        words = ngettext("{count} file removed…", "{count} files removed…", removed)
        self.yes_button.setText(words.format(count=number(removed)))

    def show_failure(self, sentence: str) -> None:
        """Say why it did not work; the account is still there, and it can be tried again."""
        self._busy = False
        self.error.setText(sentence)
        self.error.show()
        self._look()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, sentence))
        self.adjustSize()

    def over(self) -> None:
        """The account is no longer open here, whoever ended it."""
        self._busy = False
        self.accept()

    def reject(self) -> None:
        if not self._busy:
            super().reject()

    def _matches(self) -> bool:
        return self.field.text().strip().casefold() == self._word.casefold()

    def _look(self) -> None:
        ready = self._matches() and not self._busy
        self.yes_button.setEnabled(ready)
        look = "danger" if ready else ""
        if self.yes_button.property("look") != look:
            self.yes_button.setProperty("look", look)
            self.yes_button.style().polish(self.yes_button)
        self.yes_button.setText(_("Deleting…") if self._busy else _("Delete account"))
        self.cancel_button.setEnabled(not self._busy)
        self.field.setEnabled(not self._busy)

    def _ask(self) -> None:
        if self._matches() and not self._busy:
            self._busy = True
            self.error.hide()
            self._look()
            self.delete_requested.emit()
