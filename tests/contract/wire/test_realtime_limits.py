"""Limits, slow clients, silence, and the end of the server or of its database connection."""

from __future__ import annotations

import asyncio
import socket as sockets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from chatdesk.localbackend import schema
from chatdesk.localbackend.application import Settings
from chatdesk.localbackend.postgres import Cluster
from chatdesk.localbackend.realtime.limits import Limits
from tests.contract.wire.raw_socket import RawSocket, allow, raw
from tests.contract.wire.scenery import SCENERY, clusters
from tests.support.postgres import MIGRATIONS, PASSWORD, ROLES, Clusters, Database, empty_database
from tests.support.server import DEADLINE, Person, Wire, serving

__all__ = ["clusters"]

ROOM = "room:one"
TOPIC = f"realtime:{ROOM}"
MESSAGE = {"type": "broadcast", "event": "e", "payload": {"text": "x" * 100}}


@asynccontextmanager
async def limited(clusters: Clusters, **limits: Any) -> AsyncIterator[tuple[Wire, Person]]:
    """A server with these limits and a person who may do everything in the room."""
    settings = Settings(limits=Limits(**limits))
    async with empty_database(clusters.get(18), template="chatdesk_template") as database:
        await (await database.admin()).execute(SCENERY)
        async with serving(database, settings) as wire:
            person = await wire.person()
            await allow(wire, ROOM, person.id, speak=True, presence=True)
            yield wire, person


async def say(wire: Wire, *payloads: object) -> None:
    """Broadcast from the database."""
    await (await wire.admin()).execute(
        "select public.say($1, 'row', $2::jsonb)", ROOM, orjson.dumps(payloads).decode()
    )


async def test_joins_and_channels(clusters: Clusters) -> None:
    async with (
        limited(clusters, channels_per_socket=2, joins_per_second=4) as (wire, person),
        raw(wire) as socket,
    ):
        for number in range(3):
            await allow(wire, f"room:{number}", person.id)
        replies = [await socket.join(f"realtime:room:{number}", person.token) for number in range(3)]
        assert [reply["status"] for reply in replies] == ["ok", "ok", "error"]
        assert replies[2]["response"] == {"reason": "ChannelRateLimitReached: Too many channels"}
        reasons = [
            (await socket.join("realtime:room:9", person.token))["response"]["reason"] for _ in range(3)
        ]
        assert "ClientJoinRateLimitReached: Too many joins per second" in reasons


async def test_too_many_events_close_the_channel(clusters: Clusters) -> None:
    async with limited(clusters, events_per_second=5) as (wire, person), raw(wire) as socket:
        await socket.join(TOPIC, person.token)
        for _ in range(20):
            await socket.push(TOPIC, "broadcast", MESSAGE)
        system, closed, *_ = await socket.only("system", "phx_close", *["phx_reply"] * 14)
        assert system["payload"]["message"] == "Too many messages per second"
        assert closed["ref"] == socket.joins[TOPIC]


async def test_payloads_have_a_limit(clusters: Clusters) -> None:
    async with limited(clusters, payload_bytes=1000) as (wire, person), raw(wire) as socket:
        await socket.join(TOPIC, person.token, broadcast={"ack": True, "self": True})
        await socket.push(TOPIC, "broadcast", {**MESSAGE, "payload": {"text": "x" * 1000}})
        reply = (await socket.only("phx_reply"))[0]
        assert reply["payload"] == {"status": "error", "response": {"reason": "payload_size_exceeded"}}
        await say(wire, {"n": 1, "text": "x" * 1000}, {"n": 2})
        assert (await socket.next())["payload"]["payload"]["n"] == 2


async def test_a_second_join_of_a_topic(clusters: Clusters) -> None:
    async with limited(clusters) as (wire, person), raw(wire) as socket:
        await socket.join(TOPIC, person.token)
        assert (await socket.join(TOPIC, person.token))["status"] == "ok"
        await say(wire, {"n": 1})
        await socket.only("broadcast")
        await socket.silence()
    async with limited(clusters, close_duplicate_join=True) as (wire, person), raw(wire) as socket:
        await socket.join(TOPIC, person.token)
        older = socket.joins[TOPIC]
        newer = await socket.send_join(TOPIC, person.token)
        closed, reply = await socket.only("phx_close", "phx_reply")
        assert (closed["ref"], reply["ref"]) == (older, newer)
        await say(wire, {"n": 1})
        await socket.only("broadcast")
        await socket.silence()


