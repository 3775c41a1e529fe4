"""The puppet's hands for several accounts: adding, switching, copying, checking, deleting."""

from __future__ import annotations

from typing import Any

from PySide6.QtGui import QGuiApplication

from chatdesk.app.puppet_strings import Strings
from chatdesk.ui.actions.table import ActionId

Request = dict[str, Any]


class ManyAccountsStrings(Strings):
    """Requests about accounts; see ``PuppetStrings``."""

    async def accounts(self, request: Request) -> Request:
        """Tell the list of accounts."""
        choices = self._whole.wiring.accounts.choices()
        return {"accounts": [[each.key, each.words, each.is_open] for each in choices]}

    async def add_account(self, request: Request) -> Request:
        """Choose to add one: the first page follows."""
        self._whole.window.actions_table[ActionId.ADD_ACCOUNT].trigger()
        return {"offered": [button.text() for button in self._whole.window.first_run.known.buttons]}

    async def switch_account(self, request: Request) -> Request:
        """Choose an account in the account menu, or with ``page`` on the first page."""
        if request.get("page"):
            known = self._whole.window.first_run.known
            keys = [each.key for each in self._whole.wiring.accounts.choices()]
            known.buttons[keys.index(request["key"])].click()
        else:
            self._whole.window.account.switch_requested.emit(request["key"])
        return {}

    async def copy_chats(self, request: Request) -> Request:
        """Choose to copy chats, pick the account, and press the button."""
        self._whole.window.actions_table[ActionId.COPY_CHATS].trigger()
        dialog = self._whole.wiring.accounts.copying
        if request.get("key"):
            dialog.source.setCurrentIndex(dialog.source.findData(request["key"]))
            dialog.yes_button.click()
        return {"said": dialog.said.text()}

    async def copying(self, request: Request) -> Request:
        """Tell what the copy says; ``press`` is ``cancel`` or ``side``."""
        dialog = self._whole.wiring.accounts.copying
        buttons = {"cancel": dialog.cancel_button, "side": dialog.side_button}
        if request.get("press"):
            buttons[request["press"]].click()
        return {
            "running": dialog.running,
            "title": dialog.title.text(),
            "said": dialog.said.text(),
            "visible": dialog.isVisible(),
        }

    async def check(self, request: Request) -> Request:
        """Press Check on the first page, or choose it for the open account."""
        if self._whole.window.first_run.isVisible():
            form = self._whole.window.first_run.form
            form.url.setText(request["url"])
            form.api_key.setText(request["key"])
            form.check_button.click()
            return {"error": form.error.text() if form.error.isVisible() else ""}
        self._whole.window.actions_table[ActionId.CHECK_SERVER].trigger()
        return {"error": ""}

    async def findings(self, request: Request) -> Request:
        """Tell what the dialog found; ``press`` is ``again``, ``copy`` or ``close``."""
        dialog = self._whole.wiring.accounts.checking
        if dialog is None:
            return {"open": False}
        buttons = {"again": dialog.again_button, "copy": dialog.copy_button, "close": dialog.close_button}
        if request.get("press"):
            buttons[request["press"]].click()
        return {
            "open": True,
            "done": dialog.again_button.isEnabled(),
            "findings": {part.value: each.standing.value for part, each in dialog.findings.items()},
            "said": {part.value: each.sentence for part, each in dialog.findings.items()},
            "outcome": dialog.outcome.text(),
            "offers_script": dialog.copy_button.isVisible(),
            "clipboard": QGuiApplication.clipboard().text()[-200:],
        }

    async def delete_account(self, request: Request) -> Request:
        """Choose to delete the account, type ``word``, and press the button if it can be pressed."""
        account = self._whole.window.account
        if account.deleting is None:
            self._whole.window.actions_table[ActionId.DELETE_ACCOUNT].trigger()
        dialog = account.deleting
        if dialog is None:
            raise LookupError("nothing is asked")
        dialog.field.setText(request["word"])
        can = dialog.yes_button.isEnabled()
        dialog.yes_button.click()
        return {"could": can}

    async def deleting(self, request: Request) -> Request:
        """Tell what the question says."""
        dialog = self._whole.window.account.deleting
        return {"open": dialog is not None, "error": dialog.error.text() if dialog is not None else ""}
