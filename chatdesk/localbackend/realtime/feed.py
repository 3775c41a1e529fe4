"""Broadcasts from the database: commit, NOTIFY with the row, one read for those too long for it, delivery."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import orjson

from chatdesk.localbackend.database import UNREACHABLE, Database
from chatdesk.localbackend.scope import TaskScope

__all__ = ["DatabaseMessage", "Feed"]

_log = logging.getLogger(__name__)

_CHANNEL = "realtime_messages"
_BATCH = 500
_REMEMBERED = 20_000
_OVERLAP = timedelta(seconds=60)  # inserted_at is the start of a transaction, which may have ended much later
_RETRY_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0)

_READ = """select id::text as id, inserted_at, topic, coalesce(event, '') as event,
                  coalesce(payload::text, '{}') as payload
           from realtime.messages
           where id = any($1::text[]::uuid[]) and extension = 'broadcast' and private"""
_NOW = "select now() at time zone 'utc'"
_MISSED = """select id::text from realtime.messages
             where inserted_at >= $1 and extension = 'broadcast' and private
             order by inserted_at, tableoid, ctid"""


@dataclass(frozen=True, slots=True)
class DatabaseMessage:
    """A row of realtime.messages; ``payload`` is the JSON text of an object."""

    id: str
    inserted_at: datetime
    topic: str
    event: str
    payload: str


def read_announcement(text: str) -> tuple[str, DatabaseMessage | None]:
    """The id of the row that announcements.sql told of, and the row unless it was too long to travel.

    Raises ``ValueError`` or ``TypeError`` for anything else.
    """
    head, travels, payload = text.partition("\n")
    if not travels:
        return str(uuid.UUID(head)), None
    message_id, inserted_at, topic, event = orjson.loads(head)
    return message_id, DatabaseMessage(
        message_id, datetime.fromisoformat(inserted_at), topic, event or "", payload
    )


class Feed:
    """Hands committed broadcasts to ``deliver``, in commit order.

    PostgreSQL sends notifications in the order of the commits; rows that did not travel with theirs are read
    by their ids and put in their places. When the connection is lost (PostgreSQL was restarted) a new one is
    made, and what was committed in the gap is read from the table; only its own order is then that of the
    transactions' starts.
    """

    def __init__(
        self, database: Database, deliver: Callable[[Sequence[DatabaseMessage]], None], payload_bytes: int
    ) -> None:
        self._database = database
        self._deliver = deliver
        self._payload_bytes = payload_bytes
        self._notified: list[tuple[str, DatabaseMessage | None]] = []
        self._wake = asyncio.Event()
        self._lost = False
        self._started: datetime | None = None
        self._seen_until: datetime | None = None
        self._delivered: OrderedDict[str, None] = OrderedDict()

    async def start(self, scope: TaskScope) -> None:
        """Listen, then go on in a task of ``scope``. Raises what is in ``UNREACHABLE``."""
        connection = await self._connect()
        scope.start(self._run(connection), "feed")

    async def _connect(self) -> Any:
        connection = await self._database.listener()
        known = len(self._notified)
        try:
            self._lost = False
            connection.add_termination_listener(self._on_lost)
            await connection.add_listener(_CHANNEL, self._on_notified)
            if self._started is None or self._seen_until is None:
                self._started = self._seen_until = await connection.fetchval(_NOW)
            else:
                since = max(self._started, self._seen_until - _OVERLAP)
                missed = await connection.fetch(_MISSED, since)
                self._fill_gap([row["id"] for row in missed], known)
        except BaseException:
            connection.terminate()
            raise
        return connection

    def _fill_gap(self, recent: Sequence[str], known: int) -> None:
        """Put what was missed between the first ``known``, notified before the cut, and the newest."""
        seen = {*self._delivered, *(message_id for message_id, _ in self._notified)}
        missed = [message_id for message_id in recent if message_id not in seen]
        _log.info("Listening again; %d broadcasts were missed", len(missed))
        self._notified[known:known] = [(message_id, None) for message_id in missed]
        self._wake.set()

    def _on_notified(self, _connection: Any, _pid: int, _channel: str, payload: str) -> None:
        try:
            self._notified.append(read_announcement(payload))
        except (ValueError, TypeError):
            _log.warning("A notification on %s carries no row and no id", _CHANNEL)
            return
        self._wake.set()

    def _on_lost(self, _connection: Any) -> None:
        self._lost = True
        self._wake.set()

    async def _run(self, connection: Any) -> None:
        attempt = 0
        while True:
            try:
                if connection is None:
                    connection = await self._connect()
                attempt = 0
                await self._follow(connection)
            except (asyncpg.PostgresError, *UNREACHABLE) as error:
                _log.warning("The feed of broadcasts is interrupted: %s", error)
            except Exception:
                # Without this task every client is deaf, so it goes on whatever it met.
                _log.exception("The feed of broadcasts failed")
            finally:
                if connection is not None:
                    connection.terminate()
            connection = None
            await asyncio.sleep(_RETRY_SECONDS[min(attempt, len(_RETRY_SECONDS) - 1)])
            attempt += 1

    async def _follow(self, connection: Any) -> None:
        while not self._lost:
            await self._wake.wait()
            self._wake.clear()
            while self._notified and not self._lost:
                batch = self._notified[:_BATCH]
                unread = [message_id for message_id, message in batch if message is None]
                rows = await connection.fetch(_READ, unread) if unread else []
                del self._notified[: len(batch)]  # only now: a lost connection reads them again
                read = {row["id"]: DatabaseMessage(**row) for row in rows}
                self._hand_over([message or read.get(message_id) for message_id, message in batch])

    def _hand_over(self, batch: Sequence[DatabaseMessage | None]) -> None:
        messages = []
        for message in batch:
            if message is None or message.id in self._delivered:
                continue
            self._delivered[message.id] = None
            if self._seen_until is None or message.inserted_at > self._seen_until:
                self._seen_until = message.inserted_at
            if len(message.payload) > self._payload_bytes or not message.payload.startswith("{"):
                # Skipped, as the real server does; clients find the change by their next pull.
                _log.warning("A broadcast on %s is too large or no object: skipped", message.topic)
                continue
            messages.append(message)
        while len(self._delivered) > _REMEMBERED:
            self._delivered.popitem(last=False)
        self._deliver(messages)
