"""The sign-in dialog: keys, pages, sentences, and that no typing is ever lost."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from chatdesk.domain.errors import Refused, Retryable
from chatdesk.domain.session import Account, BackendKind
from chatdesk.domain.sign_in import LocalMail, MailPurpose, Offers, SignInPlace
from chatdesk.ui.dialogs.sign_in.changes import EmailDialog, PasswordDialog
from chatdesk.ui.dialogs.sign_in.dialog import SignInDialog
from chatdesk.ui.dialogs.sign_in.mails import MailsDialog
from chatdesk.ui.dialogs.sign_in.page import FormPage
from chatdesk.ui.theme.theme import Theme

PROJECT = SignInPlace(BackendKind.SUPABASE, "https://abc.supabase.co", "key")
LOCAL = SignInPlace(BackendKind.LOCAL)
AGAIN = SignInPlace(
    BackendKind.SUPABASE,
    "https://x",
    "",
    Account("k", "u", BackendKind.SUPABASE, "https://x", "a@example.org"),
)


class Attempt(QObject):
    """Writes down what it is asked."""

    offered = Signal(object)
    busy_changed = Signal(bool)
    failed = Signal(object)
    mail_sent = Signal(str)
    browser_wanted = Signal(str)
    browser_failed = Signal(object)
    password_wanted = Signal()
    mails_read = Signal(object)
    done = Signal()
    nonce_wanted = Signal()
    code_wanted = Signal(str)
    email_changed = Signal(str)
    password_changed = Signal()
    current_email = "old@example.org"

    def __init__(self, place: SignInPlace) -> None:
        super().__init__()
        self.place = place
        self.asked: list[tuple[object, ...]] = []
        self.window = QWidget()

    def last(self) -> tuple[object, ...]:
        """The newest of what was asked."""
        return self.asked[-1]

    def __getattr__(self, name: str) -> object:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *facts, **more: self.asked.append((name, *facts, *more.values()))


def shown(qtbot: QtBot, place: SignInPlace, email: str = "") -> tuple[SignInDialog, Attempt]:
    attempt = Attempt(place)
    qtbot.addWidget(attempt.window)
    dialog = SignInDialog(attempt, attempt.window, email)  # type: ignore[arg-type]  # as far as the dialog sees
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    dialog.show()
    qtbot.waitExposed(dialog)
    return dialog, attempt


def page_of(dialog: SignInDialog) -> QWidget:
    return dialog.page


def visible_fields(dialog: QWidget) -> list[str]:
    return [edit.accessibleName() for edit in dialog.findChildren(QLineEdit) if edit.isVisible()]


def test_the_keyboard_is_enough(qtbot: QtBot, theme: Theme) -> None:
    dialog, attempt = shown(qtbot, PROJECT)
    assert dialog.windowTitle() == "Sign in to abc.supabase.co"
    QTest.keyClicks(dialog.password.email, "ada@example.org")
    QTest.keyClick(dialog.password.email, Qt.Key.Key_Tab)
    assert dialog.focusWidget() is dialog.password.password
    QTest.keyClicks(dialog.password.password, "secret")
    QTest.keyClick(dialog.password.password, Qt.Key.Key_Return)
    assert attempt.asked == [("sign_in", "ada@example.org", "secret")]
    order = []
    for _ in range(7):
        QTest.keyClick(dialog.focusWidget(), Qt.Key.Key_Tab)
        focused = dialog.focusWidget()
        assert focused is not None
        order.append(focused.text() if isinstance(focused, QPushButton) else focused.accessibleName())
    assert order[:5] == [
        "Forgot your password?",
        "Send me a code by e-mail instead",
        "Create a new account",
        "Continue with GitHub",
        "Continue with Google",
    ]
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.result() == 0
    assert not dialog.isVisible()


def test_every_field_has_a_name_and_says_what_is_wrong(qtbot: QtBot, theme: Theme) -> None:
    dialog, attempt = shown(qtbot, PROJECT)
    for page, sentence in (
        (dialog.password, "Enter your e-mail address."),
        (dialog.new_account, "Enter your e-mail address."),
        (dialog.code_address, "Enter your e-mail address."),
        (dialog.code, "Enter the digits of the code."),
        (dialog.chosen, "A new password needs at least 6 characters."),
    ):
        dialog.show_page(page)
        assert all(visible_fields(dialog))
        page.button.click()
        assert page.error.text() == sentence
    assert attempt.asked == []


def test_what_was_typed_stays(qtbot: QtBot, theme: Theme) -> None:
    dialog, attempt = shown(qtbot, PROJECT)
    QTest.keyClicks(dialog.password.email, "ada@example.org")
    QTest.keyClicks(dialog.password.password, "secret")
    dialog.password.button.click()
    attempt.busy_changed.emit(True)
    assert dialog.password.button.text() == "Signing in…"
    assert not dialog.password.button.isEnabled()
    assert dialog.password.cancel_button.isEnabled()
    QTest.keyClick(dialog.password.password, Qt.Key.Key_Return)
    assert len(attempt.asked) == 1
    attempt.busy_changed.emit(False)
    attempt.failed.emit(Refused("It is wrong.", "Check it."))
    assert dialog.password.error.text() == "It is wrong. Check it."
    for page in (dialog.code_address, dialog.new_account, dialog.reset_address):
        dialog.show_page(page)
        assert page.email.text() == "ada@example.org"
    dialog.show_page(dialog.password)
    assert dialog.password.password.text() == "secret"


def test_a_message_and_its_code(qtbot: QtBot, theme: Theme) -> None:
    dialog, attempt = shown(qtbot, PROJECT, "ada@example.org")
    dialog.password.code_button.click()
    dialog.code_address.button.click()
    assert attempt.last() == ("send_code", "ada@example.org", True)
    attempt.mail_sent.emit("ada@example.org")
    assert page_of(dialog) is dialog.code
    assert dialog.focusWidget() is dialog.code.code
    assert not dialog.code.again_button.isEnabled()
    assert "60 s" in dialog.code.again_button.text()
    QTest.keyClicks(dialog.code.code, "123 456")
    QTest.keyClick(dialog.code.code, Qt.Key.Key_Return)
    assert attempt.last() == ("enter_code", "ada@example.org", "123 456", MailPurpose.SIGN_IN)
    dialog.code.wait(0)
    assert dialog.code.again_button.isEnabled()
    attempt.failed.emit(Retryable("A moment ago.", "Wait.", retry_after=42.0))
    assert "42 s" in dialog.code.again_button.text()
    assert dialog.code.code.text() == "123 456"
    dialog.code.wait(0)
    dialog.code.again_button.click()
    assert attempt.last() == ("send_code", "ada@example.org", True)
    dialog.code.back_button.click()
    assert attempt.last() == ("stop_waiting",)
    assert page_of(dialog) is dialog.password


def test_an_address_that_waits_for_its_confirmation(qtbot: QtBot, theme: Theme) -> None:
    dialog, attempt = shown(qtbot, PROJECT, "ada@example.org")
    dialog.password.password.setText("secret")
    attempt.failed.emit(Refused("Not confirmed.", "Open the link.", "email_not_confirmed"))
    assert page_of(dialog) is dialog.code
    assert "ada@example.org is not confirmed yet" in dialog.code.explained.text()
    dialog.code.again_button.click()
    assert attempt.last() == ("sign_up", "ada@example.org", "secret")


def test_only_what_is_offered_is_shown(qtbot: QtBot, theme: Theme) -> None:
    dialog, attempt = shown(qtbot, PROJECT)
    attempt.offered.emit(Offers(frozenset({"google"}), sign_up=False, confirms=False))
    assert dialog.password.provider_buttons["github"].isHidden()
    assert not dialog.password.provider_buttons["google"].isHidden()
    assert dialog.password.new_button.isHidden()


def test_the_browser_goes_out_and_comes_back(qtbot: QtBot, theme: Theme) -> None:
    dialog, attempt = shown(qtbot, PROJECT)
    opened: list[str] = []
    dialog.browser_wanted.connect(opened.append)
    dialog.password.provider_buttons["github"].click()
    assert attempt.last() == ("go_to_provider", "github")
    attempt.browser_wanted.emit("https://x/authorize")
    assert page_of(dialog) is dialog.browser
    dialog.browser.again_button.click()
    assert opened == ["https://x/authorize"] * 2
    attempt.browser_failed.emit(Refused("You said no.", "Start once more."))
    assert page_of(dialog) is dialog.password
    assert dialog.password.error.text() == "You said no. Start once more."
    attempt.password_wanted.emit()
    dialog.chosen.password.setText("long enough")
    dialog.chosen.button.click()
    assert attempt.last() == ("choose_password", "long enough")
    attempt.done.emit()
    assert dialog.result() == 1


def test_going_on_with_an_account_is_for_that_one_only(qtbot: QtBot, theme: Theme) -> None:
    dialog, attempt = shown(qtbot, AGAIN)
    assert dialog.password.email.text() == "a@example.org"
    assert dialog.password.email.isReadOnly()
    attempt.offered.emit(Offers())
    assert dialog.password.new_button.isHidden()
    dialog.password.code_button.click()
    dialog.code_address.button.click()
    assert attempt.last() == ("send_code", "a@example.org", False)


def test_the_mails_of_this_computer(qtbot: QtBot, theme: Theme) -> None:
    dialog, attempt = shown(qtbot, LOCAL)
    dialog.show_page(dialog.code)
    dialog.code.mails_button.click()
    assert attempt.asked == [("read_mails",)]
    mails = dialog.mails
    assert isinstance(mails, MailsDialog)
    assert not mails.empty.isHidden()
    attempt.mails_read.emit(
        (LocalMail(1, "a@example.org", "recovery", "012345", "http://127.0.0.1:1/x", datetime.now(UTC)),)
    )
    assert mails.empty.isHidden()
    buttons = {button.text(): button for button in mails.findChildren(QPushButton)}
    buttons["Copy the code"].click()
    assert QGuiApplication.clipboard().text() == "012345"
    links: list[str] = []
    dialog.link_chosen.connect(links.append)
    buttons["Open the link"].click()
    assert links == ["http://127.0.0.1:1/x"]
    attempt.failed.emit(Refused("It does not answer.", "Try again."))
    assert mails.error.text() == "It does not answer. Try again."
    assert dialog.code.error.isHidden()


@pytest.mark.parametrize("place", [PROJECT, AGAIN])
def test_there_are_no_mails_elsewhere(qtbot: QtBot, theme: Theme, place: SignInPlace) -> None:
    dialog, _ = shown(qtbot, place)
    assert dialog.code.mails_button.isHidden()


def test_another_address(qtbot: QtBot, theme: Theme) -> None:
    changes = Attempt(PROJECT)
    qtbot.addWidget(changes.window)
    dialog = EmailDialog(changes, changes.window, with_mails=False)  # type: ignore[arg-type]  # as far as it sees
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    dialog.show()
    assert "old@example.org" in dialog.wanted.explained.text()
    dialog.email.setText("new@example.org")
    dialog.wanted.button.click()
    assert changes.asked[:] == [("change_email", "new@example.org")]
    changes.code_wanted.emit("new@example.org")
    assert "went to new@example.org" in dialog.code.explained.text()
    dialog.code.code.setText("123456")
    dialog.code.button.click()
    assert changes.last() == ("confirm_email", "new@example.org", "123456")
    changes.code_wanted.emit("old@example.org")
    assert "went to old@example.org" in dialog.code.explained.text()
    assert dialog.code.code.text() == ""
    dialog.code.looked_button.click()
    assert changes.last() == ("look_for_email",)
    changes.email_changed.emit("new@example.org")
    assert dialog.result() == 1


def test_another_password_with_a_code(qtbot: QtBot, theme: Theme) -> None:
    changes = Attempt(PROJECT)
    qtbot.addWidget(changes.window)
    dialog = PasswordDialog(changes, changes.window)  # type: ignore[arg-type]  # as far as it sees
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    dialog.show()
    assert visible_fields(dialog) == ["New password"]
    dialog.chosen.password.setText("long enough")
    dialog.chosen.button.click()
    assert changes.asked[:] == [("change_password", "long enough", "")]
    changes.nonce_wanted.emit()
    assert visible_fields(dialog) == ["New password", "Code from the message"]
    dialog.chosen.button.click()
    assert dialog.chosen.error.text() == "Enter the code from the message."
    dialog.chosen.nonce.setText("123456")
    dialog.chosen.button.click()
    assert changes.last() == ("change_password", "long enough", "123456")
    changes.password_changed.emit()
    assert dialog.result() == 1


def test_room_to_spare_does_not_part_the_title_from_its_fields(qtbot: QtBot, theme: Theme) -> None:
    page = FormPage("Sign in", "", "Sign in", "Signing in")
    page.field("E-mail", lambda _text: "")
    qtbot.addWidget(page)
    page.resize(420, 500)
    page.show()
    assert page.title.height() < 2 * page.title.fontMetrics().height()