class Sleeper:
    """A client made by hand, that reads only when it is told to."""

    def __init__(self, wire: Wire) -> None:
        self._loop = asyncio.get_running_loop()
        self._port = int(wire.url.rpartition(":")[2])
        self._key = wire.anon_key
        self._socket = sockets.socket()
        self._socket.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
        self._socket.setblocking(False)

    async def join(self, token: str) -> None:
        """Connect, join the room and read the answers."""
        await self._loop.sock_connect(self._socket, ("127.0.0.1", self._port))
        request = (
            f"GET /realtime/v1/websocket?apikey={self._key}&vsn=1.0.0 HTTP/1.1\r\n"
            f"Host: 127.0.0.1:{self._port}\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        await self._loop.sock_sendall(self._socket, request.encode())
        payload = {"config": {"private": True}, "access_token": token}
        frame = orjson.dumps(
            {"topic": TOPIC, "event": "phx_join", "payload": payload, "ref": "1", "join_ref": "1"}
        )
        head = (
            bytes([0x81, 0xFE]) + len(frame).to_bytes(2, "big") + bytes(4)
        )  # the mask of zeros changes nothing
        await self._loop.sock_sendall(self._socket, head + frame)
        answer = b""
        while b"postgres_changes" not in answer:
            answer += await self._loop.sock_recv(self._socket, 4096)

    async def read(self) -> bytes:
        """Everything up to the end of the connection."""
        read = bytearray()
        async with asyncio.timeout(DEADLINE):
            while chunk := await self._loop.sock_recv(self._socket, 65536):
                read += chunk
        self._socket.close()
        return bytes(read)


async def test_a_slow_client_is_closed_and_delays_nobody(clusters: Clusters) -> None:
    async with limited(clusters, queue_bytes=2_000_000) as (wire, person), raw(wire) as quick:
        await quick.join(TOPIC, person.token)
        slow = Sleeper(wire)
        await slow.join(person.token)
        text = "x" * 500_000
        for number in range(30):
            await say(wire, {"n": number, "text": text})
            assert (await quick.next())["payload"]["payload"]["n"] == number
        assert wire.realtime.hub.channels == 1
        assert (await slow.read()).endswith(bytes([0x88, 10]) + (1013).to_bytes(2, "big") + b"too slow")


async def test_a_silent_client_is_closed(clusters: Clusters) -> None:
    async with limited(clusters, idle_seconds=0.2) as (wire, person):
        socket = await wire.socket()
        await RawSocket(socket).join(TOPIC, person.token)
        assert await RawSocket(socket).closed() == 1000
        await wire.until(lambda: wire.realtime.sockets == 0)
        assert wire.realtime.hub.channels == 0


async def test_the_end_of_the_server_is_told(clusters: Clusters) -> None:
    async with limited(clusters) as (wire, person):
        socket = RawSocket(await wire.socket())
        await socket.join(TOPIC, person.token)
        control = await wire.http.ws_connect(
            f"{wire.url}/local/v1/control", headers={"Authorization": "Bearer control token"}
        )
        ending = asyncio.ensure_future(wire.runner.cleanup())
        assert await socket.closed() == 1001
        assert await RawSocket(control).closed() == 1001
        async with asyncio.timeout(DEADLINE):
            await ending


async def test_nothing_is_missed_when_the_feed_is_cut(clusters: Clusters) -> None:
    async with limited(clusters) as (wire, person), raw(wire) as socket:
        await socket.join(TOPIC, person.token)
        admin = await wire.admin()
        for number in range(5):
            await say(wire, {"n": 2 * number})
            await admin.execute(
                """select pg_terminate_backend(pid) from pg_stat_activity
                   where application_name = 'chatdesk-feed' and datname = current_database()"""
            )
            await say(wire, {"n": 2 * number + 1})
        received = [(await socket.next())["payload"]["payload"]["n"] for _ in range(10)]
        assert received == list(range(10))
        await socket.silence()


async def test_a_restart_of_postgresql_is_survived() -> None:
    with TemporaryDirectory(prefix="chatdesk-pg-") as home:
        cluster = Cluster(Path(home))
        cluster.prepare(dict.fromkeys(ROLES, PASSWORD))
        cluster.start()
        try:
            await _restart(cluster)
        finally:
            cluster.stop()


async def _restart(cluster: Cluster) -> None:
    made = Database(cluster, "postgres")
    await schema.install(await made.admin(), await made.as_role("postgres"), MIGRATIONS)
    await (await made.admin()).execute(SCENERY)
    async with serving(made) as wire:
        person = await wire.person()
        await allow(wire, ROOM, person.id)
        async with raw(wire) as socket:
            await socket.join(TOPIC, person.token)
            await say(wire, {"n": 1})
            await socket.only("broadcast")
            cluster.stop()
            status, body, _ = await wire.ask("GET", "/rest/v1/notes", headers=person.bearer)
            assert (status, body["code"]) == (503, "PGRST001")
            status, body, _ = await wire.ask("GET", "/auth/v1/user", headers=person.bearer)
            assert (status, body["code"]) == (503, "unexpected_failure")
            reply = await socket.join("realtime:room:two", person.token)
            assert reply["response"]["reason"].startswith("UnableToConnectToProject: ")
            cluster.start()
            await made.close()
            await say(wire, {"n": 2})
            assert (await socket.next())["payload"]["payload"]["n"] == 2
            status, body, _ = await wire.ask("GET", "/rest/v1/notes", headers=person.bearer)
            assert (status, body) == (200, [])
    await made.close()
