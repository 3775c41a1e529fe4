"""Finding the embedded back end, or starting it, and staying its client."""

from __future__ import annotations

import asyncio
import logging
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from chatdesk import __version__
from chatdesk.backend.local_process import (
    default_command,
    last_log_line,
    reap_local_backends,
    start_local_backend,
)
from chatdesk.backend.local_server import PORT_FILE, LocalServer, read_port_file
from chatdesk.backend.loopback import keep_loopback_direct
from chatdesk.config.paths import private_directory
from chatdesk.domain.clock import Clock, SystemClock
from chatdesk.domain.errors import Misconfigured, Offline
from chatdesk.domain.session import Session
from chatdesk.domain.sign_in import LocalMail
from chatdesk.runtime.tasks import TaskScope

_log = logging.getLogger(__name__)

DEADLINE = 30.0
_POLL = 0.02
_STARTING_POLL = 0.005
"""While a server of ours starts: a look costs 30 µs, and a look that comes late keeps the window waiting."""
_LONGEST_POLL = 0.3
_LOCK_TAKEN = 3
"""The server's exit code when another one holds the home."""


class LocalLauncher:
    """The way to the embedded back end of this OS user.

    ``home`` is the back end's directory, ``linger`` how many seconds a server that we start outlives its last
    client, ``command`` what starts it. One instance per application; its methods run on one event loop.
    """

    def __init__(
        self,
        home: Path,
        linger: float = 30,
        command: Sequence[str] | None = None,
        *,
        clock: Clock | None = None,
    ) -> None:
        self._home = home
        self._linger = linger
        self._command = list(command) if command is not None else default_command()
        self._clock = clock or SystemClock()
        self._scope = TaskScope("local back end")
        self._busy = asyncio.Lock()
        self._server: LocalServer | None = None
        self._control: ClientConnection | None = None
        self._on_lost: Callable[[str], None] | None = None
        self._releases = 0

    @property
    def server(self) -> LocalServer | None:
        """The server whose client we are, or None."""
        return self._server

    async def ensure(self, install_key: str) -> LocalServer:
        """Return the running server, started if there is none, with our control connection already open.

        ``install_key`` is 32 bytes in base64url; only a server that is started now uses it. However many
        processes call this at once, one server results. A server met while it stops is waited for and
        replaced. Raises ``Misconfigured`` (it cannot start here, or is of another version) and ``Offline``
        (not ready in 30 s), with the last line of its log.
        """
        async with self._busy:
            if self._server is not None:
                return self._server
            keep_loopback_direct()
            try:
                private_directory(self._home)
            except OSError as error:
                raise Misconfigured(
                    f"The directory {self._home} cannot be used: {error.strerror or error}.",
                    "Choose another data directory (CHATDESK_DATA) or repair its permissions.",
                ) from error
            deadline = self._clock.monotonic() + DEADLINE
            async with self._start_lock(deadline):
                releases = self._releases
                server, control = await self._find_or_start(install_key, deadline)
            if releases != self._releases:  # nobody wants it any more
                await control.close()
                raise _not_running()
            self._server, self._control = server, control
            self._scope.start(self._watch_control(control), "control")
            return server

    async def hold(self, on_lost: Callable[[str], None]) -> None:
        """Stay a client until ``release``; ``on_lost(reason)`` is called once if the server goes away first.

        Returns at once. After a loss ``ensure`` finds or starts a server again, and ``hold`` has to be called
        anew. Raises ``Offline`` when there is no server to hold: ``ensure`` comes first.
        """
        if self._server is None:
            raise _not_running()
        self._on_lost = on_lost

    async def mint_session(self) -> Session:
        """Return a new session of the owner of this computer's back end, which needs no password.

        Being able to read the port file is the proof. Raises ``Offline``, ``Retryable`` or ``Refused``.
        """
        if self._server is None:
            raise _not_running()
        from chatdesk.backend.local_session import request_session

        return await request_session(self._server, self._clock)

    async def mails(self) -> tuple[LocalMail, ...]:
        """Return the mails of this computer, newest first. Raises ``Offline`` and ``Retryable``."""
        if self._server is None:
            raise _not_running()
        from chatdesk.backend.local_mails import request_mails

        return await request_mails(self._server)

    async def release(self) -> None:
        """Stop being a client; the server ends on its own when nobody else is one. Safe to call twice."""
        self._on_lost = None
        self._releases += 1
        control, self._control, self._server = self._control, None, None
        await self._scope.close()
        if control is not None:
            await control.close()
        self._scope = TaskScope("local back end")
        reap_local_backends()

    async def _find_or_start(self, install_key: str, deadline: float) -> tuple[LocalServer, ClientConnection]:
        """Called under the start lock, so nobody else starts one meanwhile."""
        child: subprocess.Popen[bytes] | None = None
        pause = _POLL
        while True:
            # A port file is believed only while its server's lock is held. Otherwise somebody else's program
            # could wait at the port of a dead server, and be handed our tokens.
            if child is None and self._server_is_gone():
                child = await self._start(install_key)
                pause = _STARTING_POLL
            if (server := read_port_file(self._home)) is not None:
                _check_version(server)
                if (control := await self._connect(server)) is not None:
                    return server, control
                pause = min(pause * 2, _LONGEST_POLL)
            if child is not None and (code := child.poll()) is not None:
                child = None
                if code != _LOCK_TAKEN:  # else one was started by hand, without our lock
                    raise self._failed(
                        f"The back end on this computer ended with code {code} while starting."
                    )
            if self._clock.monotonic() > deadline:
                raise self._failed("The back end on this computer was not ready in 30 seconds.")
            await self._clock.sleep(pause)

    def _server_is_gone(self) -> bool:
        """Whether no server holds the home; a port file that a killed one left is removed."""
        lock = FileLock(self._home / "server.lock", mode=0o600)
        try:
            with lock.acquire(blocking=False):
                (self._home / PORT_FILE).unlink(missing_ok=True)
        except Timeout:
            return False
        return True

    async def _start(self, install_key: str) -> subprocess.Popen[bytes]:
        _log.debug("Starting the back end on this computer")
        try:
            # In a thread: the system may take its time over a new process, and this loop paints the window.
            return await asyncio.to_thread(
                start_local_backend,
                self._command,
                self._home,
                self._linger,
                install_key,
                debug=_log.isEnabledFor(logging.DEBUG),
            )
        except OSError as error:
            raise Misconfigured(
                f"The back end on this computer could not be started: {error.strerror or error}.",
                "Install ChatDesk again, or check the permissions of its directories.",
            ) from error

    async def _connect(self, server: LocalServer) -> ClientConnection | None:
        try:
            return await connect(
                server.control_url,
                additional_headers={"Authorization": f"Bearer {server.control_token}"},
                proxy=None,
                compression=None,
                open_timeout=5,
                close_timeout=1,
            )
        except (OSError, WebSocketException) as error:
            _log.debug("No control connection to %s: %s", server.url, error)
            return None

    async def _watch_control(self, control: ClientConnection) -> None:
        await control.wait_closed()
        if self._control is not control:
            return
        self._control = self._server = None
        reap_local_backends()
        if self._on_lost is not None:
            on_lost, self._on_lost = self._on_lost, None
            on_lost(control.close_reason or f"closed with code {control.close_code}")

    def _failed(self, what: str) -> Offline:
        line, log = last_log_line(self._home), self._home / "server.log"
        last_words = f"Its last words: {line}."
        return Offline(
            f"{what} {last_words}" if line else what,
            f"Try again; if it stays so, the whole story is in {log}.",
        )

    @asynccontextmanager
    async def _start_lock(self, deadline: float) -> AsyncIterator[None]:
        lock = FileLock(self._home / "start.lock", mode=0o600)
        while True:
            try:
                lock.acquire(blocking=False)
                break
            except Timeout:
                if self._clock.monotonic() > deadline:
                    raise self._failed(
                        "Another window has been starting the back end for 30 seconds."
                    ) from None
            await self._clock.sleep(_POLL)
        try:
            yield
        finally:
            lock.release()


def _not_running() -> Offline:
    return Offline("The back end on this computer is not running.", "Try again in a moment.")


def _check_version(server: LocalServer) -> None:
    if server.version.split(".")[:2] != __version__.split(".")[:2]:
        raise Misconfigured(
            f"The back end on this computer is of version {server.version}, this window is {__version__}.",
            "Close all windows of ChatDesk, wait half a minute and start it again.",
            code="version_mismatch",
        )
