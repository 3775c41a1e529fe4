"""The pages of a sign-in that have nothing but fields and buttons."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel

from chatdesk.domain.sign_in import Offers
from chatdesk.language.door import _
from chatdesk.ui.dialogs.sign_in.page import FormPage, email_fault, new_password_fault

PROVIDERS = {"github": "GitHub", "google": "Google"}


def _password_fault(text: str) -> str:
    return "" if text else _("Enter your password.")


class PasswordPage(FormPage):
    """E-mail and password, and every other way in.

    Signals: ``provider_wanted(str)``; ``code_wanted()``, ``forgotten()`` and ``new_wanted()`` lead to the
    other pages.
    """

    provider_wanted = Signal(str)
    code_wanted = Signal()
    forgotten = Signal()
    new_wanted = Signal()

    def __init__(self, title: str) -> None:
        super().__init__(title, "", _("Sign in"), _("Signing in…"))
        self.email = self.field(_("E-mail"), email_fault)
        self.password = self.field(_("Password"), _password_fault, secret=True)
        self.forgotten_button = self.way(_("Forgot your password?"), self.forgotten.emit)
        self.code_button = self.way(_("Send me a code by e-mail instead"), self.code_wanted.emit)
        self.new_button = self.way(_("Create a new account"), self.new_wanted.emit)
        self.provider_buttons = {
            key: self.way(
                _("Continue with {provider}").format(provider=name),
                partial(self.provider_wanted.emit, key),
                "",
            )
            for key, name in PROVIDERS.items()
        }

    def show_offers(self, offers: Offers) -> None:
        """Offer what the back end offers, and nothing else."""
        for key, button in self.provider_buttons.items():
            button.setVisible(key in offers.providers)
        self.new_button.setVisible(offers.sign_up and not self.email.isReadOnly())


class NewAccountPage(FormPage):
    """E-mail and password of an account that is to be made; ``back_wanted()`` leads to signing in."""

    back_wanted = Signal()

    def __init__(self) -> None:
        super().__init__(_("Create an account"), "", _("Create account"), _("Creating the account…"))
        self.email = self.field(_("E-mail"), email_fault)
        self.password = self.field(_("New password"), new_password_fault, secret=True)
        self.back_button = self.way(_("I have an account already"), self.back_wanted.emit)

    def show_offers(self, offers: Offers) -> None:
        """Say beforehand that the address will have to be confirmed."""
        if offers.confirms:
            self.explained.setText(_("You get a message that confirms your e-mail address."))
        self.explained.setVisible(offers.confirms)


class AddressPage(FormPage):
    """Where a code is to be sent; ``back_wanted()`` leads to signing in."""

    back_wanted = Signal()

    def __init__(self, title: str, explained: str) -> None:
        super().__init__(title, explained, _("Send the message"), _("Sending…"))
        self.email = self.field(_("E-mail"), email_fault)
        self.back_button = self.way(_("Back to signing in"), self.back_wanted.emit)


class BrowserPage(FormPage):
    """While a browser is out; ``open_wanted()`` to open the page again, ``back_wanted()`` to give it up."""

    open_wanted = Signal()
    back_wanted = Signal()

    def __init__(self) -> None:
        super().__init__(
            _("Go on in your browser"),
            _("A page was opened there. Sign in on it; ChatDesk goes on by itself."),
            "",
            "",
        )
        self.again_button = self.way(_("Open the page again"), self.open_wanted.emit)
        self.back_button = self.way(_("Choose another way"), self.back_wanted.emit)

    def enter(self) -> None:
        self.again_button.setFocus()


class ChosenPasswordPage(FormPage):
    """A new password, and the code that it may need; ``again_wanted()`` asks for another code."""

    again_wanted = Signal()

    def __init__(self, title: str, explained: str) -> None:
        super().__init__(title, explained, _("Save the password"), _("Saving…"))
        self.password = self.field(_("New password"), new_password_fault, secret=True)
        self.nonce = self.field(_("Code from the message"), self._nonce_fault)
        self.nonce_hint = QLabel(_("A code was sent to your e-mail address: the project wants to be sure."))
        self.nonce_hint.setProperty("look", "muted")
        self.nonce_hint.setWordWrap(True)
        self.body.addWidget(self.nonce_hint)
        self.again_button = self.way(_("Send the code again"), self.again_wanted.emit)
        self._nonce_parts = (self.labels[self.nonce], self.nonce, self.nonce_hint, self.again_button)
        for part in self._nonce_parts:
            part.hide()

    def ask_for_nonce(self) -> None:
        """Ask for the code as well."""
        for part in self._nonce_parts:
            part.show()
        self.nonce.setFocus()

    @staticmethod
    def _nonce_fault(text: str) -> str:
        return "" if text else _("Enter the code from the message.")
