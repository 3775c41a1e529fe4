"""Joins the dialogs of the way into an account with what serves them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatdesk.domain.errors import ChatDeskError
from chatdesk.domain.session import BackendKind
from chatdesk.domain.sign_in import SignInPlace
from chatdesk.services.session import SignInRequest

if TYPE_CHECKING:
    from chatdesk.app.open_window import OpenWindow
    from chatdesk.services.account_changes import AccountChanges
    from chatdesk.services.sign_in import SignInAttempt


class SignInWiring:
    """Makes attempts for one window and ends them; every window has its own, whatever the others do."""

    def __init__(self, whole: OpenWindow) -> None:
        self._whole = whole
        self._request: SignInRequest | None = None
        verbs = whole.window.sign_in
        verbs.attempts = self._attempt
        verbs.changes = self._changes
        verbs.ended.connect(self._end)
        verbs.email_changed.connect(whole.whole.readdress)
        verbs.said.connect(whole.notices.tell)
        verbs.failed.connect(whole.notices.failed)
        verbs.page_made.connect(lambda page: page.connect_requested.connect(self._note))
        whole.bonds.join(whole.session.sign_in_failed, self._look_at)
        whole.bonds.join(whole.session.signed_out, verbs.close)

    def _attempt(self, place: SignInPlace) -> SignInAttempt:
        from chatdesk.app.entrance import BackEndEntrance
        from chatdesk.services.sign_in import SignInAttempt

        return SignInAttempt(BackEndEntrance(self._whole.whole.accounts, place), place, self._whole.session)

    def _changes(self) -> AccountChanges:
        from chatdesk.app.entrance import OpenAccountRights
        from chatdesk.services.account_changes import AccountChanges

        account = self._whole.realtime.account
        assert account is not None, "there is an open account where this is offered"
        rights = OpenAccountRights(self._whole.whole.accounts.gateway(account))
        return AccountChanges(rights, account.email or "")

    def _end(self, done: SignInAttempt | AccountChanges) -> None:
        self._whole.whole.scope.start(done.close(), "end of a dialog")

    def _note(self, request: SignInRequest) -> None:
        self._request = request

    def _look_at(self, failure: ChatDeskError) -> None:
        """A first page whose account waits for its confirmation goes on with the code."""
        request, self._request = self._request, None
        if request is not None and failure.code == "email_not_confirmed":
            place = SignInPlace(BackendKind.SUPABASE, request.url, request.api_key)
            self._whole.window.sign_in.confirm_address(place, request.email, request.password)
