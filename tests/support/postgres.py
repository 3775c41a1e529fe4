"""Real databases for tests: a cluster per worker and version, a fresh copy of an installed one per test.

``database`` is on PostgreSQL 18, ``any_database`` on 18 and on Debian's 15. A module gets them with
``from tests.support.postgres import any_database, clusters, database``.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import tempfile
import threading
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from chatdesk.localbackend import schema
from chatdesk.localbackend.postgres import SUPERUSER, Cluster

MIGRATIONS = Path(__file__).parents[2] / "resources" / "supabase" / "migrations"
DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
ROLES = (SUPERUSER, "postgres", "authenticator", "supabase_auth_admin", "supabase_storage_admin")
PASSWORD = "only for tests"
TEMPLATE = "chatdesk_template"
# A test's data need not survive a power cut.
_FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_connections": "100"}
_numbers = itertools.count(1)


def new_id() -> str:
    """A random id; the order of ids means nothing to the database."""
    return str(uuid.uuid4())


@dataclass
class Database:
    """One database, with connections by role that are closed with it."""

    cluster: Cluster
    name: str
    _open: list[asyncpg.Connection] = field(default_factory=list)
    _kept: dict[str, asyncpg.Connection] = field(default_factory=dict)

    async def connect(self, role: str = SUPERUSER) -> asyncpg.Connection:
        """A new connection as ``role``."""
        connection = await asyncpg.connect(
            host=self.cluster.host,
            port=self.cluster.port,
            user=role,
            password=PASSWORD,
            database=self.name,
        )
        self._open.append(connection)
        return connection

    async def as_role(self, role: str) -> asyncpg.Connection:
        """The test's own connection as ``role``, made at the first use."""
        if role not in self._kept:
            self._kept[role] = await self.connect(role)
        return self._kept[role]

    async def admin(self) -> asyncpg.Connection:
        """The superuser's connection: the eye that sees everything."""
        return await self.as_role(SUPERUSER)

    async def sign_up(self, **traits: Any) -> Person:
        """A new account, made as the hosted service's auth server makes one."""
        user_id = new_id()
        connection = await self.as_role("supabase_auth_admin")
        await connection.execute(
            "insert into auth.users (id, email, raw_user_meta_data) values ($1, $2, $3)",
            user_id,
            f"{user_id}@example.org",
            json.dumps(traits),
        )
        return Person(self, user_id)

    async def frames(self) -> list[dict[str, Any]]:
        """What was broadcast so far, in order: topic, event and payload, without the payload's own id."""
        rows = await (await self.admin()).fetch(
            "select topic, event, payload, private, extension from realtime.messages"
            " order by tableoid, inserted_at, ctid"
        )
        frames = []
        for row in rows:
            assert row["private"] is True
            assert row["extension"] == "broadcast"
            payload = json.loads(row["payload"])
            assert uuid.UUID(payload.pop("id"))
            frames.append({"topic": row["topic"], "event": row["event"], "payload": payload})
        return frames

    async def forget_frames(self) -> None:
        """Empty the broadcast table, so that the next look shows only what comes now."""
        await (await self.admin()).execute("delete from realtime.messages")

    async def close(self) -> None:
        """Close every connection."""
        for connection in self._open:
            with contextlib.suppress(Exception):
                await connection.close(timeout=5)
        self._open.clear()
        self._kept.clear()


@dataclass(frozen=True)
class Person:
    """Somebody signed in: their calls run as role ``authenticated`` with their claims, as over REST."""

    database: Database
    id: str

    @property
    def claims(self) -> str:
        """The claims of their token."""
        return json.dumps({"sub": self.id, "role": "authenticated"})

    @contextlib.asynccontextmanager
    async def session(
        self, connection: asyncpg.Connection | None = None, role: str = "authenticated"
    ) -> AsyncIterator[asyncpg.Connection]:
        """A transaction as this person; ``connection`` is one of role ``authenticator``."""
        used = connection or await self.database.as_role("authenticator")
        async with used.transaction():
            await used.execute(f"set local role {role}")
            await used.execute("select set_config('request.jwt.claims', $1, true)", self.claims)
            yield used

    async def call(
        self, function: str, *, connection: asyncpg.Connection | None = None, **arguments: Any
    ) -> Any:
        """The answer of one public call, parsed."""
        async with self.session(connection) as session:
            return await _call(session, f"public.{function}", arguments)

    async def call_private(self, function: str, **arguments: Any) -> Any:
        """The answer of a private function that has no public call yet, called as the schema's owner."""
        connection = await self.database.as_role("postgres")
        async with connection.transaction():
            await connection.execute("select set_config('request.jwt.claims', $1, true)", self.claims)
            return await _call(connection, f"private.{function}", arguments)

    async def new_conversation(self, title: str = "A title") -> str:
        """A conversation of their own; returns its id."""
        conversation_id = new_id()
        await self.call("create_conversation", p_id=conversation_id, p_title=title)
        return conversation_id

    async def send(self, conversation_id: str, content: str = "Hello", **arguments: Any) -> dict[str, Any]:
        """A message of theirs; returns the call's answer."""
        arguments = {"p_id": new_id(), "p_parent_id": None, "p_role": "user", **arguments}
        answer: dict[str, Any] = await self.call(
            "send_message", p_conversation_id=conversation_id, p_content=content, **arguments
        )
        return answer

    async def add(self, conversation_id: str, other: Person, role: str = "editor") -> None:
        """Take ``other`` into a conversation that they own."""
        await self.call_private(
            "add_member", p_conversation_id=conversation_id, p_user_id=other.id, p_role=role
        )


