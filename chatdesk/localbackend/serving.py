"""The HTTP server: its port, the file that says where it is, and whether anybody still needs it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from chatdesk import __version__
from chatdesk.localbackend.accounts.settings import read_settings
from chatdesk.localbackend.application import Settings, build_application
from chatdesk.localbackend.control import Control
from chatdesk.localbackend.database import Database
from chatdesk.localbackend.linger import Linger
from chatdesk.localbackend.port_file import remove_port_file, write_port_file
from chatdesk.localbackend.secrets import Secrets
from chatdesk.localbackend.tokens import make_anon_key

__all__ = ["Serving"]

_GOODBYE_SECONDS = 2.0


class Serving:
    """All that a client meets, on a free port of 127.0.0.1.

    ``nobody_left`` is called when the last client has been gone for ``linger`` seconds, or none ever came.
    """

    def __init__(
        self, home: Path, linger: float, keys: Secrets, database: Database, nobody_left: Callable[[], None]
    ) -> None:
        self._home = home
        self._keys = keys
        self._control = control = Control(secrets.token_urlsafe(32))
        storage = home / "storage"
        storage.mkdir(mode=0o700, exist_ok=True)
        application = build_application(
            database=database,
            secrets=keys,
            storage=storage,
            control=control,
            settings=Settings(auth=read_settings(home)),
        )
        # No access log: addresses of websockets carry the key, and uninteresting lines hide the others.
        self._runner = web.AppRunner(
            application, access_log=None, handle_signals=False, shutdown_timeout=_GOODBYE_SECONDS
        )

        def left() -> None:
            control.refuse()
            nobody_left()

        self._linger = Linger(linger, lambda: control.clients, left)
        control.on_change = self._linger.clients_changed

    async def open(self) -> int:
        """Serve, let ourselves be found, and return the port."""
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        port = int(self._runner.addresses[0][1])
        write_port_file(
            self._home,
            port=port,
            anon_key=make_anon_key(self._keys.jwt),
            control_token=self._control.control_token,
            version=__version__,
        )
        self._linger.start()
        return port

    def hide(self) -> None:
        """Nobody new may find us; a client on its way here is sent away by the control."""
        remove_port_file(self._home)
        self._control.on_change = None
        self._linger.cancel()

    async def close(self) -> None:
        """End every connection."""
        await self._control.close()
        await self._runner.cleanup()
