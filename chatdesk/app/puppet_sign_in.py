"""The puppet's hands for the ways into an account, and its eye for the browser."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QLineEdit, QPushButton

from chatdesk.app.puppet_strings import Strings
from chatdesk.domain.session import BackendKind
from chatdesk.domain.sign_in import SignInPlace
from chatdesk.ui.actions.table import ActionId
from chatdesk.ui.dialogs.sign_in.changes import ChangeDialog
from chatdesk.ui.dialogs.sign_in.dialog import SignInDialog
from chatdesk.ui.sign_in_verbs import SignInVerbs

Request = dict[str, Any]

CHANGES = {"email": ActionId.CHANGE_EMAIL, "password": ActionId.CHANGE_PASSWORD}


class Browser(QObject):
    """Stands where the system's browser is: notes what it is to open, and opens nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []
        for scheme in ("http", "https"):
            QDesktopServices.setUrlHandler(scheme, self, "open")  # type: ignore[arg-type]  # bytes are refused

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        """Note an address."""
        self.opened.append(url.toString(QUrl.ComponentFormattingOption.FullyEncoded))


class SignInStrings(Strings):
    """Requests about getting in; see ``PuppetStrings``."""

    browser: Browser

    async def ways(self, request: Request) -> Request:
        """Ask for other ways: with ``url`` and ``key`` of a project on the first page, else on this computer.

        With ``again`` it is the open account that is to be signed in to again.
        """
        first_run = self._whole.window.first_run
        if request.get("again"):
            self._whole.window.account.open_panel()
            self._whole.window.account.panel.sign_in_button.click()
            asked = self._whole.window.account.sign_in
            assert asked is not None
            asked.ways_button.click()
        elif "url" in request:
            first_run.form.url.setText(request["url"])
            first_run.form.api_key.setText(request["key"])
            first_run.form.ways_button.click()
        else:
            first_run.others_button.click()
        return {}

    async def other_account(self, request: Request) -> Request:
        """Ask for another account on this computer while one is open."""
        self._verbs.open(SignInPlace(BackendKind.LOCAL))
        return {}

    async def change(self, request: Request) -> Request:
        """Open the dialog for another ``email`` or ``password``."""
        self._whole.window.actions_table[CHANGES[request["what"]]].trigger()
        return {}

    async def fill(self, request: Request) -> Request:
        """Type into the fields of the page that is shown, by their names, and press its button."""
        page = self._page
        for name, text in request["fields"].items():
            field: QLineEdit = getattr(page, name, None) or getattr(self._verbs.change, name)
            field.setText(text)
            field.textEdited.emit(text)
        if request.get("press", True):
            page.button.click()
        return {}

    async def way(self, request: Request) -> Request:
        """Press one of the page's other buttons."""
        page = self._page
        if request["button"] in ("github", "google"):
            page.provider_buttons[request["button"]].click()
        else:
            button: QPushButton = getattr(page, f"{request['button']}_button")
            button.click()
        return {}

    async def way_state(self, request: Request) -> Request:
        """Tell what the dialog shows, if there is one."""
        dialog = self._verbs.dialog or self._verbs.change
        mails = getattr(dialog, "mails", None)
        opened = list(self.browser.opened)
        if dialog is None:
            nothing = {"page": "", "error": "", "explained": "", "busy": False, "mails": 0, "shown": []}
            return {**nothing, "opened": opened}
        page = self._page
        names = {id(value): name for name, value in vars(dialog).items() if name != "page"}
        return {
            "page": names.get(id(page), ""),
            "error": page.error.text() if not page.error.isHidden() else "",
            "explained": page.explained.text(),
            "fields": {edit.accessibleName(): edit.text() for edit in page.findChildren(QLineEdit)},
            "shown": [edit.accessibleName() for edit in page.findChildren(QLineEdit) if edit.isVisible()],
            "providers": [
                key for key, each in getattr(page, "provider_buttons", {}).items() if not each.isHidden()
            ],
            "busy": page.is_busy,
            "opened": opened,
            "mails": len(mails.mails) if mails is not None else 0,
        }

    async def mail(self, request: Request) -> Request:
        """Tell what the newest of the mails holds that are shown."""
        dialog = self._verbs.dialog or self._verbs.change
        mails = getattr(dialog, "mails", None) or self._verbs.mails
        if mails is None or not mails.mails:
            raise LookupError("no mails are shown")
        return {"code": mails.mails[0].code, "link": mails.mails[0].link}

    async def end_others(self, request: Request) -> Request:
        """Sign out on the other devices; the question is answered with yes."""
        self._whole.window.actions_table[ActionId.END_OTHERS].trigger()
        return {}

    @property
    def _verbs(self) -> SignInVerbs:
        return self._whole.window.sign_in

    @property
    def _page(self) -> Any:
        dialog: SignInDialog | ChangeDialog | None = self._verbs.dialog or self._verbs.change
        if dialog is None or dialog.page is None:
            raise LookupError("no sign-in is shown")
        return dialog.page
