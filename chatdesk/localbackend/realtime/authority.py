"""Who may hear and say what on a topic: the policies on realtime.messages, tried out and rolled back."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import asyncpg

from chatdesk.localbackend.database import Database
from chatdesk.localbackend.tokens import Caller

__all__ = ["Authority", "Rights"]

_log = logging.getLogger(__name__)

_PROBE = """insert into realtime.messages (topic, extension)
            select $1, unnest($2::text[]) returning id, extension"""
_ACT = """select set_config('role', $1, true), set_config('realtime.topic', $2, true),
                 set_config('request.jwt.claims', $3, true)"""
_SEEN = "select extension from realtime.messages where topic = $1 and id = any($2::uuid[])"
_WRITE = "insert into realtime.messages (topic, extension) values ($1, $2)"


@dataclass(frozen=True, slots=True)
class Rights:
    """What one caller may do on one topic. Presence is None where it was not asked for."""

    hear: bool
    say: bool
    see_presence: bool | None = None
    show_presence: bool | None = None

    @property
    def reads(self) -> bool:
        """Whether a join is allowed at all."""
        return self.hear or bool(self.see_presence)

    def loses(self, newer: Rights) -> bool:
        """Whether ``newer`` lacks a right to read that is here."""
        return (self.hear and not newer.hear) or (bool(self.see_presence) and newer.see_presence is False)


class Authority:
    """Asks the database, the way supabase/realtime does (lib/realtime/tenants/authorization.ex).

    Raises PostgreSQL's errors when the database is not reachable. A policy that fails allows nothing.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._maintained: date | None = None
        self._lock = asyncio.Lock()

    async def _maintain(self) -> None:
        """Make sure that today has its partition; without it neither probes nor broadcasts can be written."""
        async with self._lock:
            today = datetime.now(UTC).date()
            if self._maintained != today:
                async with self._database.admin.acquire() as connection:
                    await connection.execute("select realtime.maintain_partitions()")
                self._maintained = today

    async def rights(self, caller: Caller, topic: str, *, presence: bool) -> Rights:
        """The caller's rights on ``topic`` (without the prefix ``realtime:``)."""
        await self._maintain()
        extensions = ["broadcast", "presence"] if presence else ["broadcast"]
        async with self._database.admin.acquire() as connection:
            trial = connection.transaction()
            await trial.start()
            try:
                probes = await connection.fetch(_PROBE, topic, extensions)
                await connection.execute(_ACT, caller.role, topic, caller.claims_json)
                seen = await self._seen(connection, topic, [probe["id"] for probe in probes])
                said = [kind for kind in extensions if await self._may_write(connection, topic, kind)]
            finally:
                await trial.rollback()
        return Rights(
            hear="broadcast" in seen,
            say="broadcast" in said,
            see_presence="presence" in seen if presence else None,
            show_presence="presence" in said if presence else None,
        )

    async def _seen(self, connection: Any, topic: str, ids: list[Any]) -> set[str]:
        try:
            async with connection.transaction():
                return {row["extension"] for row in await connection.fetch(_SEEN, topic, ids)}
        except asyncpg.PostgresError as error:
            _log.warning("A policy on realtime.messages failed for %s: %s", topic, error)
            return set()

    async def _may_write(self, connection: Any, topic: str, extension: str) -> bool:
        try:
            async with connection.transaction():
                await connection.execute(_WRITE, topic, extension)
        except asyncpg.InsufficientPrivilegeError:
            return False
        except asyncpg.PostgresError as error:
            _log.warning("A policy on realtime.messages failed for %s: %s", topic, error)
            return False
        return True
