"""From Send in one window to the painted message in another, and where the time goes."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Any

from benchmarks import machine
from benchmarks.backend import Backend
from benchmarks.browser import Page, browser
from benchmarks.figures import CHATDESK, FLOOR, PEER, Figure
from benchmarks.place import Place, place
from benchmarks.plan import Plan, order
from chatdesk.app.puppeteer import Puppet
from chatdesk.domain.ids import new_id

ROUNDS = 6
SENDS = 25
WARM_UP = 8
PACE = 0.02
TEXT = "The quick brown fox jumps over the lazy dog and comes back for the second half of it. " * 4

Stages = dict[str, list[float]]


class Chats:
    """ChatDesk: two whole instances on one back end."""

    def __init__(self, a: Puppet, b: Puppet, backend: Backend) -> None:
        self.pids = [a.pid, b.pid, *machine.tree(backend.server.pid)]
        self.a = a
        self.b = b
        self.own: list[list[float]] = []
        self.acknowledged: list[list[float]] = []
        self.stages: Stages = {}
        self.sent: list[str] = []
        """The messages of the last round."""

    async def round(self, count: int) -> list[float]:
        sent: list[tuple[str, int]] = []
        painted, own = [], []
        for number in range(count):
            await asyncio.sleep(PACE)
            answer = await self.a.ask("send", text=f"{number} {TEXT}")
            sent.append((answer["message_id"], answer["at"]))
            there = await self.b.until_painted(answer["message_id"])
            here = await self.a.until_painted(answer["message_id"])
            painted.append((there["at"] - answer["at"]) / 1e6)
            own.append((here["at"] - answer["at"]) / 1e6)
            self.a.events.clear()
            self.b.events.clear()
        ids = self.sent = [each for each, _ in sent]
        out = (await self.a.ask("stamps", messages=ids))["stamps"]
        came = (await self.b.ask("stamps", messages=ids))["stamps"]
        answers = []
        for (message_id, pressed), total in zip(sent, painted, strict=True):
            a, b = out[message_id], came[message_id]
            way = [pressed, a["durable"], a["request"], b["frame"], b["stored"], b["modelled"]]
            names = ("outbox", "to the request", "request to frame", "store", "model")
            for name, (begun, ended) in zip(names, pairwise(way), strict=True):
                self.stages.setdefault(name, []).append((ended - begun) / 1e6)
            self.stages.setdefault("paint", []).append(total - (way[-1] - pressed) / 1e6)
            if "answer" in a:
                answers.append((a["answer"] - a["request"]) / 1e6)
        self.own.append(own)
        self.acknowledged.append(answers)
        return painted


class Bare:
    """The floor: raw HTTP, PostgreSQL, a websocket, a hand-painted list."""

    def __init__(self, port: int, reader: asyncio.subprocess.Process, pids: list[int]) -> None:
        self.pids = [reader.pid, *pids]
        self._port = port
        self._reader = reader
        self._way: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._conversation = str(uuid.uuid4())
        self.stages: Stages = {}
        self.held: list[float] = []
        """For how many milliseconds a server with a timer kept each message of the last round."""

    async def round(self, count: int) -> list[float]:
        if self._way is None:
            self._way = await asyncio.open_connection("127.0.0.1", self._port)
        stream, out = self._way
        self.held = []
        assert self._reader.stdout is not None
        painted = []
        for number in range(count):
            await asyncio.sleep(PACE)
            begun = time.monotonic_ns()
            row = {"id": str(uuid.uuid4()), "conversation_id": self._conversation, "role": "user"}
            body = json.dumps({**row, "content": f"{number} {TEXT}"}).encode()
            out.write(b"POST /send HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            told = json.loads(await self._reader.stdout.readline())
            head = await stream.readuntil(b"\r\n\r\n")
            await stream.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
            way = [begun, told["received"], told["seen"], told["frame"], told["modelled"], told["painted"]]
            names = ("request", "insert and notify", "to the other's socket", "model", "paint")
            for name, (first, last) in zip(names, pairwise(way), strict=True):
                self.stages.setdefault(name, []).append((last - first) / 1e6)
            painted.append((told["painted"] - begun) / 1e6)
            self.held.append(told.get("held", 0) / 1e6)
        return painted


class Pages:
    """The peer: two windows of a browser, on ChatDesk's back end."""

    def __init__(self, a: Page, b: Page, conversation: str, pids: list[int]) -> None:
        self.pids = pids
        self._a = a
        self._b = b
        self._conversation = conversation
        self.stages: Stages = {}

    async def round(self, count: int) -> list[float]:
        painted = []
        for number in range(count):
            await asyncio.sleep(PACE)
            message_id = new_id()
            sent: dict[str, float]
            came: dict[str, float]
            sent, came = await asyncio.gather(
                self._a.call("sendMessage", message_id, self._conversation, f"{number} {TEXT}"),
                self._b.call("whenPainted", message_id),
            )
            painted.append(came["painted"] - sent["begun"])
            self.stages.setdefault("request to frame", []).append(came["frame"] - sent["begun"])
            self.stages.setdefault("paint", []).append(came["painted"] - came["frame"])
        return painted


