"""Joins what a window offers about accounts with the services that carry it out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from chatdesk.app.account_book import KnownAccount
from chatdesk.domain.errors import ChatDeskError, Retryable
from chatdesk.domain.profile import Profile
from chatdesk.domain.project import Finding
from chatdesk.domain.session import Account, BackendKind
from chatdesk.language.door import _, sentence
from chatdesk.services.loaded import EntriesLoaded
from chatdesk.services.project_check import ProjectCheckService
from chatdesk.ui.account_facts import AccountChoice
from chatdesk.ui.words import failure_words

if TYPE_CHECKING:
    from chatdesk.app.open_window import OpenWindow
    from chatdesk.services.copying.reports import CopyProgress, CopyReport
    from chatdesk.ui.dialogs.copy_chats import CopyChatsDialog
    from chatdesk.ui.dialogs.first_run import FirstRunPage
    from chatdesk.ui.dialogs.project_check import ProjectCheckDialog

OFFERED = "copy_offered"


class AccountWiring:
    """One window's accounts: the list, going from one to another, adding, checking, copying, deleting."""

    def __init__(self, whole: OpenWindow) -> None:
        self._whole = whole
        application, window = whole.whole, whole.window
        self.check = ProjectCheckService(application.inspector, application.scope)
        self.checking: ProjectCheckDialog | None = None
        self._copying: CopyChatsDialog | None = None
        join, verbs = whole.bonds.join, window.account
        verbs.choices = self.choices
        verbs.switch_requested.connect(self.switch)
        window.sign_in.page_made.connect(self._join_first_run)
        verbs.add_requested.connect(window.show_first_run)
        verbs.check_requested.connect(self._check_open)
        verbs.copy_requested.connect(self._ask_copy)
        verbs.delete_requested.connect(application.deletion.delete)
        join(application.deletion.progressed, self._deleting)
        join(application.deletion.failed, self._not_deleted)
        self.check.found.connect(self._found)
        self.check.finished.connect(self._finished)
        self.check.failed.connect(self._not_checked)
        join(application.copying.progressed, self._copy_progressed)
        join(application.copying.copied, self._copied)
        join(application.copying.failed, self._not_copied)
        join(application.open_account.entries_loaded, self._offer_copy)
        join(whole.profiles.profile_changed, self._name)

    def _join_first_run(self, page: FirstRunPage) -> None:
        page.known.chosen.connect(self.switch)
        page.form.check_requested.connect(self._check_form)

    @property
    def copying(self) -> CopyChatsDialog:
        """The dialog about copying chats; made when it is needed first."""
        from chatdesk.ui.dialogs.copy_chats import CopyChatsDialog

        if self._copying is None:
            self._copying = CopyChatsDialog(self._whole.theme, self._whole.window)
            self._copying.copy_requested.connect(self._copy)
            self._copying.cancel_requested.connect(self._whole.whole.copying.cancel)
        return self._copying

    # The list -----------------------------------------------------------------------------------------------

    def choices(self) -> tuple[AccountChoice, ...]:
        """Return the accounts of this computer; the open one is marked."""
        opened = self._whole.whole.open_account.account
        key = opened.key if opened is not None else ""
        found = [_choice(known, key) for known in self._whole.whole.accounts.known()]
        return tuple(sorted(found, key=lambda choice: not choice.is_open))

    def switch(self, key: str) -> None:
        """Show another account in all windows of this process, or go back to the open one."""
        if self._whole.whole.switch.wanted == key:
            self._whole.window.show_chat()
            return
        self._whole.session.switch_to(key)

    def _name(self, profile: Profile) -> None:
        opened = self._whole.whole.open_account.account
        if opened is not None and profile.id == opened.user_id and self._is_active:
            name = profile.display_name or profile.username
            if name:
                self._whole.whole.accounts.name(opened, name)

    @property
    def _is_active(self) -> bool:
        return self._whole is self._whole.whole.windows.active

    # Looking at a project -----------------------------------------------------------------------------------

    def _check_form(self, url: str, api_key: str) -> None:
        self._show_check(url, lambda: self.check.check(url, api_key))

    def _check_open(self) -> None:
        opened = self._whole.whole.open_account.account
        if opened is not None:
            place = opened.url or _("On this computer")
            self._show_check(place, self.check.check_open)

    def _show_check(self, url: str, look: Callable[[], None]) -> None:
        from chatdesk.app.schema_script import schema_script
        from chatdesk.ui.dialogs.project_check import ProjectCheckDialog

        if self.checking is None:
            self.checking = ProjectCheckDialog(self._whole.theme, url, schema_script, self._whole.window)
            self.checking.finished.connect(self._check_closed)

            def again() -> None:
                if self.checking is not None:
                    self.checking.begin()
                look()

            self.checking.check_requested.connect(again)
            self.checking.open()
            look()

    def _check_closed(self) -> None:
        self.checking = None
        self.check.stop()

    def _found(self, finding: Finding) -> None:
        if self.checking is not None:
            self.checking.show_finding(finding)

    def _finished(self, whole: bool) -> None:
        if self.checking is not None:
            self.checking.finish(whole)

    def _not_checked(self, failure: ChatDeskError) -> None:
        if self.checking is not None:
            self.checking.show_failure(failure_words(failure))

    # Deleting -----------------------------------------------------------------------------------------------

    def _deleting(self, removed: int) -> None:
        if (dialog := self._whole.window.account.deleting) is not None:
            dialog.show_progress(removed)

    def _not_deleted(self, failure: ChatDeskError) -> None:
        if (dialog := self._whole.window.account.deleting) is not None:
            words = failure_words(failure)
            if isinstance(failure, Retryable):
                # Unlike what is written, this is not tried again by itself.
                still = _("The account is still there. Try again.")
                words = f"{sentence(failure.message)} {still}"
            dialog.show_failure(words)

    # Copying ------------------------------------------------------------------------------------------------

    def _ask_copy(self) -> None:
        self.copying.ask([choice for choice in self.choices() if not choice.is_open])

    def _copy(self, key: str) -> None:
        self._whole.whole.copying.copy(key)

    def _copy_progressed(self, progress: CopyProgress) -> None:
        self.copying.show_progress(progress)

    def _copied(self, report: CopyReport) -> None:
        from chatdesk.ui.dialogs.copy_chats import copied_words

        self.copying.show_copied(report)
        if self.copying.isHidden() and self._is_active:
            level = "warning" if report.problems.count else "neutral"
            self._whole.window.notices.tell(self.copying.title.text(), copied_words(report), level)

    def _not_copied(self, failure: ChatDeskError) -> None:
        self.copying.show_failure(failure_words(failure))
        if self.copying.isHidden() and self._is_active:
            title = _("The chats of the other account were not all copied.")
            self._whole.window.notices.tell(title, failure_words(failure), "error")

    def _offer_copy(self, loaded: EntriesLoaded) -> None:
        """Tell once, when an account that is new here is empty, that there are chats on this computer."""
        opened = self._whole.whole.open_account.account
        if opened is None or opened.kind is BackendKind.LOCAL or loaded.entries or not self._is_active:
            return
        locals_ = [each for each in self.choices() if _is_local(self._whole.whole.accounts.known(), each.key)]
        if locals_:
            self._whole.whole.open_account.start(self._offer_once(opened), "offer to copy")

    async def _offer_once(self, opened: Account) -> None:
        store = self._whole.whole.open_account.store
        if await store.setting(OFFERED):
            return
        await store.save_setting(OFFERED, "1")
        if self._whole.whole.open_account.account == opened:
            self._whole.window.notices.tell(
                _("You have chats on this computer."),
                _("They can be copied into this account."),
                "neutral",
                (_("Copy chats…"), self._ask_copy),
            )


def _choice(known: KnownAccount, opened: str) -> AccountChoice:
    account = known.account
    local = account.kind is BackendKind.LOCAL
    line = account.email or (_("On this computer") if local else account.url)
    name = known.name or account.email or (_("On this computer") if local else account.url)
    return AccountChoice(account.key, name, line, account.key == opened)


def _is_local(known: tuple[KnownAccount, ...], key: str) -> bool:
    return any(each.account.key == key and each.account.kind is BackendKind.LOCAL for each in known)
