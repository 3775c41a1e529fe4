"""The server was away and is back: until what was missed is painted, and how long fetching it takes."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.backend import Backend
from benchmarks.figures import CHATDESK, FLOOR, Figure
from benchmarks.place import TRACED, Place, place
from benchmarks.plan import Plan
from chatdesk.app.puppeteer import Puppet
from chatdesk.backend.local_launcher import LocalLauncher
from chatdesk.domain.ids import new_id
from tests.support.local_backend import end_backend, new_key
from tests.support.relay import Relay

MISSED = 200
ROUNDS = 4
SOCKET = "socket"
EMAIL, PASSWORD = "anna@example.org", "a good password"
TEXT = "The quick brown fox jumps over the lazy dog and comes back for the second half of it. " * 2


class Road(Relay):
    """The way to the server; ``tried`` is when somebody came by first after it was there again."""

    tried = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.tried = self.tried or time.monotonic_ns()
        await super()._serve(reader, writer)


class Project:
    """A server that can be restarted, and the road to it, whose address stays."""

    def __init__(self, here: Place, home: Path) -> None:
        self._here = here
        self._home = home
        self._key = new_key()
        self._launcher = LocalLauncher(home)
        self.road = Road(0)
        home.mkdir(mode=0o700)

    async def start(self) -> Backend:
        """Start the server; the road is opened by whoever wants it."""
        await self._launcher.ensure(self._key)
        backend = await Backend.at(self._home, self._here.http)
        self.road.target = urlsplit(backend.server.url).port or 0
        return backend

    async def stop(self) -> None:
        """Cut the road and end the server."""
        await self.road.cut()
        await self._launcher.release()
        await end_backend(self._home)


async def measure(plan: Plan) -> list[Figure]:
    """A window on a server that is restarted; in between rows are written that it misses."""
    async with place() as here:
        project = Project(here, here.directory / "project")
        try:
            return await _measure(here, project, plan)
        finally:
            await project.stop()


async def _measure(here: Place, project: Project, plan: Plan) -> list[Figure]:
    backend = await project.start()
    await project.road.heal()
    puppet = await _window(here, project, backend)
    conversation = (await puppet.ask("create", title="Missed"))["conversation_id"]
    await puppet.ask("settled", conversation_id=conversation)
    rounds: dict[str, list[list[float]]] = {CHATDESK: [], FLOOR: [], SOCKET: []}
    waits: list[float] = []
    for number in range(-1, plan.rounds(ROUNDS)):
        await project.stop()
        backend = await _signed_in(await project.start())
        known = (await backend.rpc("page_messages", p_conversation_id=conversation))["cursor"]
        last = await _write(backend, conversation)
        fetched = [await _fetch(backend, conversation, known) for _ in range(3)]
        rejoined = await _rejoin(backend, conversation, known)
        project.road.tried = 0
        puppet.events.clear()
        opened = time.monotonic_ns()
        await project.road.heal()
        painted = (await puppet.until_painted(last))["at"]
        await puppet.until_state("the link", lambda state: state["link"] == "connected")
        await puppet.ask("settled", conversation_id=conversation)
        if number < 0:
            continue
        waits.append((project.road.tried - opened) / 1e9)
        rounds[CHATDESK].append([(painted - project.road.tried) / 1e6])
        rounds[FLOOR].append(fetched)
        rounds[SOCKET].append([rejoined])
    await puppet.quit()
    return [
        Figure(
            "reconnect",
            f"Server back, first attempt → {MISSED} missed messages painted",
            "ms",
            rounds,
            {
                FLOOR: "fetching them, with the connection there",
                SOCKET: "A socket, 3 joins and fetching them",
            },
            {FLOOR: 2.0},
            note=f"The attempt itself came {min(waits):.1f} to {max(waits):.1f} s after the server was there"
            " (the back-off).",
        )
    ]


async def _window(here: Place, project: Project, backend: Backend) -> Puppet:
    puppet = await Puppet.start(
        "window",
        here.data,
        log=here.directory / "window.log",
        scripted=False,
        command=TRACED,
        environment={"CHATDESK_BUILT_IN": "off"},
    )
    here.puppets.append(puppet)
    await puppet.until_state("the first page", lambda state: bool(state["first_run"]))
    await puppet.ask(
        "connect",
        url=project.road.url,
        key=backend.server.anon_key,
        email=EMAIL,
        password=PASSWORD,
        create=True,
    )
    await puppet.until_state("the link", lambda state: state["link"] == "connected")
    return puppet


async def _signed_in(backend: Backend) -> Backend:
    """The same server in the name of the one whose window it is."""
    address = f"{backend.server.url}/auth/v1/token?grant_type=password"
    body, headers = {"email": EMAIL, "password": PASSWORD}, {"apikey": backend.server.anon_key}
    async with backend.http.post(address, json=body, headers=headers) as answer:
        session = await answer.json()
    return replace(backend, token=session["access_token"], user_id=session["user"]["id"], session=session)


async def _write(backend: Backend, conversation: str) -> str:
    """Write what is missed; returns the id of the last one."""
    last = ""
    for number in range(MISSED):
        last = new_id()
        await backend.send(conversation, last, f"{number} {TEXT}")
    return last


async def _fetch(backend: Backend, conversation: str, after: int) -> float:
    begun = time.monotonic()
    page = await backend.rpc("pull_messages", p_conversation_id=conversation, p_after=after, p_limit=MISSED)
    assert len(page["messages"]) == MISSED
    return (time.monotonic() - begun) * 1000


async def _rejoin(backend: Backend, conversation: str, after: int) -> float:
    begun = time.monotonic()
    topic = f"conversation:{conversation}:1"
    socket = await backend.join(f"user:{backend.user_id}", topic, f"{topic}:live")
    await _fetch(backend, conversation, after)
    took = (time.monotonic() - begun) * 1000
    await socket.close()
    return took
