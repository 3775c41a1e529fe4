"""ChatDesk as a whole: makes the parts, shows the window, and takes everything down in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from chatdesk import __version__
from chatdesk.app.account_book import AccountBook
from chatdesk.app.account_watch import AccountWatch
from chatdesk.app.accounts import MachineAccounts
from chatdesk.app.appearance import Appearance
from chatdesk.app.copying import MachineSources
from chatdesk.app.deletion import Deletion
from chatdesk.app.inspector import MachineInspector
from chatdesk.app.open_windows import OpenWindows
from chatdesk.app.people import People
from chatdesk.app.secrets import Secrets
from chatdesk.app.sign_out import SignOut
from chatdesk.app.slow_import import window_painted
from chatdesk.app.switching import Switch
from chatdesk.app.tray_wiring import TrayWiring
from chatdesk.app.update_look import update_look
from chatdesk.app.workspace import Workspace
from chatdesk.config.paths import data_directory
from chatdesk.config.preferences import FILE as PREFERENCES
from chatdesk.config.preferences import Preferences
from chatdesk.diagnostics.logs import set_up_logging
from chatdesk.domain.clock import Clock, SystemClock
from chatdesk.domain.errors import ChatDeskError
from chatdesk.domain.session import Account, LinkState
from chatdesk.providers.base import ChatProvider, LocalModel
from chatdesk.providers.registry import connected
from chatdesk.runtime.loop import keep_for_good, run_in_qt
from chatdesk.runtime.tasks import TaskScope
from chatdesk.services.attachments import AttachmentService
from chatdesk.services.copying.service import CopyService
from chatdesk.services.generation import GenerationService
from chatdesk.services.kept import KeptTexts
from chatdesk.services.models import ModelService
from chatdesk.services.notices import NoticeLevel, NoticeService
from chatdesk.services.open_account import OpenAccount
from chatdesk.services.portability.service import PortabilityService
from chatdesk.services.preferences import PreferenceService
from chatdesk.services.profiles import ProfileService
from chatdesk.services.realtime import RealtimeService
from chatdesk.services.session import SessionService
from chatdesk.services.sharing import SharingService
from chatdesk.services.succession import Succession
from chatdesk.services.updates import UpdateService
from chatdesk.ui.main_window import MainWindow
from chatdesk.ui.markdown import highlight
from chatdesk.ui.settings.installation import Installation
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.tray import Tray
from chatdesk.ui.words import failure_words

if TYPE_CHECKING:
    from chatdesk.app.wake import WakeWatch

_log = logging.getLogger(__name__)

WARM_UP_SECONDS = 2.0

LINGER_SECONDS = 30.0
"""How long the embedded back end outlives the last window: a restart finds it warm."""


class Application:
    """One running instance with its windows.

    ``provider`` answers messages beside those that the user has set up, None where the environment names
    none; ``titles``: whether it makes titles as well. ``linger`` as in ``LINGER_SECONDS``.
    """

    def __init__(
        self,
        application: QApplication,
        *,
        provider: ChatProvider | None,
        titles: bool = False,
        built_in: LocalModel | None = None,
        memory_vault: bool = False,
        linger: float = LINGER_SECONDS,
        clock: Clock | None = None,
        tray: Tray | None = None,
    ) -> None:
        self.qt = application
        self.data = data_directory()
        self.clock = clock = clock or SystemClock()
        self.closed = asyncio.Event()
        self.scope = TaskScope("application", self._failed)
        self.notices = NoticeService()
        self.open_account = OpenAccount(clock, self.notices)
        self.attachments = AttachmentService(self.open_account, self.notices)
        self.profiles = ProfileService(self.open_account)
        self.portability = PortabilityService(self.open_account, clock, self.data, self.attachments.read)
        self.sharing = SharingService(self.open_account, clock)
        self.kept = KeptTexts(self.open_account)
        self.succession = Succession(self.open_account)
        secrets = Secrets(self.data / "keys.lock", memory=memory_vault)
        self.preferences = PreferenceService(Preferences(self.data / PREFERENCES))
        self.models = ModelService(
            account=self.open_account,
            preferences=self.preferences,
            notices=self.notices,
            secrets=secrets,
            factory=connected,
            fixed=provider,
            fixed_titles=titles,
            built_in=built_in,
        )
        self.generation = GenerationService(
            self.open_account, self.notices, clock, self.models, read_file=self.attachments.read
        )
        self.models.models_changed.connect(self.generation.models_changed)
        book = AccountBook(self.data / "accounts.json")
        self.accounts = MachineAccounts(self.data, book, secrets, clock, linger)
        self.session = SessionService(self.accounts, self.scope)
        self.copying = CopyService(self.open_account, self.profiles, MachineSources(self.accounts), clock)
        self.inspector = MachineInspector(self.accounts, self.open_account)
        self._provider = provider
        self.people = People(application, self.open_account, self.profiles, self.preferences, clock)
        self.theme = Theme()
        self.appearance = Appearance(application, self.theme, self.preferences)
        self.installation = self._installation()
        self.updates = UpdateService(
            __version__, update_look(os.environ), self.preferences, self.notices, clock
        )
        self.sign_out_road = SignOut(self)
        self.switch = Switch(self)
        self.deletion = Deletion(self)
        self.windows = OpenWindows(self)
        self.windows.last_closed.connect(self.closed.set)
        self.workspace = Workspace(
            data=self.data,
            accounts=self.accounts,
            open_account=self.open_account,
            generation=self.generation,
            models=self.models,
            profiles=self.profiles,
            attachments=self.attachments,
            searches=self.windows,
            portability=self.portability,
            sharing=self.sharing,
            copying=self.copying,
            succession=self.succession,
            notices=self.notices,
            clock=clock,
        )
        self.windows.make()
        self.tray = TrayWiring(self, tray or Tray(application))
        self._asked_for_vault = False
        self.accounts.on_vault_missing = self._vault_missing
        self.session.vault_missing.connect(self._ask_session_only)
        self.preferences.save_failed.connect(self._not_saved)
        self.session.signed_in.connect(self._signed_in)
        self.session.signed_in_again.connect(self._signed_in_again)
        self.accounts.on_account_gone = self.deletion.gone
        self.accounts.on_server_newer = self._server_newer
        self.watch = AccountWatch(clock)
        self.watch.changed.connect(self._look_at_account)
        self._looking: asyncio.Task[None] | None = None
        self.wake: WakeWatch | None = None
        self._painted = asyncio.Event()

    def _installation(self) -> Installation:
        provider = self._provider
        return Installation(
            models=tuple(provider.models) if provider is not None else (),
            provider=provider.name if provider is not None else "",
            key_set=bool(os.environ.get("CHATDESK_API_KEY", "").strip()),
            data=self.data,
        )

    # What belongs to the window in front -------------------------------------------------------------------

    @property
    def window(self) -> MainWindow:
        return self.windows.active.window

    @property
    def realtime(self) -> RealtimeService:
        return self.windows.active.realtime

    # Life ---------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Show the window, live until the last one is closed, and leave nothing behind."""
        self.start()
        await self.closed.wait()
        await self.stop()

    def start(self) -> None:
        """Show the window and open the last account, or ask for one."""
        self.windows.active.timeline.painted.connect(self._note_painted)
        highlight.put_off()
        self.window.show()
        if self.preferences.recovered:
            self.notices.tell(self.preferences.recovered, "", NoticeLevel.WARNING)
        self.tray.start()
        self.updates.start()
        self.session.resume()
        self.scope.start(self._after_painting(), "after the first painting")

    async def stop(self) -> None:
        """Close the account and its back end; the windows are gone already, so nobody waits for a network."""
        for each in self.windows.all:
            each.window.hide()
        self.tray.tray.show(False)
        await self.tray.notifier.close()
        await self.updates.close()
        await self.sign_out_road.finished()
        await self.watch.close()
        await self.scope.close()
        if self.wake is not None:
            await self.wake.close()
        highlight.go_on()
        await self.workspace.close()
        await self.accounts.release()
        await self.models.built_in.close()
        if self._provider is not None:
            await self._provider.close()

    def _note_painted(self) -> None:
        window_painted()
        self._painted.set()

    async def _after_painting(self) -> None:
        """Do what the first painting need not wait for: load what colours code, watch the network."""
        with contextlib.suppress(TimeoutError):  # there may be nothing to paint
            async with asyncio.timeout(WARM_UP_SECONDS):
                await self._painted.wait()
        if plain := highlight.left_plain():
            await asyncio.to_thread(highlight.warm_up, plain)
        highlight.go_on()
        if plain:
            for each in self.windows.all:
                each.timeline.write_again()
        await asyncio.sleep(WARM_UP_SECONDS)  # whoever connects comes first
        from chatdesk.app.wake import WakeWatch

        self.wake = WakeWatch(self.clock)
        self.wake.woken.connect(self._woken)
        self.wake.start()
        if not plain:
            await asyncio.to_thread(highlight.warm_up)
        keep_for_good()

    def sign_out(self, everywhere: bool = False) -> None:
        """Sign out, on all devices if ``everywhere``, and remove the account's files from this computer."""
        account = self.open_account.account
        if account is not None:
            self.scope.start(self._leave(account, everywhere), "sign out")

    def sign_in_again(self, email: str, password: str) -> None:
        """Go on with the open account, whose session is over."""
        account = self.open_account.account
        if account is not None:
            self.session.sign_in_again(account, email, password)

    def readdress(self, email: str) -> None:
        """Note that the open account has another e-mail address."""
        account = self.open_account.account
        if account is not None:
            changed = self.open_account.account = self.accounts.readdress(account, email)
            for each in self.windows.all:
                each.window.account.set_account(changed)

    def do_without_vault(self) -> None:
        """Go on for this session only."""
        self.session.continue_without_vault()
        if self.open_account.account is not None:
            self.open_account.engine.wake()

    def _vault_missing(self, failure: ChatDeskError) -> None:
        """Ask once: unlike a sign-in, an open account tries again and again."""
        if not self._asked_for_vault:
            self._asked_for_vault = True
            self._ask_session_only(failure)

    def _ask_session_only(self, failure: ChatDeskError) -> None:
        self.window.ask_session_only(failure_words(failure))

    def _signed_in(self, account: Account) -> None:
        self.scope.start(self.switch.open(account), "open account")

    def _server_newer(self, key: str) -> None:
        account = self.open_account.account
        if account is not None and account.key == key:
            self.notices.tell(
                "The server is newer than this ChatDesk, which may only read there.",
                "Update ChatDesk; what is written here waits until then.",
                NoticeLevel.WARNING,
            )

    def _signed_in_again(self) -> None:
        if self.open_account.account is not None:
            self.open_account.engine.signed_in_again()
            self.copying.resume()

    def _woken(self, reason: str) -> None:
        _log.info("Checking the link: %s", reason)
        if self.open_account.account is not None:
            self.open_account.engine.wake()

    def _look_at_account(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = self.scope.start(self._look(), "look at account")

    async def _leave(self, account: Account, everywhere: bool) -> None:
        await self.watch.close()
        await self.sign_out_road.leave(account, everywhere)

    async def _look(self) -> None:
        """See what another window of this computer did with the open account."""
        account = self.open_account.account
        if account is None:
            return
        if await self.workspace.was_signed_out():
            await self.watch.close()
            await self.sign_out_road.follow(account)
        elif self._needs_sign_in(account) and await self.accounts.gateway(account).renewed_elsewhere():
            self._signed_in_again()

    def _needs_sign_in(self, account: Account) -> bool:
        is_open = self.open_account.account == account
        return is_open and self.open_account.engine.state.link is LinkState.NEEDS_SIGN_IN

    def _not_saved(self) -> None:
        self.notices.tell(
            "The settings could not be saved; they hold until this window is closed.",
            "Check that the data directory can be written to.",
            NoticeLevel.WARNING,
        )

    def _failed(self, name: str, failure: BaseException) -> None:
        if isinstance(failure, ChatDeskError):
            self.notices.failed(failure)
        else:
            _log.error("Task %s failed", name, exc_info=failure)
            self.notices.tell("Something went wrong in ChatDesk.", "Restart it if it does not go on.")


def run_application(*, vault: str, puppet: bool, scripted: bool) -> int:
    """Open the window and run until it is closed; returns the exit status."""
    environment: Mapping[str, str] = os.environ
    set_up_logging(environment.get("CHATDESK_LOG", "INFO").upper(), data_directory())
    application = QApplication(sys.argv[:1])
    application.setApplicationName("ChatDesk")
    application.setApplicationDisplayName("ChatDesk")
    application.setApplicationVersion(__version__)
    application.setDesktopFileName(environment.get("FLATPAK_ID", "chatdesk"))
    application.setQuitOnLastWindowClosed(False)

    async def live() -> int:
        from chatdesk.app.set_up import built_in_model, provider_for

        provider, trouble = provider_for(environment, scripted=scripted)
        whole = Application(
            application,
            provider=provider,
            titles=not scripted,
            built_in=None if scripted else built_in_model(environment, data_directory()),
            memory_vault=vault == "memory",
            linger=0.0 if puppet else LINGER_SECONDS,
        )
        if trouble is not None:
            whole.notices.failed(trouble)
        if puppet:
            from chatdesk.app.puppet import PuppetStrings

            PuppetStrings(whole).start()
        await whole.run()
        return 0

    return run_in_qt(application, live)
