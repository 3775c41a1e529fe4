"""What can be done with the account: profile, sync status, switching, signing out, deleting."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtGui import QAction, QImage
from PySide6.QtWidgets import QWidget

from chatdesk.domain.profile import Profile
from chatdesk.domain.session import Account, BackendKind, SyncState
from chatdesk.language.door import _
from chatdesk.models.people import name_of
from chatdesk.ui.account_facts import AccountChoice, AccountFacts
from chatdesk.ui.actions.action_set import ActionSet
from chatdesk.ui.actions.table import ACCOUNT_MENU, ActionId
from chatdesk.ui.profile_button import ProfileButton
from chatdesk.ui.sync_badge import SyncBadge
from chatdesk.ui.theme.theme import Theme

if TYPE_CHECKING:
    from chatdesk.ui.dialogs.delete_account import DeleteAccountDialog
    from chatdesk.ui.dialogs.profile import ProfileDialog
    from chatdesk.ui.dialogs.sign_in_again import SignInAgainDialog
    from chatdesk.ui.dialogs.sign_out import SignOutDialog
    from chatdesk.ui.dialogs.sync_panel import SyncPanel

_GAP = 4


class AccountVerbs(QObject):
    """Keeps badge, profile button, panel and profile dialog on the same facts, and opens them.

    Signals: ``save_requested(ProfileEdit)``; ``sign_out_requested(bool)`` after the question was answered,
    with whether all devices are meant; ``facts_changed()``; ``sign_in_again_requested(str, str)`` with e-mail
    and password, both empty for the account on this computer, which needs none; ``refresh_requested()``,
    ``failed_requested()`` and ``diagnostics_requested()`` as the panel says them; ``switch_requested(key)``
    and ``add_requested()`` for another account, ``copy_requested()`` for chats of another one,
    ``check_requested()``, ``delete_requested()`` after the question was answered;
    ``ways_requested()`` for another way to sign in again than the password.
    """

    save_requested = Signal(object)
    sign_out_requested = Signal(bool)
    sign_in_again_requested = Signal(str, str)
    facts_changed = Signal()
    ways_requested = Signal()
    switch_requested = Signal(str)
    add_requested = Signal()
    copy_requested = Signal()
    check_requested = Signal()
    delete_requested = Signal()
    refresh_requested = Signal()
    failed_requested = Signal()
    diagnostics_requested = Signal()

    def __init__(
        self, window: QWidget, theme: Theme, actions: ActionSet, badge: SyncBadge, button: ProfileButton
    ) -> None:
        super().__init__(window)
        self._window = window
        self._theme = theme
        self._actions = actions
        self._badge = badge
        self._button = button
        self._profile: Profile | None = None
        self._image: QImage | None = None
        self._panel: SyncPanel | None = None
        self._diagnostics: Mapping[str, object] = {}
        self.dialog: ProfileDialog | None = None
        self.sign_in: SignInAgainDialog | None = None
        self._account: Account | None = None
        self._leaving: SignOutDialog | None = None
        self.deleting: DeleteAccountDialog | None = None
        self.choices: Callable[[], Sequence[AccountChoice]] = tuple
        """Tells the accounts of this computer."""
        self._offered: list[QAction] = []
        badge.clicked.connect(self.open_panel)
        button.clicked.connect(self.open_menu)

    @property
    def panel(self) -> SyncPanel:
        """The panel above the badge; made when it is needed first."""
        from chatdesk.ui.dialogs.sync_panel import SyncPanel

        if self._panel is None:
            self._panel = SyncPanel(self._window)
            self._panel.set_state(self._badge.state)
            self._panel.set_diagnostics(self._diagnostics)
            self._panel.sign_in_requested.connect(self.open_sign_in)
            self._panel.refresh_requested.connect(self.refresh_requested)
            self._panel.failed_requested.connect(self.failed_requested)
            self._panel.diagnostics_requested.connect(self.diagnostics_requested)
        return self._panel

    @property
    def facts(self) -> AccountFacts:
        """What is known of the account now."""
        return AccountFacts(self._account, self._profile, self._image, self._badge.state)

    def set_state(self, state: SyncState) -> None:
        """Show the state of the link on badge and panel."""
        self._badge.set_state(state)
        self.facts_changed.emit()
        if self._panel is not None:
            self._panel.set_state(state)
        if self._leaving is not None:
            self._leaving.set_state(state)

    def set_diagnostics(self, facts: Mapping[str, object]) -> None:
        """Show the engine's report on the panel."""
        self._diagnostics = facts
        if self._panel is not None:
            self._panel.set_diagnostics(facts)

    def set_profile(self, profile: Profile | None, image: QImage | None) -> None:
        """Show who is signed in; without a profile nobody is known yet."""
        self._profile, self._image = profile, image
        name = "" if profile is None else profile.display_name or profile.username or ""
        self._button.show_person(name, image)
        self.facts_changed.emit()

    def set_account(self, account: Account | None) -> None:
        """Show where the account lives."""
        self._account = account
        if account is None and self.sign_in is not None:
            self.sign_in.reject()
        if account is None and self.deleting is not None:
            self.deleting.over()
        self._button.show_account(account)
        self.facts_changed.emit()

    def carry_out(self, action: ActionId) -> bool:
        """Do what ``action`` means for the account; False when it is not about the account."""
        match action:
            case ActionId.PROFILE:
                self.open_profile()
            case ActionId.SYNC_STATUS:
                self.open_panel()
            case ActionId.ADD_ACCOUNT:
                self.add_requested.emit()
            case ActionId.COPY_CHATS:
                self.copy_requested.emit()
            case ActionId.CHECK_SERVER:
                self.check_requested.emit()
            case ActionId.SIGN_OUT:
                self._ask_sign_out()
            case ActionId.DELETE_ACCOUNT:
                self._ask_delete()
            case _:
                return False
        return True

    def open_menu(self) -> None:
        """Open the account menu above the profile; several accounts are its first rows."""
        from chatdesk.ui.actions.menus import open_action_menu

        at = self._button.mapToGlobal(QPoint(0, -_GAP))
        rows = [*self._offer(), *self._actions.rows(ACCOUNT_MENU)]
        open_action_menu(rows, self._window, _("Account"), at)

    def _offer(self) -> list[QAction | None]:
        while self._offered:
            self._offered.pop().deleteLater()
        choices = self.choices()
        if len(choices) < 2:
            return []
        for choice in choices:
            # A person may be called "A&B", and Qt would underline the B.
            action = QAction(choice.words.replace("&", "&&"), self)
            action.setCheckable(True)
            action.setChecked(choice.is_open)
            action.setEnabled(not choice.is_open)
            action.triggered.connect(lambda _checked=False, key=choice.key: self.switch_requested.emit(key))
            self._offered.append(action)
        return [*self._offered, None]

    def open_panel(self) -> None:
        """Open the sync panel above the badge."""
        self.panel.open_above(self._badge.mapToGlobal(QPoint(0, -_GAP)))

    def open_profile(self) -> None:
        """Open the profile dialog, once the profile is known."""
        from chatdesk.ui.dialogs.profile import ProfileDialog

        if self._profile is None or self.dialog is not None:
            return
        self.dialog = ProfileDialog(self._theme, self._profile, self._image, self._window)
        self.dialog.save_requested.connect(self.save_requested)
        self.dialog.finished.connect(self._dialog_closed)
        self.dialog.open()

    def open_sign_in(self) -> None:
        """Ask for what it takes to go on with an account whose session is over."""
        from chatdesk.ui.dialogs.sign_in_again import SignInAgainDialog

        if self._account is None or self.sign_in is not None:
            return
        if self._account.is_owner:
            self.sign_in_again_requested.emit("", "")
            return
        self.sign_in = SignInAgainDialog(self._account, self._window)
        self.sign_in.submitted.connect(self.sign_in_again_requested)
        self.sign_in.finished.connect(self._sign_in_closed)
        self.sign_in.ways_requested.connect(self.ways_requested)
        self.sign_in.open()

    def signed_in_again(self) -> None:
        """There is a session again."""
        if self.sign_in is not None:
            self.sign_in.accept()

    def show_sign_in_failure(self, sentence: str) -> bool:
        """Say in the dialog why it did not work; False when there is none to say it in."""
        if self.sign_in is None:
            return False
        self.sign_in.show_failure(sentence)
        return True

    def _sign_in_closed(self) -> None:
        self.sign_in = None

    def _ask_delete(self) -> None:
        from chatdesk.ui.dialogs.delete_account import DeleteAccountDialog

        if self.deleting is not None or self._account is None:
            return
        name = self._account.email or (name_of(self._profile) if self._profile is not None else "")
        self.deleting = DeleteAccountDialog(self._account, name, self._window)
        self.deleting.delete_requested.connect(self.delete_requested)
        self.deleting.finished.connect(self._deleting_closed)
        self.deleting.open()

    def _deleting_closed(self) -> None:
        self.deleting = None

    def _leaving_closed(self) -> None:
        self._leaving = None

    def _dialog_closed(self) -> None:
        self.dialog = None

    def _ask_sign_out(self) -> None:
        from chatdesk.ui.dialogs.sign_out import SignOutDialog

        if self._leaving is not None:
            return
        devices = self._account is not None and self._account.kind is BackendKind.SUPABASE
        self._leaving = SignOutDialog(self._theme, self._window, self._badge.state, devices=devices)
        self._leaving.sign_out_requested.connect(self.sign_out_requested)
        self._leaving.finished.connect(self._leaving_closed)
        self._leaving.open()
