"""The embedded back end as a bare client meets it: requests, sockets, and its processes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks import machine
from benchmarks.seed import texts
from chatdesk.backend.local_server import LocalServer, read_port_file
from chatdesk.domain.ids import new_id

MOST_CONVERSATIONS = 100
MOST_MESSAGES = 200
"""How much one call may bring."""


@dataclass
class Backend:
    """A running back end, with a session of the account of this computer."""

    home: Path
    server: LocalServer
    http: aiohttp.ClientSession
    token: str
    user_id: str
    session: dict[str, Any] = field(default_factory=dict)

    @classmethod
    async def at(cls, home: Path, http: aiohttp.ClientSession) -> Backend:
        """Find the back end of ``home`` and sign in."""
        server = read_port_file(home)
        assert server is not None
        headers = {"Authorization": f"Bearer {server.control_token}"}
        async with http.post(f"{server.url}/local/v1/session", json={}, headers=headers) as answer:
            session = await answer.json()
        return cls(home, server, http, session["access_token"], session["user"]["id"], session)

    @property
    def headers(self) -> dict[str, str]:
        return {"apikey": self.server.anon_key, "Authorization": f"Bearer {self.token}"}

    async def rpc(self, name: str, **arguments: Any) -> Any:
        """Call a function; raises ``RuntimeError`` with the answer of a refusal."""
        address = f"{self.server.url}/rest/v1/rpc/{name}"
        async with self.http.post(address, json=arguments, headers=self.headers) as answer:
            content = await answer.json()
            if answer.status >= 300:
                raise RuntimeError(f"{name}: {content}")
            return content

    async def send(self, conversation: str, message_id: str, text: str) -> Any:
        """Send a message as the account; returns what the server answers."""
        return await self.rpc(
            "send_message",
            p_id=message_id,
            p_conversation_id=conversation,
            p_parent_id=None,
            p_role="user",
            p_content=text,
        )

    async def bring(self, messages: Sequence[int]) -> list[str]:
        """Make conversations with so many messages each; returns their ids, the first one the newest."""
        made = [_conversation(number, count) for number, count in enumerate(messages)]
        batch: list[dict[str, Any]] = []
        for number, each in enumerate(made):
            rest = each["messages"]
            while True:
                part, rest = rest[:MOST_MESSAGES], rest[MOST_MESSAGES:]
                batch.append({**each, "messages": part})
                full = sum(len(one["messages"]) for one in batch) >= MOST_MESSAGES
                if full or len(batch) >= MOST_CONVERSATIONS or (number == len(made) - 1 and not rest):
                    await self.rpc("import_conversations", p_conversations=batch)
                    batch = []
                if not rest:
                    break
        return [str(each["id"]) for each in made]

    async def join(self, *topics: str) -> aiohttp.ClientWebSocketResponse:
        """Open a websocket that is in these private channels."""
        address = f"{self.server.url}/realtime/v1/websocket?apikey={self.server.anon_key}&vsn=1.0.0"
        socket = await self.http.ws_connect(address, max_msg_size=0)
        config = {"broadcast": {"ack": False, "self": False}, "presence": {"key": ""}, "private": True}
        for number, topic in enumerate(topics, 1):
            payload = {"config": config, "access_token": self.token}
            frame = {
                "topic": f"realtime:{topic}",
                "event": "phx_join",
                "payload": payload,
                "ref": str(number),
            }
            await socket.send_json({**frame, "join_ref": str(number)})
            while True:
                told = json.loads((await socket.receive()).data)
                if told["event"] == "phx_reply" and told["ref"] == str(number):
                    assert told["payload"]["status"] == "ok", told
                    break
        return socket

    @property
    def pids(self) -> tuple[list[int], list[int]]:
        """The server's process, and those of its PostgreSQL."""
        whole = machine.tree(self.server.pid)
        return whole[:1], whole[1:]


def _conversation(number: int, count: int) -> dict[str, Any]:
    newest = datetime.now(UTC) - timedelta(days=1 + number)
    key = new_id()
    ids = [new_id() for _ in range(count)]
    messages = []
    for place, content in enumerate(texts(count)):
        when = (newest - timedelta(seconds=count - place)).isoformat()
        messages.append(
            {
                "id": ids[place],
                "parent_id": ids[place - 1] if place else None,
                "role": "assistant" if place % 2 else "user",
                "content": content,
                "status": "complete",
                "created_at": when,
                "updated_at": when,
            }
        )
    day = newest.isoformat()
    return {
        "id": key,
        "title": f"Talk number {number}",
        "created_at": day,
        "updated_at": day,
        "messages": messages,
    }


def alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    with suppress(OSError):
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    return False
