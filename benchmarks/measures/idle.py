"""What a window computes while nobody does anything."""

from __future__ import annotations

import asyncio
import sys
import time

from benchmarks import machine
from benchmarks.browser import browser
from benchmarks.figures import CHATDESK, PEER, Figure
from benchmarks.place import place
from benchmarks.plan import Plan

BARE = "bare"
"""No floor: a window that nobody touches computes nothing, and nothing is no measure."""

ROUNDS = 3
SECONDS = 5.0
SETTLED = 6.0


async def measure(plan: Plan) -> list[Figure]:
    """All of them idle side by side, connected, with a conversation open."""
    async with place() as here, browser(here) as chrome:
        puppet = await here.puppet("a")
        made = await puppet.ask("create", title="Idle")
        await puppet.ask("settled", conversation_id=made["conversation_id"])
        await puppet.quit()
        # A puppet's stall probe beats every 5 ms; the window as people have it has none.
        window = await here.process(
            *(sys.executable, "-m", "chatdesk", "--data", str(here.data), "--vault", "memory"),
            environment={"CHATDESK_BUILT_IN": "off"},
        )
        floor = await here.module("floor.window")
        keeper = await here.puppet("keeper")
        backend = await here.backend()
        pids = {CHATDESK: [window.pid], BARE: [floor.pid]}
        if chrome is not None:
            page = await chrome.page(f"{backend.server.url}/local/v1/health")
            await page.call("signIn", backend.server.url, backend.server.anon_key, backend.session)
            epoch = 1
            await page.call("follow", backend.user_id, made["conversation_id"], epoch)
            pids[PEER] = machine.tree(chrome.process.pid)
        server, database = backend.pids
        pids["server"] = [*server, *database]
        await asyncio.sleep(SETTLED)
        rounds: dict[str, list[list[float]]] = {name: [] for name in pids}
        for _ in range(plan.rounds(ROUNDS)):
            before = {name: machine.cpu_seconds(*each) for name, each in pids.items()}
            begun = time.monotonic()
            await asyncio.sleep(SECONDS)
            passed = time.monotonic() - begun
            for name, each in pids.items():
                spent = machine.cpu_seconds(*each) - before[name]
                rounds[name].append([max(spent / passed * 100, 0.001)])
        await keeper.quit()
        window.terminate()
        await window.wait()
        return [
            Figure(
                "idle",
                "Computing of an idle, connected window",
                "% of a core",
                rounds,
                {
                    BARE: "A bare window, without a network",
                    PEER: "the page with its two channels",
                    "server": "The embedded back end with its PostgreSQL",
                },
                limit=2.0,
            )
        ]
