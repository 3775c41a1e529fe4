"""The eye outside every client: reads PostgreSQL as superuser."""

from __future__ import annotations

from collections import Counter
from typing import Any

import asyncpg

from tests.faults.accept_log import fingerprint
from tests.support.postgres import Database

Row = list[Any]
"""conversation, seq, id, hash of the text, deleted."""


class Oracle:
    """What is true, on a connection of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: asyncpg.Connection | None = None

    async def _rows(self, sql: str, *args: Any) -> list[Any]:
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._database.connect()
        return list(await self._connection.fetch(sql, *args))

    async def dump(self, user_id: str) -> list[Row]:
        """Every message that a user must see, in order."""
        rows = await self._rows(
            """select m.conversation_id::text as conversation, m.seq, m.id::text, m.content,
                      m.deleted_at is not null as deleted
               from public.messages m
               join public.conversations c on c.id = m.conversation_id and c.deleted_at is null
               join public.conversation_members p on p.conversation_id = c.id and p.user_id = $1
               order by 1, 2""",
            user_id,
        )
        return [
            [row["conversation"], row["seq"], row["id"], fingerprint(row["content"]), row["deleted"]]
            for row in rows
        ]

    async def conversations(self, user_id: str) -> list[Row]:
        """Every conversation that a user must see: id, title's hash, newest number."""
        rows = await self._rows(
            """select c.id::text, c.title, c.last_seq from public.conversations c
               join public.conversation_members p on p.conversation_id = c.id and p.user_id = $1
               where c.deleted_at is null order by 1""",
            user_id,
        )
        return [[row["id"], fingerprint(row["title"]), row["last_seq"]] for row in rows]

    async def hashes(self) -> dict[str, tuple[str, bool]]:
        """Hash of the text and whether it is deleted, of every message there is."""
        rows = await self._rows(
            """select m.id::text, m.content, m.deleted_at is not null or c.deleted_at is not null as gone
               from public.messages m join public.conversations c on c.id = m.conversation_id"""
        )
        return {row["id"]: (fingerprint(row["content"]), row["gone"]) for row in rows}

    async def copies(self) -> Counter[str]:
        """How many messages hold each text (by hash), deleted ones left out."""
        rows = await self._rows("select content from public.messages where deleted_at is null")
        return Counter(fingerprint(row["content"]) for row in rows)

    async def known_conversations(self) -> set[str]:
        rows = await self._rows("select id::text from public.conversations")
        return {row["id"] for row in rows}

    async def faults(self) -> list[str]:
        """What must never be so, whatever happened: holes in a numbering, a counter behind its rows."""
        found = []
        checks = {
            "numbers of a conversation have a hole": """
                select conversation_id::text from public.messages group by conversation_id
                having max(seq) <> count(*) or min(seq) <> 1""",
            "a conversation's last number is not its newest message's": """
                select c.id::text from public.conversations c
                left join public.messages m on m.conversation_id = c.id
                group by c.id having c.last_seq <> coalesce(max(m.seq), 0)""",
            "a message is newer than its conversation": """
                select m.id::text from public.messages m join public.conversations c
                on c.id = m.conversation_id where m.revision > c.revision""",
            "two messages took the same revision": """
                select conversation_id::text from public.messages group by conversation_id, revision
                having count(*) > 1""",
            "a change is newer than its user's counter": """
                select u.user_id::text from public.user_changes u
                join private.user_counters k on k.user_id = u.user_id where u.user_revision > k.revision""",
        }
        for sentence, sql in checks.items():
            found += [f"{sentence}: {row[0]}" for row in await self._rows(sql)]
        return found

    async def end_connections(self) -> int:
        """End every connection of the server to the database, as a restart of PostgreSQL does."""
        rows = await self._rows(
            """select pg_terminate_backend(pid) from pg_stat_activity
               where datname = current_database() and pid <> pg_backend_pid()
               and application_name in ('chatdesk-local', 'chatdesk-feed')"""
        )
        return len(rows)