async def _call(connection: asyncpg.Connection, function: str, arguments: dict[str, Any]) -> Any:
    names = ", ".join(f"{name} => ${number}" for number, name in enumerate(arguments, 1))
    values = [json.dumps(value) if isinstance(value, dict | list) else value for value in arguments.values()]
    answer = await connection.fetchval(f"select {function}({names})", *values)
    return json.loads(answer) if isinstance(answer, str) else answer


class Clusters:
    """The worker's clusters by major version, each started at its first use with an installed template."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._started: dict[int, Cluster] = {}

    def get(self, version: int) -> Cluster:
        """The cluster of that version, with the template database in it."""
        if version not in self._started:
            if version == 15 and not DEBIAN_15.is_dir():
                pytest.fail("PostgreSQL 15 is missing: apt-get install postgresql-15 (make test does it).")
            cluster = Cluster(
                self._home / str(version), binaries=DEBIAN_15 if version == 15 else None, settings=_FAST
            )
            cluster.prepare(dict.fromkeys(ROLES, PASSWORD))
            cluster.start()
            self._started[version] = cluster
            _in_thread(_make_template, cluster)
        return self._started[version]

    def stop(self) -> None:
        """Stop all of them."""
        for cluster in self._started.values():
            cluster.stop()


def _roomy_memory() -> Path | None:
    """A directory in memory when there is plenty: a new database is 300 files, and every test makes one."""
    memory = Path("/dev/shm")
    if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 4 << 30:
        return memory
    return None


def _in_thread(work: Any, cluster: Cluster) -> None:
    """Run a coroutine to its end where pytest's own event loop does not notice."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(work(cluster))
        except BaseException as failure:  # handed to the waiting thread
            failures.append(failure)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


async def _make_template(cluster: Cluster) -> None:
    async with empty_database(cluster, TEMPLATE, keep=True) as template:
        admin = await template.admin()
        await schema.install(admin, await template.as_role("postgres"), MIGRATIONS)
        await admin.execute("select realtime.maintain_partitions()")


@contextlib.asynccontextmanager
async def empty_database(
    cluster: Cluster, name: str | None = None, *, template: str = "template0", keep: bool = False
) -> AsyncIterator[Database]:
    """A database of its own, a copy of ``template``, dropped at the end unless ``keep``."""
    name = name or f"test_{next(_numbers)}"
    maintenance = Database(cluster, "postgres")
    admin = await maintenance.admin()
    await admin.execute(f"create database {name} template {template} strategy file_copy owner postgres")
    database = Database(cluster, name)
    try:
        yield database
    finally:
        await database.close()
        if not keep:
            await admin.execute(f"drop database {name} with (force)")
        await maintenance.close()


@pytest.fixture(scope="session")
def clusters() -> Iterator[Clusters]:
    """The worker's clusters; started lazily, so a run without such tests starts none."""
    with tempfile.TemporaryDirectory(prefix="chatdesk-pg-", dir=_roomy_memory()) as home:
        made = Clusters(Path(home))
        try:
            yield made
        finally:
            made.stop()


@pytest_asyncio.fixture
async def database(clusters: Clusters) -> AsyncIterator[Database]:
    """A fresh, installed database on PostgreSQL 18."""
    async with empty_database(clusters.get(18), template=TEMPLATE) as made:
        yield made


@pytest_asyncio.fixture(params=[18, 15], ids=["pg18", "pg15"])
async def any_database(clusters: Clusters, request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    """A fresh, installed database on PostgreSQL 18, then one on 15."""
    async with empty_database(clusters.get(request.param), template=TEMPLATE) as made:
        yield made
