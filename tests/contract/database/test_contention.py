"""Twenty writers at once: nobody waits for ever, no number is skipped, a reader by cursor misses nothing."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import asyncpg

from tests.support.postgres import Database, Person, new_id

WRITERS = 20
STEPS = 15
DEADLINE = 60.0


class RolledBack(Exception):
    """The writer changed its mind."""


class Reader:
    """One client that polls by its cursors and keeps what it got."""

    def __init__(self, person: Person, connection: asyncpg.Connection) -> None:
        self.person = person
        self.connection = connection
        self.user_cursor = 0
        self.cursors: dict[str, int] = {}
        self.messages: dict[str, dict[str, Any]] = {}
        self.entities: dict[tuple[str, str], dict[str, Any]] = {}

    async def poll(self) -> None:
        more = True
        while more:
            page = await self.person.call(
                "pull_changes", connection=self.connection, p_after=self.user_cursor, p_limit=5
            )
            for change in page["changes"]:
                self.entities[change["kind"], change["entity_id"]] = change["record"]
                if change["kind"] == "conversation":
                    self.cursors.setdefault(change["entity_id"], 0)
            self.user_cursor, more = page["cursor"], page["more"]
        for conversation, cursor in self.cursors.items():
            more = True
            while more:
                page = await self.person.call(
                    "pull_messages",
                    connection=self.connection,
                    p_conversation_id=conversation,
                    p_after=cursor,
                    p_limit=7,
                )
                for message in page["messages"]:
                    self.messages[message["id"]] = message
                cursor, more = page["cursor"], page["more"]
            self.cursors[conversation] = cursor


async def write(
    person: Person, connection: asyncpg.Connection, conversations: list[str], dice: random.Random
) -> int:
    """A writer's steps, each repeated until it is through; returns how often PostgreSQL made it try again."""
    retries = 0
    sent: list[tuple[str, str]] = []
    for step in range(STEPS):
        conversation = dice.choice(conversations)
        what = dice.random()
        message = dice.choice(sent) if sent and what < 0.15 else (new_id(), conversation)
        while True:
            try:
                async with person.session(connection) as session:
                    if what < 0.7:
                        await session.fetchval(
                            "select public.send_message($1, $2, null, 'user', 'text')", *message
                        )
                    elif what < 0.8:
                        await session.fetchval(
                            "select public.update_profile(jsonb_build_object('display_name', $1::text))",
                            f"{step} {dice.random()}",
                        )
                    elif what < 0.9:
                        await session.fetchval(
                            "select public.update_conversation($1, jsonb_build_object('title', $2::text))",
                            conversation,
                            f"{step} {dice.random()}",
                        )
                    else:
                        await session.fetchval(
                            "select public.update_membership($1, '{\"last_read_seq\": 1000000}')",
                            conversation,
                        )
                    await session.execute("select pg_sleep($1)", dice.random() * 0.01)
                    if dice.random() < 0.1:
                        raise RolledBack
                if what < 0.7:
                    sent.append(message)
                break
            except RolledBack:
                continue
            except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError):
                retries += 1
    return retries


async def test_writers_with_crossed_memberships_and_readers(any_database: Database) -> None:
    dice = random.Random(18)
    people = [await any_database.sign_up(display_name=f"{n}") for n in range(6)]
    shared: dict[str, set[str]] = {person.id: set() for person in people}
    conversations = []
    for number in range(5):
        owner = people[number]
        conversation = await owner.new_conversation()
        conversations.append(conversation)
        shared[owner.id].add(conversation)
        for other in (people[(number + 1) % 6], people[(number + 3) % 6], people[5 - number]):
            if conversation not in shared[other.id]:
                await owner.add(conversation, other)
                shared[other.id].add(conversation)
    readers = [Reader(person, await any_database.connect("authenticator")) for person in people[:3]]
    writing = True

    async def read(reader: Reader) -> None:
        while writing:
            await reader.poll()
        await reader.poll()

    polls = [asyncio.ensure_future(read(reader)) for reader in readers]
    connections = [await any_database.connect("authenticator") for _ in range(WRITERS)]
    async with asyncio.timeout(DEADLINE):
        retries = await asyncio.gather(
            *(
                write(
                    people[n % 6],
                    connections[n],
                    sorted(shared[people[n % 6].id]),
                    random.Random(dice.random()),
                )
                for n in range(WRITERS)
            )
        )
        writing = False
        await asyncio.gather(*polls)
    assert sum(retries) == 0  # the lock order leaves nothing to retry

    admin = await any_database.admin()
    rows = await admin.fetch("select id::text, conversation_id::text, seq, revision from public.messages")
    frames = await any_database.frames()
    for conversation in conversations:
        last_seq, revision, owner = await admin.fetchrow(
            "select last_seq, revision, owner_id::text from public.conversations where id = $1", conversation
        )
        mine = [row for row in rows if row["conversation_id"] == conversation]
        assert sorted(row["seq"] for row in mine) == list(range(1, last_seq + 1))
        # Every number of the conversation was told once: as a message, or as the conversation itself.
        place = (f"conversation:{conversation}:1", "message")
        told = [f["payload"]["revision"] for f in frames if (f["topic"], f["event"]) == place]
        told += [
            f["payload"]["entity_revision"]
            for f in frames
            if (f["topic"], f["event"]) == (f"user:{owner}", "entity")
            and (f["payload"]["kind"], f["payload"]["entity_id"]) == ("conversation", conversation)
        ]
        assert sorted(told) == list(range(1, revision + 1))
    for person in people:
        numbers = [f["payload"]["user_revision"] for f in frames if f["topic"] == f"user:{person.id}"]
        counter = await admin.fetchval(
            "select revision from private.user_counters where user_id = $1", person.id
        )
        assert sorted(numbers) == list(range(1, counter + 1))

    for reader in readers:
        visible = {row["id"] for row in rows if row["conversation_id"] in shared[reader.person.id]}
        assert set(reader.messages) == visible
        assert set(reader.cursors) == shared[reader.person.id]
        fresh = Reader(reader.person, reader.connection)
        await fresh.poll()
        assert reader.messages == fresh.messages
        assert reader.entities == fresh.entities
