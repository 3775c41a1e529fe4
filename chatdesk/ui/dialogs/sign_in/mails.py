"""The mails of the embedded back end, which never leave this computer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont, QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from chatdesk.domain.sign_in import LocalMail
from chatdesk.language.door import N_, _
from chatdesk.ui.theme.fonts import code_font, in_text, scaled, sized
from chatdesk.ui.words import moment_label

SUBJECTS = {
    "confirmation": N_("Confirm your e-mail address"),
    "magiclink": N_("Your code to sign in"),
    "recovery": N_("Choose a new password"),
    "email_change_new": N_("Confirm your new e-mail address"),
    "email_change_current": N_("Confirm the change of your e-mail address"),
    "reauthentication": N_("Confirm that it is you"),
}


class MailsDialog(QDialog):
    """Shows them, newest first. ``refresh_requested()``; ``link_chosen(str)`` with a link to be opened."""

    refresh_requested = Signal()
    link_chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(_("Mails on this computer"))
        self.setAccessibleName(_("Mails on this computer"))
        title = QLabel(_("Mails on this computer"))
        sized(title, 1.2, QFont.Weight.DemiBold)
        said = QLabel(_("The database on this computer sends no real mails. What it would send lies here."))
        said.setProperty("look", "muted")
        said.setWordWrap(True)
        self.empty = QLabel(_("There are no mails."))
        self.empty.setProperty("look", "muted")
        self.error = QLabel()
        self.error.setProperty("look", "error")
        self.error.setWordWrap(True)
        self.error.hide()
        self.mails: tuple[LocalMail, ...] = ()
        self._rows = QVBoxLayout()
        self._rows.setSpacing(10)
        self._rows.setContentsMargins(0, 0, 6, 0)
        inside = QWidget()
        whole = QVBoxLayout(inside)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addLayout(self._rows)
        whole.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inside)
        self.refresh_button = QPushButton(_("Look again"))
        self.refresh_button.clicked.connect(self.refresh_requested)
        self.close_button = QPushButton(_("Close"))
        self.close_button.clicked.connect(self.reject)
        self.close_button.setDefault(True)
        buttons = QHBoxLayout()
        buttons.addWidget(self.refresh_button)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 18)
        column.setSpacing(8)
        for widget in (title, said, self.error, self.empty, area):
            column.addWidget(widget, 1 if widget is area else 0)
        column.addLayout(buttons)
        self.resize(in_text(480), in_text(440))

    def show_mails(self, mails: Sequence[LocalMail]) -> None:
        """Show these instead of what is shown."""
        self.mails = tuple(mails)
        self.error.hide()
        while (row := self._rows.takeAt(0)) is not None:
            if (widget := row.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for mail in mails:
            self._rows.addWidget(self._card(mail))
        self.empty.setVisible(not mails)

    def show_failure(self, sentence: str) -> None:
        """Say why they could not be read; what is shown stays."""
        self.error.setText(sentence)
        self.error.show()

    def _card(self, mail: LocalMail) -> QFrame:
        card = QFrame()
        card.setProperty("look", "card")
        subject = QLabel(_(SUBJECTS.get(mail.kind, "")) or mail.kind)
        subject.setProperty("look", "title")
        moment = QLabel(moment_label(mail.sent_at, datetime.now().date()))
        moment.setProperty("look", "muted")
        to = QLabel(_("To {address}").format(address=mail.to))
        to.setProperty("look", "muted")
        code = QLabel(mail.code)
        code.setFont(scaled(code_font(), 1.5, QFont.Weight.DemiBold))
        code.setAccessibleName(_("Code"))
        for label in (subject, to, code):
            label.setTextFormat(Qt.TextFormat.PlainText)
        code.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        copy_button = QPushButton(_("Copy the code"))
        copy_button.clicked.connect(lambda: QGuiApplication.clipboard().setText(mail.code))
        head, foot = QHBoxLayout(), QHBoxLayout()
        head.addWidget(subject, 1)
        head.addWidget(moment)
        foot.addWidget(code, 1)
        foot.addWidget(copy_button)
        if mail.link is not None:
            link_button = QPushButton(_("Open the link"))
            link = mail.link
            link_button.clicked.connect(lambda: self.link_chosen.emit(link))
            foot.addWidget(link_button)
        column = QVBoxLayout(card)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(to)
        column.addLayout(foot)
        return card
