"""The dialog of one sign-in: it turns pages while an attempt goes on."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from chatdesk.domain.errors import ChatDeskError, Retryable
from chatdesk.domain.session import BackendKind
from chatdesk.domain.sign_in import LocalMail, MailPurpose, Offers, SignInPlace
from chatdesk.language.door import _
from chatdesk.services.sign_in import SignInAttempt
from chatdesk.ui.dialogs.sign_in.code_page import CodePage
from chatdesk.ui.dialogs.sign_in.mails import MailsDialog
from chatdesk.ui.dialogs.sign_in.page import FormPage, fit
from chatdesk.ui.dialogs.sign_in.pages import (
    AddressPage,
    BrowserPage,
    ChosenPasswordPage,
    NewAccountPage,
    PasswordPage,
)
from chatdesk.ui.theme.fonts import in_text
from chatdesk.ui.words import failure_words

WIDTH = 420


def place_title(place: SignInPlace) -> str:
    """Say where the sign-in leads to."""
    if place.account is not None:
        return _("Sign in again")
    if place.kind is BackendKind.LOCAL:
        return _("Sign in on this computer")
    return _("Sign in to {place}").format(place=urlsplit(place.url).netloc or place.url)


class SignInDialog(QDialog):
    """Shows one ``SignInAttempt`` and asks it for what the user wants.

    ``browser_wanted(str)`` with an address to open, ``link_chosen(str)`` with a link of a mail. Accepted when
    somebody is in. ``page`` is the page shown, of ``password``, ``new_account``, ``code_address``,
    ``reset_address``, ``code``, ``browser`` and ``chosen``; an e-mail address that is typed on one of them is
    on all of them.
    """

    browser_wanted = Signal(str)
    link_chosen = Signal(str)

    def __init__(self, attempt: SignInAttempt, parent: QWidget, email: str = "", password: str = "") -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.attempt = attempt
        place = attempt.place
        title = place_title(place)
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.password = PasswordPage(title)
        self.new_account = NewAccountPage()
        self.code_address = AddressPage(
            _("Sign in with a code"), _("A message with a code and a link is sent to you.")
        )
        self.reset_address = AddressPage(
            _("Choose a new password"), _("A message with a code and a link is sent to you.")
        )
        self.code = CodePage(with_look=False, with_mails=place.kind is BackendKind.LOCAL)
        self.browser = BrowserPage()
        self.chosen = ChosenPasswordPage(
            _("Choose a new password"), _("With the new one you are signed in here, and nowhere else.")
        )
        self.mails: MailsDialog | None = None
        self._purpose = MailPurpose.SIGN_IN
        self._again: Callable[[], object] = lambda: None
        self._page_address = ""
        self._pages: tuple[FormPage, ...] = (
            self.password,
            self.new_account,
            self.code_address,
            self.reset_address,
            self.code,
            self.browser,
            self.chosen,
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 18)
        for each in self._pages:
            column.addWidget(each)
            each.hide()
            each.cancelled.connect(self.reject)
        self.setFixedWidth(in_text(WIDTH))
        known = place.account is not None and bool(place.account.email)
        self._addresses = (self.password, self.new_account, self.code_address, self.reset_address)
        for address_page in self._addresses:
            address_page.email.setText((place.account.email if place.account else None) or email)
            if known:
                address_page.fix(address_page.email)
            address_page.email.textEdited.connect(self._share_address)
        for secret in (self.password.password, self.new_account.password):
            secret.setText(password)
        self._known = known
        self.password.new_button.setVisible(place.account is None)
        self.page: FormPage = self.password
        self._connect_pages()
        self._connect_attempt()
        self.show_page(self.password)

    def _connect_pages(self) -> None:
        attempt = self.attempt
        self.password.submitted.connect(
            lambda: attempt.sign_in(self.password.email.text().strip(), self.password.password.text())
        )
        self.password.provider_wanted.connect(attempt.go_to_provider)
        self.password.code_wanted.connect(lambda: self.show_page(self.code_address))
        self.password.forgotten.connect(lambda: self.show_page(self.reset_address))
        self.password.new_wanted.connect(lambda: self.show_page(self.new_account))
        self.new_account.submitted.connect(self._sign_up)
        self.code_address.submitted.connect(self._send_code)
        self.reset_address.submitted.connect(self._send_reset)
        self.code.submitted.connect(
            lambda: attempt.enter_code(self.code.address, self.code.code.text(), self._purpose)
        )
        self.code.again_wanted.connect(lambda: self._again())
        self.code.mails_wanted.connect(self._open_mails)
        self.browser.open_wanted.connect(lambda: self.browser_wanted.emit(self._page_address))
        self.chosen.submitted.connect(lambda: attempt.choose_password(self.chosen.password.text()))
        for back in (
            self.new_account.back_wanted,
            self.code_address.back_wanted,
            self.reset_address.back_wanted,
            self.code.back_wanted,
            self.browser.back_wanted,
        ):
            back.connect(self._go_back)

    def _connect_attempt(self) -> None:
        attempt = self.attempt
        attempt.offered.connect(self._show_offers)
        attempt.busy_changed.connect(lambda busy: self.page.set_busy(busy))
        attempt.failed.connect(self._show_failure)
        attempt.mail_sent.connect(self._mail_sent)
        attempt.browser_wanted.connect(self._browser_out)
        attempt.browser_failed.connect(self._browser_failed)
        attempt.password_wanted.connect(lambda: self.show_page(self.chosen))
        attempt.mails_read.connect(self._show_mails)
        attempt.done.connect(self.accept)

    def show_page(self, page: FormPage) -> None:
        """Turn to ``page``; what was typed on the others stays."""
        self.page.hide()
        self.page.set_busy(False)
        self.page = page
        page.show()
        page.enter()
        fit(self)

    def ask_for_confirmation(self) -> None:
        """Begin with the code of a sign-up that waits for its confirmation."""
        self._purpose = MailPurpose.SIGN_UP
        self._again = self._sign_up
        address = self.password.email.text().strip()
        text = _("{address} is not confirmed yet. Enter the code of the message that was sent to it.")
        self.code.awaits(address, text.format(address=address))
        self.show_page(self.code)

    # What the user wants

    def _sign_up(self) -> None:
        self._purpose, self._again = MailPurpose.SIGN_UP, self._sign_up
        self.attempt.sign_up(self.new_account.email.text().strip(), self.new_account.password.text())

    def _send_code(self) -> None:
        self._purpose, self._again = MailPurpose.SIGN_IN, self._send_code
        create = self.attempt.place.account is None
        self.attempt.send_code(self.code_address.email.text().strip(), create=create)

    def _send_reset(self) -> None:
        self._purpose, self._again = MailPurpose.NEW_PASSWORD, self._send_reset
        self.attempt.send_reset(self.reset_address.email.text().strip())

    def _go_back(self) -> None:
        self.attempt.stop_waiting()
        self.show_page(self.password)

    def _share_address(self, text: str) -> None:
        for page in self._addresses:
            if page.email.text() != text:
                page.email.setText(text)

    def _open_mails(self) -> None:
        if self.mails is None:
            self.mails = MailsDialog(self)
            self.mails.refresh_requested.connect(self.attempt.read_mails)
            self.mails.link_chosen.connect(self.link_chosen)
            self.mails.finished.connect(self._mails_closed)
            self.mails.open()
        self.attempt.read_mails()

    def _mails_closed(self) -> None:
        self.mails = None

    # What the attempt tells

    def _show_offers(self, offers: Offers) -> None:
        self.password.show_offers(offers)
        self.password.new_button.setVisible(offers.sign_up and self.attempt.place.account is None)
        self.new_account.show_offers(offers)
        fit(self)

    def _show_failure(self, failure: ChatDeskError) -> None:
        if failure.code == "email_not_confirmed" and self.page is self.password:
            self.new_account.password.setText(self.password.password.text())
            self.ask_for_confirmation()
            return
        if self.mails is not None and not self.mails.isHidden():
            self.mails.show_failure(failure_words(failure))
            return
        if isinstance(failure, Retryable) and failure.retry_after and self.page is self.code:
            self.code.wait(failure.retry_after)
        self.page.show_error(failure_words(failure))
        fit(self)

    def _mail_sent(self, address: str) -> None:
        self.code.sent(address)
        if self.page is not self.code:
            self.show_page(self.code)
        fit(self)

    def _browser_out(self, address: str) -> None:
        self._page_address = address
        self.show_page(self.browser)
        self.browser_wanted.emit(address)

    def _browser_failed(self, failure: ChatDeskError) -> None:
        if self.page is self.browser:
            self.show_page(self.password)
        self.page.show_error(failure_words(failure))
        fit(self)

    def _show_mails(self, mails: tuple[LocalMail, ...]) -> None:
        if self.mails is not None:
            self.mails.show_mails(mails)
