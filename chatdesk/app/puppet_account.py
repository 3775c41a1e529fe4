"""The puppet's hands for what concerns the account: signing out, and signing in again."""

from __future__ import annotations

from typing import Any

from chatdesk.app.puppet_strings import Strings
from chatdesk.ui.actions.table import ActionId
from chatdesk.ui.dialogs.sign_out import SignOutDialog

Request = dict[str, Any]


class AccountStrings(Strings):
    """Requests about the account; see ``PuppetStrings``."""

    async def leave(self, request: Request) -> Request:
        """Choose to sign out; ``everywhere`` ticks the box, ``answer`` presses ``now`` or ``wait``."""
        window = self._whole.window
        window.actions_table[ActionId.SIGN_OUT].trigger()
        asked = window.findChildren(SignOutDialog)[-1]
        asked.everywhere_box.setChecked(request.get("everywhere", False))
        said = asked.explained.text()
        button = {"now": asked.yes_button, "wait": asked.wait_button}.get(request.get("answer", "now"))
        if button is not None:
            button.click()
        return {"said": said}

    async def sign_in_again(self, request: Request) -> Request:
        """Press the panel's button, type the password into the question, and press its button."""
        account = self._whole.window.account
        account.open_panel()
        account.panel.sign_in_button.click()
        if account.sign_in is not None:
            account.sign_in.password.setText(request["password"])
            account.sign_in.button.click()
        return {}

    async def account_state(self, request: Request) -> Request:
        """Tell what panel and question show."""
        account = self._whole.window.account
        asked = account.sign_in
        who = account.facts.account
        return {
            "account_email": who.email if who is not None else None,
            "sentence": account.panel.sentence,
            "offers_sign_in": account.panel.sign_in_button.isVisibleTo(account.panel),
            "asks": asked is not None,
            "email": asked.email.text() if asked is not None else None,
            "error": asked.error.text() if asked is not None and not asked.error.isHidden() else "",
        }
