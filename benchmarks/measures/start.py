"""From the start of the program to the window with list and last conversation, and its memory."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from statistics import median

from aiohttp import web

from benchmarks import machine
from benchmarks.browser import chromium, command
from benchmarks.figures import CHATDESK, FLOOR, PEER, Figure
from benchmarks.place import LINGER, TRACED, Place, place
from benchmarks.plan import Plan, order
from chatdesk.app.puppeteer import Puppet
from chatdesk.backend.local_launcher import LocalLauncher
from tests.support.local_backend import end_backend, new_key

STARTS = 6
REST = 3.0
"""Seconds until its memory is looked at."""

WEIGHED = 4
"""Of how many starts; memory hardly differs between them."""

DEADLINE = 60.0
FROZEN = "frozen"
COLD, COLD_STARTS = "cold", 4
"""The way to start that takes a PostgreSQL each time, and how many of them count."""

PAGE = """<!doctype html><title>peer</title><style>
body {{ margin: 0; display: flex; height: 100vh; font: 14px sans-serif }}
#list {{ width: 260px; overflow-y: auto; background: #f4f5f8 }} #list div {{ padding: 9px 12px }}
#talk {{ flex: 1; overflow-y: auto }} #talk div {{ margin: 12px; padding: 12px; border-radius: 10px;
background: #eef1f6; max-width: 620px }}</style><div id=list>{titles}</div><div id=talk>{texts}</div>
<script src=supabase.js></script><script>
supabase.createClient("http://127.0.0.1:9", "key");
const talk = document.getElementById("talk"); talk.scrollTop = talk.scrollHeight;
requestAnimationFrame(() => requestAnimationFrame(() => fetch("painted")));
</script>"""


class Starts:
    """Starts one kind of program and waits until it shows what it is to show."""

    def __init__(self, here: Place) -> None:
        self.here = here
        self.ms: list[float] = []
        self.computed: list[float] = []
        """Milliseconds of computing until then, of all its processes."""
        self.megabytes: list[float] = []
        self.weighed = WEIGHED

    async def once(self) -> None:
        raise NotImplementedError

    def note(self, pid: int) -> None:
        """It is painted: look how much was computed for that."""
        # It stands still meanwhile: what it computes next is not for the painting.
        os.kill(pid, signal.SIGSTOP)
        try:
            self.computed.append(machine.cpu_seconds(*machine.tree(pid)) * 1000)
        finally:
            os.kill(pid, signal.SIGCONT)

    async def weigh(self, pids: list[int]) -> None:
        if len(self.megabytes) == self.weighed:
            return
        await asyncio.sleep(REST)
        self.megabytes.append(machine.memory(*pids))


class ChatDesk(Starts):
    """The program from its source; connected is what a later line of it tells."""

    def __init__(self, here: Place) -> None:
        super().__init__(here)
        self.connected: list[float] = []

    async def prepare(self) -> None:
        """See to it that its back end runs: whoever came before may have ended it."""
        launcher = LocalLauncher(self.here.home, LINGER)
        await launcher.ensure(new_key())
        await launcher.release()

    async def once(self) -> None:
        await self.prepare()
        begun = time.monotonic_ns()
        process = await self.here.process(
            *TRACED,
            "--data",
            str(self.here.data),
            "--vault",
            "memory",
            environment={"CHATDESK_TELL_START": "1", "CHATDESK_BUILT_IN": "off"},
            errors=True,
        )
        assert process.stderr is not None
        times: dict[str, float] = {}
        async with asyncio.timeout(DEADLINE):
            while {"painted", "connected"} - times.keys():
                line = (await process.stderr.readline()).decode()
                if not line:
                    raise RuntimeError("ChatDesk ended before it was painted")
                name, _, at = line.strip().partition(" ")
                if name == "painted":
                    self.note(process.pid)
                if name in ("painted", "connected"):
                    times[name] = (int(at) - begun) / 1e6
        self.ms.append(times["painted"])
        self.connected.append(times["connected"])
        await self.weigh([process.pid])
        process.terminate()
        await process.wait()


class ChatDeskAlone(ChatDesk):
    """The same when its back end does not run yet: the window must not wait for it."""

    async def prepare(self) -> None:
        await end_backend(self.here.home)

    async def weigh(self, pids: list[int]) -> None:
        del pids  # It weighs what the other one does.


class Frozen(Starts):
    """An installed build, asked as the demo asks."""

    def __init__(self, here: Place, executable: Path) -> None:
        super().__init__(here)
        self._executable = executable

    async def once(self) -> None:
        begun = time.monotonic_ns()
        puppet = await Puppet.start(
            "frozen",
            self.here.data,
            log=self.here.directory / "frozen.log",
            scripted=False,
            command=[str(self._executable)],
            environment={"CHATDESK_BUILT_IN": "off"},
        )
        painted = await puppet.until("a painted message", lambda event: event["event"] == "painted")
        self.note(puppet.pid)
        self.ms.append((painted["at"] - begun) / 1e6)
        await self.weigh([puppet.pid])
        await puppet.quit()


class Bare(Starts):
    """The floor."""

    async def once(self) -> None:
        begun = time.monotonic_ns()
        process = await self.here.module("floor.window")
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        self.note(process.pid)
        self.ms.append((int(line.split()[1]) - begun) / 1e6)
        await self.weigh([process.pid])
        await self.here.end(process)


class Chromium(Starts):
    """The peer; the page tells when two frames were drawn."""

    def __init__(self, here: Place, address: str, told: asyncio.Event) -> None:
        super().__init__(here)
        self._address = address
        self._told = told
        self._count = 0

    async def once(self) -> None:
        self._told.clear()
        profile = self.here.directory / "profile"
        profile.mkdir(exist_ok=True)
        begun = time.monotonic_ns()
        process = await self.here.process(*command(profile, "--remote-debugging-port=0", self._address))
        async with asyncio.timeout(DEADLINE):
            await self._told.wait()
        self.ms.append((time.monotonic_ns() - begun) / 1e6)
        self.note(process.pid)
        await self.weigh(machine.tree(process.pid))
        for pid in machine.tree(process.pid)[::-1]:
            end(pid)
        await process.wait()


def end(pid: int) -> None:
    """End one process that this measure started."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


