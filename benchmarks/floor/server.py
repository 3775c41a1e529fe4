"""The floor of a delivery: POST -> INSERT -> commit -> NOTIFY -> websocket, and nothing else.

``python -m benchmarks.floor.server HOST PORT PASSWORD`` serves a PostgreSQL that is there already, prints
its own port, and ends with its standard input. No accounts, no policies, no counters, one topic. The
frame carries the stamps of its way. With ``poll`` as a fourth argument the rows wait for a timer as they
do at Supabase.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from typing import Any

import asyncpg
import orjson
import uvloop
from aiohttp import web

from benchmarks.poll import Poll

SCHEMA = """
create table if not exists floor (
    id uuid primary key, conversation_id uuid not null, role text not null, content text not null,
    created_at timestamptz not null default now()
);
create index if not exists floor_conversation on floor (conversation_id, created_at);
create or replace function tell() returns trigger language plpgsql as $$
begin perform pg_notify('floor', row_to_json(new)::text); return null; end $$;
create or replace trigger tell after insert on floor for each row execute function tell();
"""
INSERT = "insert into floor (id, conversation_id, role, content) values ($1, $2, $3, $4)"


async def main(host: str, port: int, password: str, polls: bool) -> None:
    where: dict[str, Any] = {
        "host": host,
        "port": port,
        "user": "supabase_admin",
        "password": password,
        "database": "postgres",
    }
    writer, listener = await asyncpg.connect(**where), await asyncpg.connect(**where)
    await writer.execute(SCHEMA)
    insert = await writer.prepare(INSERT)
    sockets: set[web.WebSocketResponse] = set()
    stamps: dict[str, dict[str, int]] = {}
    one_by_one = asyncio.Lock()

    def notified(_connection: object, _pid: int, _channel: str, payload: str) -> None:
        if polls:
            timer.add(payload)
        else:
            tell(payload, 0, 0)

    def tell(payload: str, came: int, went: int) -> None:
        row = orjson.loads(payload)
        way = stamps.pop(row["id"], {})
        way["seen"] = time.monotonic_ns()
        way["held"] = went - came
        frame = orjson.dumps({"record": row, "stamps": way})
        for socket in sockets:
            assert socket._writer is not None
            transport = socket._writer.transport
            if transport is not None:
                transport.write(_text(frame))

    timer = Poll(tell)
    await listener.add_listener("floor", notified)

    async def send(request: web.Request) -> web.Response:
        received = time.monotonic_ns()
        row = orjson.loads(await request.read())
        stamps[row["id"]] = {"received": received}
        async with one_by_one:
            await insert.fetch(row["id"], row["conversation_id"], row["role"], row["content"])
        return web.json_response({})

    async def connect(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        sockets.add(socket)
        await socket.send_str("{}")
        try:
            async for _ in socket:
                pass
        finally:
            sockets.discard(socket)
        return socket

    application = web.Application()
    application.add_routes([web.post("/send", send), web.get("/socket", connect)])
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    threading.Thread(
        target=lambda: (sys.stdin.read(), loop.call_soon_threadsafe(over.set)), daemon=True
    ).start()
    await over.wait()
    await runner.cleanup()


def _text(payload: bytes) -> bytes:
    """Frame a text as a server does: no mask, the length in one of three forms."""
    length = len(payload)
    if length < 126:
        return bytes((0x81, length)) + payload
    if length < 1 << 16:
        return b"\x81\x7e" + length.to_bytes(2, "big") + payload
    return b"\x81\x7f" + length.to_bytes(8, "big") + payload


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3], "poll" in sys.argv[4:]))
