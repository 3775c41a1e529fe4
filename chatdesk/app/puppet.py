"""The other end of the strings: carries out a puppeteer's requests in this instance.

Requests do what a person's hands would do: they press the window's own buttons and keys.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QMimeData

from chatdesk.app.puppet_account import AccountStrings
from chatdesk.app.puppet_accounts import ManyAccountsStrings
from chatdesk.app.puppet_chats import ChatStrings
from chatdesk.app.puppet_eyes import WindowEyes
from chatdesk.app.puppet_files import FileStrings
from chatdesk.app.puppet_load import LoadStrings
from chatdesk.app.puppet_people import PeopleStrings
from chatdesk.app.puppet_pictures import PictureStrings, portrait
from chatdesk.app.puppet_sharing import SharingStrings
from chatdesk.app.puppet_sign_in import Browser, SignInStrings
from chatdesk.app.puppet_strings import WINDOW
from chatdesk.app.puppet_transfer import TransferStrings
from chatdesk.app.puppet_versions import VersionStrings
from chatdesk.app.puppet_windows import WindowStrings
from chatdesk.app.stall_probe import StallProbe
from chatdesk.runtime.tasks import TaskScope

if TYPE_CHECKING:
    from chatdesk.app.application import Application
    from chatdesk.app.open_window import OpenWindow
    from chatdesk.services.reply_alerts import ReplyAlert

Request = dict[str, Any]


class PuppetStrings(
    AccountStrings,
    ChatStrings,
    FileStrings,
    LoadStrings,
    ManyAccountsStrings,
    PeopleStrings,
    PictureStrings,
    SharingStrings,
    SignInStrings,
    TransferStrings,
    VersionStrings,
    WindowStrings,
    WindowEyes,
):
    """Reads requests from stdin in a thread, answers on stdout, and tells events as they happen.

    Events: ``painted`` (message_id, at: monotonic ns), ``changed`` (something may have; look again).
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        self._scope = TaskScope("puppet")
        self._loop = asyncio.get_running_loop()
        self._out = threading.Lock()
        self._probe = StallProbe()
        self.browser = Browser()
        self._alerts: list[ReplyAlert] = []
        application.tray.alerts.alerted.connect(self._alerts.append)
        application.tray.alerts.alerted.connect(self._changed)
        self.watch_process()
        for each in application.windows.all:
            self.watch_window(each)
        application.windows.opened.connect(self.watch_window)

    def watch_process(self) -> None:
        """Tell of what happens to all windows."""
        whole = self._application
        for signal in (
            whole.open_account.changes_applied,
            whole.open_account.entries_loaded,
            whole.open_account.state_changed,
            whole.open_account.delta_received,
            whole.open_account.leaving_changed,
            whole.open_account.conversations.leaving_changed,
            whole.generation.replying_changed,
            whole.generation.reply_withheld,
            whole.models.models_changed,
            whole.profiles.profile_changed,
            whole.profiles.picture_loaded,
            whole.notices.noticed,
            whole.sharing.roster_changed,
            whole.sharing.invitations_changed,
            whole.sharing.done,
            whole.sharing.failed,
            whole.sharing.joined,
            whole.kept.found,
            whole.kept.wanted,
            whole.people.circle.changed,
            whole.people.presence.viewers_changed,
            whole.people.presence.devices_changed,
            whole.people.typing.changed,
            whole.people.receipts.changed,
            whole.portability.progressed,
            whole.portability.exported,
            whole.portability.examined,
            whole.portability.imported,
            whole.portability.failed,
            whole.portability.cancelled,
            whole.copying.progressed,
            whole.copying.copied,
            whole.copying.failed,
            whole.deletion.failed,
            whole.deletion.deleted,
            whole.session.signed_in,
            whole.session.signed_out,
            whole.session.signed_in_again,
            whole.session.sign_in_again_failed,
            whole.session.busy_changed,
            whole.session.sign_in_failed,
            whole.session.vault_missing,
        ):
            signal.connect(self._changed)

    def watch_window(self, which: OpenWindow) -> None:
        """Tell of what happens in a window."""
        which.timeline.painted.connect(self._painted)
        for signal in (
            which.realtime.messages_loaded,
            which.realtime.current_conversation_changed,
            which.realtime.draft_loaded,
            which.realtime.message_refused,
            which.messages.choices_changed,
            which.messages.version_arrived,
            which.wiring.accounts.check.found,
            which.wiring.accounts.check.finished,
            which.wiring.accounts.check.failed,
        ):
            signal.connect(self._changed)

    def start(self) -> None:
        """Listen until stdin ends, which closes every window."""
        self._probe.start()
        threading.Thread(target=self._read, name="puppet strings", daemon=True).start()

    # Requests -----------------------------------------------------------------------------------------------

    async def sign_in(self, request: Request) -> Request:
        """Choose this computer on the first page."""
        self._whole.window.first_run.local_button.click()
        return {}

    async def connect(self, request: Request) -> Request:
        """Fill in the first page's form and press its button; what is not in the request is left as it is."""
        form = self._whole.window.first_run.form
        fields = {"url": form.url, "key": form.api_key, "email": form.email, "password": form.password}
        for name, field in fields.items():
            if name in request:
                field.setText(request[name])
        if "create" in request:
            form.create_box.setChecked(request["create"])
        form.button.click()
        return {}

    async def accept(self, request: Request) -> Request:
        """Say yes to the question on screen; returns it."""
        dialog = self._question()
        if dialog is None:
            raise LookupError("nothing is asked")
        asked = dialog.accessibleName()
        dialog.yes_button.click()
        return {"question": asked}

    async def cancel(self, request: Request) -> Request:
        """Say no to the question on screen."""
        dialog = self._question()
        if dialog is None:
            raise LookupError("nothing is asked")
        dialog.cancel_button.click()
        return {}

    async def create(self, request: Request) -> Request:
        """Start a conversation under a title and wait until it is the open one."""
        models, realtime = self._whole.generation.models, self._whole.realtime
        conversation_id = realtime.create_conversation(request["title"], models[0] if models else None)
        await self._until(realtime.draft_loaded, lambda: realtime.current_conversation == conversation_id)
        return {"conversation_id": conversation_id}

    async def open(self, request: Request) -> Request:
        """Choose a conversation in the list and wait until its messages are shown."""
        realtime, chosen = self._whole.realtime, request["conversation_id"]
        self._whole.window.sidebar.list.open_requested.emit(chosen, True)
        await self._until(realtime.draft_loaded, lambda: realtime.current_conversation == chosen)
        return {}

    async def rename(self, request: Request) -> Request:
        self._whole.window.rename_requested.emit(request["conversation_id"], request["title"])
        return {}

    async def delete(self, request: Request) -> Request:
        """Delete a conversation as when the time for taking it back is over."""
        self._whole.realtime.delete_conversation(request["conversation_id"])
        return {}

    async def profile(self, request: Request) -> Request:
        """Save the profile; with ``portrait`` a drawn picture goes along."""
        picture = portrait() if request.pop("portrait", False) else None
        updates = {key: value for key, value in request.items() if key != "do"}
        self._whole.profiles.save(updates, picture)
        return {}

    async def theme(self, request: Request) -> Request:
        self._whole.theme.set_mode(request["mode"])
        return {}

    async def send(self, request: Request) -> Request:
        """Write into the composer and press its button; ``at`` is the moment of the press."""
        composer, realtime = self._whole.window.composer, self._whole.realtime
        accepted: asyncio.Future[str] = self._loop.create_future()

        def note(message_id: str) -> None:
            if not accepted.done():
                accepted.set_result(message_id)

        connection = realtime.message_accepted.connect(note)
        self._paste(request["text"])
        pressed = time.monotonic_ns()
        composer.button.click()
        try:
            return {"message_id": await accepted, "at": pressed}
        finally:
            realtime.message_accepted.disconnect(connection)

    async def type(self, request: Request) -> Request:
        """Write into the composer and leave it there."""
        self._paste(request["text"])
        return {}

    async def clear(self, request: Request) -> Request:
        """Take away what is in the composer."""
        self._whole.window.composer.field.clear()
        return {}

    async def press(self, request: Request) -> Request:
        """Press the composer's button, whatever comes of it."""
        self._whole.window.composer.button.click()
        return {}

    async def say(self, request: Request) -> Request:
        """Send past the composer, as another part of the program might; with ``reply`` a model is asked."""
        realtime, chosen = self._whole.realtime, request["conversation_id"]
        wanted = request.get("reply", False)
        message_id = realtime.send_message(chosen, "user", request["text"], wants_reply=wanted)
        if wanted:
            self._whole.generation.request_reply(chosen, message_id, realtime)
        return {"message_id": message_id}

    async def stop(self, request: Request) -> Request:
        """Press the composer's button, which is Stop while a reply is written."""
        composer = self._whole.window.composer
        if composer.button.accessibleName() != "Stop the reply":
            raise LookupError("there is nothing to stop")
        composer.button.click()
        return {}

    async def quit(self, request: Request) -> Request:
        self._loop.call_soon(self._application.windows.quit)
        return {}

    async def _until(self, signal: Any, met: Callable[[], bool]) -> None:
        """Wait for a signal after which a condition holds, unless it holds now."""
        happened = asyncio.Event()

        def look(*_: object) -> None:
            if met():
                happened.set()

        connection = signal.connect(look)
        look()
        try:
            await happened.wait()
        finally:
            signal.disconnect(connection)

    def _paste(self, text: str) -> None:
        pasted = QMimeData()
        pasted.setText(text)
        self._whole.window.composer.field.insertFromMimeData(pasted)

    # Inside -------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        for line in sys.stdin:
            self._loop.call_soon_threadsafe(self._take, json.loads(line))
        self._loop.call_soon_threadsafe(self._application.windows.quit)

    def _take(self, request: Request) -> None:
        self._scope.start(self._answer(request), request["do"])

    async def _answer(self, request: Request) -> None:
        number = request.pop("id")
        WINDOW.set(request.pop("window", None))
        work: Callable[[Request], Awaitable[Request]] = getattr(self, request["do"])
        try:
            answer = await work(request)
        except Exception as failure:
            answer = {"could_not": f"{type(failure).__name__}: {failure}"}
        self._tell({"id": number, **answer})

    def _painted(self, message_id: str) -> None:
        self._tell({"event": "painted", "message_id": message_id, "at": time.monotonic_ns()})

    def _changed(self, *_: object) -> None:
        self._tell({"event": "changed"})

    def _tell(self, what: Request) -> None:
        with self._out:
            sys.stdout.write(json.dumps(what, default=str) + "\n")
            sys.stdout.flush()