async def measure(plan: Plan) -> list[Figure]:
    """Starts in turns, each with warm files; the first of each kind does not count."""
    async with place() as here:
        await _fill(here)
        told = asyncio.Event()
        runner = await _serve(told)
        arms: dict[str, Starts] = {CHATDESK: ChatDesk(here), COLD: ChatDeskAlone(here), FLOOR: Bare(here)}
        if plan.frozen is not None:
            arms[FROZEN] = Frozen(here, plan.frozen)
        if chromium() is not None:
            arms[PEER] = Chromium(here, f"http://127.0.0.1:{runner.addresses[0][1]}/", told)
        for arm in arms.values():
            arm.weighed = plan.rounds(WEIGHED)
        for number in range(plan.rounds(STARTS) + 1):
            for name in order(number, list(arms)):
                if name != COLD or number <= COLD_STARTS:
                    await arms[name].once()
        await runner.cleanup()
        labels = {
            FLOOR: "bare PySide6 window, 200 titles and 60 texts",
            PEER: "the same as a web page, Chromium",
        }
        if plan.frozen is not None:
            labels[FROZEN] = "ChatDesk's frozen build"
        chats, alone = arms[CHATDESK], arms.pop(COLD)
        assert isinstance(chats, ChatDesk)
        assert isinstance(alone, ChatDesk)
        rounds = {name: [[each] for each in arm.ms[1:]] for name, arm in arms.items()}
        return [
            Figure(
                "start",
                "Start → list and last conversation painted",
                "ms",
                rounds,
                labels,
                {FLOOR: 1.5, PEER: 0.6},
            ),
            Figure(
                "start_computing",
                "Computing until then, all processes",
                "ms",
                {name: [[each] for each in arm.computed[1:]] for name, arm in arms.items()},
                labels,
            ),
            Figure(
                "start_connected",
                "Start → connected, its back end running",
                "ms",
                {CHATDESK: [[each] for each in chats.connected[1:]], FLOOR: rounds[FLOOR]},
                {FLOOR: labels[FLOOR]},
                {FLOOR: 4.0},
            ),
            Figure(
                "start_alone",
                "Start → painted while its back end has to start as well",
                "ms",
                {CHATDESK: [[each] for each in alone.ms[1:]], FLOOR: rounds[CHATDESK][: len(alone.ms) - 1]},
                {FLOOR: "the same with its back end running"},
                {FLOOR: 1.25},
                note=f"Connected after {median(alone.connected[1:]):,.0f} ms (median).",
            ),
            Figure(
                "memory",
                "Memory (PSS) of an idle window with 60 messages",
                "MB",
                {name: [[each] for each in arm.megabytes[1:]] for name, arm in arms.items()},
                labels,
                {FLOOR: 2.2, PEER: 0.4},
            ),
        ]


async def _fill(here: Place) -> None:
    """Leave a data directory with 200 conversations, the last one opened with 60 messages."""
    puppet = await here.puppet("filling")
    newest, *_ = await (await here.backend()).bring([60] + [1] * 199)
    await puppet.until_state("all chats", lambda state: len(state["conversations"]) == 200)
    await puppet.ask("open", conversation_id=newest)
    await puppet.until_state("its messages", lambda state: len(state["messages"]) == 60)
    await puppet.quit()


async def _serve(told: asyncio.Event) -> web.AppRunner:
    titles = "".join(f"<div>Conversation {number}</div>" for number in range(200))
    texts = "".join(
        f"<div>{f'An earlier message, the {number}th of them. ' * 6}</div>" for number in range(60)
    )
    script = (Path(__file__).parents[1] / "peer" / "supabase.js").read_text("utf-8")

    async def page(_request: web.Request) -> web.Response:
        return web.Response(text=PAGE.format(titles=titles, texts=texts), content_type="text/html")

    async def library(_request: web.Request) -> web.Response:
        return web.Response(text=script, content_type="text/javascript")

    async def painted(_request: web.Request) -> web.Response:
        told.set()
        return web.Response()

    application = web.Application()
    application.add_routes(
        [web.get("/", page), web.get("/supabase.js", library), web.get("/painted", painted)]
    )
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner
