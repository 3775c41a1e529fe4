"""10,000 rows were missed: how long until they are in the store, and how long a bare fetch takes."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from random import Random

from benchmarks.backend import Backend
from benchmarks.browser import Page, browser
from benchmarks.cores import open_core, reaches
from benchmarks.figures import CHATDESK, FLOOR, PEER, Figure
from benchmarks.place import place
from benchmarks.plan import Plan, order
from chatdesk.domain.ids import new_id
from tests.faults.rig import until

MISSED = 10_000
ROUNDS = 3


async def measure(plan: Plan) -> list[Figure]:
    """A headless instance that was away, from the same copy each time; bare requests; the page's requests."""
    async with place() as here, browser(here) as chrome:
        backend = await here.serve()
        [conversation] = await backend.bring([10])
        away = here.directory / "away"
        core = await open_core(backend, away)
        await until(lambda: core.watch.state.link == "connected")
        core.engine.open_conversation(conversation)
        known = (await backend.rpc("pull_messages", p_conversation_id=conversation, p_after=0))["cursor"]
        await until(lambda: reaches(core, conversation, known))
        await core.stop()
        await _miss(backend, conversation)
        newest = (await backend.rpc("page_messages", p_conversation_id=conversation))["cursor"]
        page: Page | None = None
        if chrome is not None:
            page = await chrome.page(f"{backend.server.url}/local/v1/health")
            await page.call("signIn", backend.server.url, backend.server.anon_key, backend.session)
        arms: dict[str, list[list[float]]] = {CHATDESK: [], FLOOR: []}
        if page is not None:
            arms[PEER] = []
        for number in range(plan.rounds(ROUNDS)):
            for name in order(number, list(arms)):
                if name == CHATDESK:
                    arms[name].append([await _come_back(here.directory, away, backend, conversation, newest)])
                elif name == FLOOR:
                    arms[name].append([await _fetch(backend, conversation, known)])
                elif page is not None:
                    told = await page.call("catchUp", conversation, known)
                    assert told["rows"] == MISSED
                    arms[name].append([told["ms"]])
        return [
            Figure(
                "catch_up",
                "10,000 missed messages → all in the store, indexed",
                "ms",
                arms,
                {
                    FLOOR: "the same pages by bare requests, thrown away",
                    PEER: "the page's requests, thrown away",
                },
                {FLOOR: 2.0},
            )
        ]


async def _miss(backend: Backend, conversation: str) -> None:
    """Write what is missed; a few hundred at a time through the import, which a message is to the reader."""
    chance = Random(1)
    rows = []
    for number in range(MISSED):
        words = "The quick brown fox jumps over the lazy dog. " * chance.randint(1, 8)
        at = f"2026-02-{1 + number // 1440:02d}T{number // 60 % 24:02d}:{number % 60:02d}:00+00:00"
        rows.append(
            {
                "id": new_id(),
                "role": "user",
                "content": f"{number} {words}",
                "status": "complete",
                "created_at": at,
                "updated_at": at,
            }
        )
    head = {"id": conversation, "title": "Talk number 0", "created_at": rows[0]["created_at"]}
    for first in range(0, MISSED, 200):
        part = rows[first : first + 200]
        batch = [{**head, "updated_at": part[0]["updated_at"], "messages": part}]
        await backend.rpc("import_conversations", p_conversations=batch)


async def _come_back(directory: Path, away: Path, backend: Backend, conversation: str, newest: int) -> float:
    copy = directory / "back"
    shutil.copytree(away, copy)
    begun = time.monotonic()
    core = await open_core(backend, copy)
    await until(lambda: reaches(core, conversation, newest), within=120)
    took = (time.monotonic() - begun) * 1000
    await core.stop()
    shutil.rmtree(copy)
    return took


async def _fetch(backend: Backend, conversation: str, after: int) -> float:
    begun, rows = time.monotonic(), 0
    while True:
        page = await backend.rpc("pull_messages", p_conversation_id=conversation, p_after=after, p_limit=200)
        rows += len(page["messages"])
        after = page["cursor"]
        if not page["more"]:
            break
    assert rows == MISSED, rows
    return (time.monotonic() - begun) * 1000