async def measure(plan: Plan) -> list[Figure]:
    """Two windows, two processes and two pages, in turns."""
    async with place() as here, browser(here) as chrome:
        a, b = await here.puppet("a"), await here.puppet("b")
        made = await a.ask("create", title="Delivery")
        conversation = made["conversation_id"]
        await b.until_state(
            "the chat", lambda state: any(each["id"] == conversation for each in state["conversations"])
        )
        await b.ask("open", conversation_id=conversation)
        arms: dict[str, Any] = {CHATDESK: Chats(a, b, await here.backend()), FLOOR: await floor_arm(here)}
        await asyncio.gather(
            a.ask("settled", conversation_id=conversation), b.ask("settled", conversation_id=conversation)
        )
        if chrome is not None:
            arms[PEER] = await _pages(here, chrome, conversation)
        for arm in arms.values():
            await arm.round(WARM_UP)
            arm.stages.clear()
        chats: Chats = arms[CHATDESK]
        chats.own.clear()
        chats.acknowledged.clear()
        rounds: dict[str, list[list[float]]] = {name: [] for name in arms}
        computed: dict[str, list[list[float]]] = {name: [] for name in arms}
        for number in range(plan.rounds(ROUNDS)):
            for name in order(number, list(arms)):
                before = machine.cpu_seconds(*arms[name].pids)
                rounds[name].append(await arms[name].round(SENDS))
                spent = machine.cpu_seconds(*arms[name].pids) - before
                computed[name].append([spent * 1000 / SENDS])
        stages = {
            name: {stage: median(each) for stage, each in arm.stages.items()} for name, arm in arms.items()
        }
        return [
            Figure(
                "delivery",
                "Send in one window → painted in the other",
                "ms",
                rounds,
                {
                    FLOOR: "raw HTTP, INSERT, NOTIFY, websocket, hand-painted list",
                    PEER: "web page with supabase-js, same back end",
                },
                {FLOOR: 2.0, PEER: 1.0},
                stages=stages,
            ),
            Figure(
                "delivery_computing",
                "Computing for that, both windows and the server",
                "ms",
                computed,
                {
                    FLOOR: "the reading window, server and PostgreSQL",
                    PEER: "the browser, server and PostgreSQL",
                },
            ),
            Figure(
                "own_bubble",
                "Enter → own message painted (on disk by then)",
                "ms",
                {CHATDESK: chats.own},
                limit=16.7,
            ),
        ]


async def floor_arm(here: Place, *options: str) -> Bare:
    """Start the floor: its server with these options, and its window."""
    server, port = await here.floor_server(*options)
    reader = await here.module("floor.reader", str(port))
    assert reader.stdout is not None
    assert await reader.stdout.readline() == b"ready\n"
    return Bare(port, reader, [server.pid, *here.database_pids()])


async def _pages(here: Place, chrome: Any, conversation: str) -> Pages:
    backend = await here.backend()
    epoch = (await backend.rpc("page_messages", p_conversation_id=conversation))["conversation"]["epoch"]
    pages: Sequence[Page] = [await chrome.page(f"{backend.server.url}/local/v1/health") for _ in range(2)]
    for page in pages:
        await page.call("signIn", backend.server.url, backend.server.anon_key, backend.session)
        await page.call("follow", backend.user_id, conversation, epoch)
    pids = [*machine.tree(chrome.process.pid), *machine.tree(backend.server.pid)]
    return Pages(pages[0], pages[1], conversation, pids)
