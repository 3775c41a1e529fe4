"""What can be done about getting into an account, and about the way into the open one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QWidget

from chatdesk.domain.errors import ChatDeskError
from chatdesk.domain.session import BackendKind
from chatdesk.domain.sign_in import LocalMail, SignInPlace
from chatdesk.language.door import _
from chatdesk.ui.account_verbs import AccountVerbs
from chatdesk.ui.actions.table import ActionId
from chatdesk.ui.links import open_link, open_url
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import failure_words

if TYPE_CHECKING:
    from chatdesk.services.account_changes import AccountChanges
    from chatdesk.services.sign_in import SignInAttempt
    from chatdesk.ui.dialogs.first_run import FirstRunPage
    from chatdesk.ui.dialogs.sign_in.changes import ChangeDialog
    from chatdesk.ui.dialogs.sign_in.dialog import SignInDialog
    from chatdesk.ui.dialogs.sign_in.mails import MailsDialog


class SignInVerbs(QObject):
    """Opens the dialogs; ``attempts`` and ``changes`` make what they ask, given by whoever knows how.

    Signals: ``ended(object)`` with an attempt or changes that no dialog needs any more;
    ``email_changed(str)``; ``said(str)`` with a sentence for the notices; ``failed(ChatDeskError)`` where no
    dialog shows it; ``page_made(FirstRunPage)`` when that page is there to be connected.
    """

    ended = Signal(object)
    email_changed = Signal(str)
    said = Signal(str)
    failed = Signal(object)
    page_made = Signal(object)

    def __init__(self, window: QWidget, theme: Theme, account: AccountVerbs) -> None:
        super().__init__(window)
        self._window = window
        self._theme = theme
        self._account = account
        self._page: FirstRunPage | None = None
        self._busy = False
        self.attempts: Callable[[SignInPlace], SignInAttempt] | None = None
        self.changes: Callable[[], AccountChanges] | None = None
        self.dialog: SignInDialog | None = None
        self.change: ChangeDialog | None = None
        self.mails: MailsDialog | None = None
        account.ways_requested.connect(self.open_again)

    @property
    def page(self) -> FirstRunPage:
        """The first page; made when it is needed first, which with an open account may be never."""
        from chatdesk.ui.dialogs.first_run import FirstRunPage

        if self._page is None:
            self._page = FirstRunPage(self._theme)
            self._page.set_busy(self._busy)
            self._page.form.ways_requested.connect(self.open)
            self._page.others_requested.connect(lambda: self.open(SignInPlace(BackendKind.LOCAL)))
            self.page_made.emit(self._page)
        return self._page

    def set_busy(self, busy: bool) -> None:
        """An account is being made or signed in to, or no longer: the page that asks for one waits."""
        self._busy = busy
        if self._page is not None:
            self._page.set_busy(busy)

    def open(self, place: SignInPlace, email: str = "", password: str = "") -> SignInDialog | None:
        """Ask how to get into an account at ``place``."""
        from chatdesk.ui.dialogs.sign_in.dialog import SignInDialog

        if self.attempts is None or self.dialog is not None:
            return None
        attempt = self.attempts(place)
        dialog = self.dialog = SignInDialog(attempt, self._window, email, password)
        dialog.browser_wanted.connect(open_url)
        dialog.link_chosen.connect(lambda link: open_link(self._window, link))
        dialog.finished.connect(self._closed)
        dialog.open()
        attempt.look_around()
        return dialog

    def open_again(self) -> None:
        """Ask how to go on with the open account, whose session is over."""
        account = self._account.facts.account
        if account is not None:
            self.open(SignInPlace(account.kind, account.url, "", account))

    def confirm_address(self, place: SignInPlace, email: str, password: str) -> None:
        """Ask for the code of a sign-up that waits for its confirmation."""
        if (dialog := self.open(place, email, password)) is not None:
            dialog.ask_for_confirmation()

    def close(self) -> None:
        """Close what is open: the account it was about is not open any more, or the window goes."""
        dialogs: tuple[QDialog | None, ...] = (self.change, self.mails, self.dialog)
        for dialog in dialogs:
            if dialog is not None:
                dialog.reject()

    def carry_out(self, action: ActionId) -> bool:
        """Do what ``action`` means for the way in; False when it is not about it."""
        from chatdesk.ui.dialogs.sign_in.changes import EmailDialog, PasswordDialog

        match action:
            case ActionId.CHANGE_EMAIL:
                self._change(lambda changes: EmailDialog(changes, self._window, with_mails=self._is_local))
            case ActionId.CHANGE_PASSWORD:
                self._change(lambda changes: PasswordDialog(changes, self._window))
            case ActionId.END_OTHERS:
                self._ask_to_end_others()
            case ActionId.LOCAL_MAILS:
                self._open_mails()
            case _:
                return False
        return True

    @property
    def _is_local(self) -> bool:
        account = self._account.facts.account
        return account is not None and account.kind is BackendKind.LOCAL

    def _change(self, make: Callable[[AccountChanges], ChangeDialog]) -> None:
        if self.changes is None or self.change is not None:
            return
        changes = self.changes()
        changes.email_changed.connect(self.email_changed)
        changes.email_changed.connect(lambda _email: self.said.emit(_("Your e-mail address was changed.")))
        changes.password_changed.connect(lambda: self.said.emit(_("Your password was changed.")))
        self.change = make(changes)
        self.change.link_chosen.connect(lambda link: open_link(self._window, link))
        self.change.finished.connect(self._change_closed)
        self.change.open()

    def _ask_to_end_others(self) -> None:
        from chatdesk.ui.dialogs.confirm import confirm

        confirm(
            self._window,
            _("Sign out on your other devices?"),
            _("They have to sign in again. Your chats stay on the server, and this device stays signed in."),
            _("Sign out there"),
            self._end_others,
        )

    def _end_others(self) -> None:
        if self.changes is None:
            return
        changes = self.changes()

        def ended() -> None:
            self.said.emit(_("Your other devices are signed out."))

        changes.others_ended.connect(ended)
        changes.failed.connect(self.failed)
        changes.busy_changed.connect(lambda busy: None if busy else self.ended.emit(changes))
        changes.end_others()

    def _open_mails(self) -> None:
        from chatdesk.ui.dialogs.sign_in.mails import MailsDialog

        if self.changes is None or self.mails is not None:
            return
        changes = self.changes()
        dialog = self.mails = MailsDialog(self._window)

        def closed() -> None:
            self.mails = None
            self.ended.emit(changes)

        def show(mails: tuple[LocalMail, ...]) -> None:
            if self.mails is not None:
                self.mails.show_mails(mails)

        def show_failure(failure: ChatDeskError) -> None:
            if self.mails is not None:
                self.mails.show_failure(failure_words(failure))

        changes.mails_read.connect(show)
        changes.failed.connect(show_failure)
        dialog.refresh_requested.connect(changes.read_mails)
        dialog.link_chosen.connect(lambda link: open_link(self._window, link))
        dialog.finished.connect(closed)
        dialog.open()
        changes.read_mails()

    def _closed(self) -> None:
        dialog, self.dialog = self.dialog, None
        if dialog is not None:
            self.ended.emit(dialog.attempt)

    def _change_closed(self) -> None:
        dialog, self.change = self.change, None
        if dialog is not None:
            self.ended.emit(dialog.changes)
