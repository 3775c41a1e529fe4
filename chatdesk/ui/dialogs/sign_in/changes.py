"""The dialogs that change how one gets into the open account: another address, another password."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from chatdesk.domain.errors import ChatDeskError, Retryable
from chatdesk.domain.sign_in import LocalMail
from chatdesk.language.door import _
from chatdesk.services.account_changes import AccountChanges
from chatdesk.ui.dialogs.sign_in.code_page import CodePage
from chatdesk.ui.dialogs.sign_in.mails import MailsDialog
from chatdesk.ui.dialogs.sign_in.page import FormPage, email_fault, fit
from chatdesk.ui.dialogs.sign_in.pages import ChosenPasswordPage
from chatdesk.ui.theme.fonts import in_text
from chatdesk.ui.words import failure_words

WIDTH = 420


class ChangeDialog(QDialog):
    """What both dialogs have: pages, one of them shown, and an ``AccountChanges`` that is asked.

    ``changes`` is the dialog's own and is closed by whoever made it; ``link_chosen(str)`` with a link of a
    mail.
    """

    link_chosen = Signal(str)

    def __init__(self, changes: AccountChanges, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.changes = changes
        self.page: FormPage | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(22, 20, 22, 18)
        self.setFixedWidth(in_text(WIDTH))
        changes.busy_changed.connect(self._set_busy)
        changes.failed.connect(self.show_failure)

    def show_page(self, page: FormPage) -> None:
        """Turn to ``page``."""
        if self.page is not None:
            self.page.hide()
            self.page.set_busy(False)
        if page.parent() is not self:
            self._column.addWidget(page)
            page.cancelled.connect(self.reject)
        self.page = page
        page.show()
        page.enter()
        fit(self)

    def show_failure(self, failure: ChatDeskError) -> None:
        """Say on the page that is shown why it did not work."""
        if self.page is not None:
            self.page.show_error(failure_words(failure))
            fit(self)

    def _set_busy(self, busy: bool) -> None:
        if self.page is not None:
            self.page.set_busy(busy)


class EmailDialog(ChangeDialog):
    """Asks for another e-mail address and for the codes that confirm it; accepted when it counts."""

    def __init__(self, changes: AccountChanges, parent: QWidget, *, with_mails: bool) -> None:
        super().__init__(changes, _("Change the e-mail address"), parent)
        self.wanted = FormPage(
            _("Change the e-mail address"),
            _("Now it is {address}.").format(address=changes.current_email),
            _("Change"),
            _("Sending…"),
        )
        self.email = self.wanted.field(_("New e-mail address"), email_fault)
        self.code = CodePage(with_look=True, with_mails=with_mails)
        self.mails: MailsDialog | None = None
        self.wanted.submitted.connect(self._ask)
        self.code.submitted.connect(lambda: changes.confirm_email(self.code.address, self.code.code.text()))
        self.code.again_wanted.connect(self._ask)
        self.code.looked.connect(changes.look_for_email)
        self.code.back_wanted.connect(lambda: self.show_page(self.wanted))
        self.code.mails_wanted.connect(self._open_mails)
        changes.code_wanted.connect(self._ask_for_code)
        changes.mails_read.connect(self._show_mails)
        changes.email_changed.connect(self.accept)
        self.show_page(self.wanted)

    def show_failure(self, failure: ChatDeskError) -> None:
        if self.page is self.code and isinstance(failure, Retryable) and failure.retry_after:
            self.code.wait(failure.retry_after)
        super().show_failure(failure)

    def _ask(self) -> None:
        self.changes.change_email(self.email.text().strip())

    def _ask_for_code(self, address: str) -> None:
        first = not self.code.address
        self.code.sent(address)
        text = _(
            "Messages were sent to your new and your old address. Enter the code that went to {address}."
        )
        self.code.explained.setText(text.format(address=address))
        if not first and address == self.changes.current_email:
            text = _("The new address is confirmed. Now enter the code that went to {address}.")
            self.code.explained.setText(text.format(address=address))
        if self.page is not self.code:
            self.show_page(self.code)
        fit(self)

    def _open_mails(self) -> None:
        if self.mails is None:
            self.mails = MailsDialog(self)
            self.mails.refresh_requested.connect(self.changes.read_mails)
            self.mails.link_chosen.connect(self.link_chosen)
            self.mails.finished.connect(self._mails_closed)
            self.mails.open()
        self.changes.read_mails()

    def _mails_closed(self) -> None:
        self.mails = None

    def _show_mails(self, mails: tuple[LocalMail, ...]) -> None:
        if self.mails is not None:
            self.mails.show_mails(mails)


class PasswordDialog(ChangeDialog):
    """Asks for another password, and for a code where one is needed; accepted when it counts."""

    def __init__(self, changes: AccountChanges, parent: QWidget) -> None:
        super().__init__(changes, _("Change the password"), parent)
        self.chosen = ChosenPasswordPage(
            _("Change the password"), _("Your other devices have to sign in with the new one.")
        )
        self.chosen.submitted.connect(
            lambda: changes.change_password(
                self.chosen.password.text(),
                self.chosen.nonce.text() if not self.chosen.nonce.isHidden() else "",
            )
        )
        self.chosen.again_wanted.connect(changes.send_nonce)
        changes.nonce_wanted.connect(self._ask_for_nonce)
        changes.password_changed.connect(self.accept)
        self.show_page(self.chosen)

    def _ask_for_nonce(self) -> None:
        self.chosen.show_error("")
        self.chosen.ask_for_nonce()
        fit(self)
