"""The server's door to PostgreSQL: pools of connections, and transactions in a caller's name."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

import asyncpg

from chatdesk.localbackend.tokens import Caller

__all__ = ["UNREACHABLE", "Database"]

# What asyncpg raises when PostgreSQL is away, starting or stopping; all of it passes.
UNREACHABLE: tuple[type[BaseException], ...] = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    # A connection that was ended in the middle of a statement, used before asyncpg has noticed its end.
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
)

_CONNECT_SECONDS = 10.0
_ACQUIRE_SECONDS = 20.0
_STATEMENT_MILLISECONDS = "30000"


async def _keep_as_is(_connection: Any) -> None:
    """Instead of asyncpg's RESET ALL round trip: everything here is set for one transaction only."""


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


class Database:
    """Three pools: ``rest`` (authenticator), ``auth`` (supabase_auth_admin) and ``admin`` (supabase_admin).

    Made by ``await Database.open(...)``; who opened it closes it. Connections are made when first needed, and
    broken ones (PostgreSQL was restarted) are replaced without a word.
    """

    def __init__(self, *, rest: Any, auth: Any, admin: Any, arguments: Mapping[str, Any]) -> None:
        self.rest = rest
        self.auth = auth
        self.admin = admin
        self._arguments = arguments
        self._listener: Any = None

    @classmethod
    async def open(
        cls, host: str, port: int, passwords: Mapping[str, str], *, database: str = "postgres", size: int = 8
    ) -> Database:
        """Connect as the three roles. ``host`` is a socket directory or an address, ``passwords`` maps role
        names to passwords, ``size`` is the most connections of the REST pool. Raises what is in
        ``UNREACHABLE``, and ``asyncpg.InvalidPasswordError``."""
        common: dict[str, Any] = {
            "host": host,
            "port": port,
            "database": database,
            "timeout": _CONNECT_SECONDS,
        }
        pools = [
            asyncpg.create_pool(
                **common,
                user=role,
                password=passwords.get(role),
                min_size=least,
                max_size=most,
                reset=_keep_as_is,
                server_settings={
                    "application_name": "chatdesk-local",
                    "search_path": path,
                    "timezone": "UTC",
                    "statement_timeout": _STATEMENT_MILLISECONDS,
                },
            )
            for role, path, least, most in (
                ("authenticator", "public", 2, size),
                ("supabase_auth_admin", "auth", 0, 3),
                ("supabase_admin", "", 1, 4),
            )
        ]
        arguments = {**common, "user": "supabase_admin", "password": passwords.get("supabase_admin")}
        made = cls(rest=pools[0], auth=pools[1], admin=pools[2], arguments=arguments)
        try:
            # All at once: each waits for a process that PostgreSQL starts for it.
            opened = await asyncio.gather(*pools, made._connect(), return_exceptions=True)
            made._listener = opened[-1]
            for failure in opened:
                if isinstance(failure, BaseException):
                    raise failure
        except BaseException:
            made._terminate()
            raise
        return made

    @contextlib.asynccontextmanager
    async def acting_as(self, caller: Caller, *, read_only: bool = False) -> AsyncIterator[Any]:
        """One transaction with the caller's role and claims: row-level security sees the caller, not us.

        Committed when the block ends well, rolled back otherwise. The start is one round trip: the settings
        travel with BEGIN. They are quoted by us and come from a token that we have signed.
        """
        async with self.rest.acquire(timeout=_ACQUIRE_SECONDS) as connection:
            try:
                await connection.execute(
                    f"BEGIN{' READ ONLY' if read_only else ''}; "
                    f"SELECT set_config('role', {_quoted(caller.role)}, true), "
                    f"set_config('request.jwt.claims', {_quoted(caller.claims_json)}, true)"
                )
            except asyncpg.InternalClientError:
                connection.terminate()  # or the pool would hand it to the next one
                raise
            try:
                yield connection
            except BaseException:
                # What the block raised counts; a rollback that fails has lost its connection anyway.
                with contextlib.suppress(*UNREACHABLE, asyncpg.PostgresError):
                    await connection.execute("ROLLBACK")
                raise
            await connection.execute("COMMIT")

    async def listener(self) -> Any:
        """A connection of its own for LISTEN, as supabase_admin; the caller closes it.

        The first one was opened together with the pools.
        """
        opened, self._listener = self._listener, None
        return await self._connect() if opened is None or opened.is_closed() else opened

    async def close(self, timeout: float = 5.0) -> None:
        """Close every pool; what is still busy after ``timeout`` seconds is cut off. May be called twice."""
        if self._listener is not None:  # nobody has asked for it
            self._listener.terminate()
            self._listener = None
        for pool in (self.rest, self.auth, self.admin):
            try:
                async with asyncio.timeout(timeout):
                    await pool.close()
            except UNREACHABLE:
                pool.terminate()

    async def _connect(self) -> Any:
        return await asyncpg.connect(**self._arguments, server_settings={"application_name": "chatdesk-feed"})

    def _terminate(self) -> None:
        """Cut off what has been opened."""
        for each in (self.rest, self.auth, self.admin, self._listener):
            with contextlib.suppress(asyncpg.InterfaceError, AttributeError):  # never opened
                each.terminate()
