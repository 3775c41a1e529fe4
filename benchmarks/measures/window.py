"""What the window does with a lot: lists, conversations, rows, tokens, scrolling, searching."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.browser import Page, browser
from benchmarks.figures import CHATDESK, FLOOR, PEER, Figure
from benchmarks.place import place
from benchmarks.plan import Plan
from benchmarks.seed import texts

ROUNDS = 4
LISTED = 10_000
TEXT = "The quick brown fox jumps over the lazy dog and comes back for the second half of it. " * 4


@dataclass(frozen=True)
class Task:
    """A task of ``benchmarks.inside`` and the page's calls that do the same."""

    name: str
    title: str
    floor: str
    unit: str = "ms"
    goals: dict[str, float] = field(default_factory=dict)
    limit: float | None = None
    peer: tuple[str, Sequence[Any]] | None = None
    repeat: int = 5
    rounds: int = ROUNDS
    note: str = ""


TASKS = (
    Task(
        "read_10k",
        "10,000 conversations read from the disk",
        "the same rows by plain SQL",
    ),
    Task(
        "list_10k",
        "10,000 conversations → list painted",
        "QListView on a list of titles",
        limit=25.0,
        peer=("openList", (LISTED,)),
        repeat=2,
    ),
    Task(
        "bump",
        "One of 10,000 conversations to the top → painted",
        "one row moved in a list of titles",
        goals={FLOOR: 1.5},
        limit=16.7,
        peer=("bump", ()),
    ),
    Task(
        "open_talk",
        "Click → conversation of 100,000 messages painted",
        "one of 60 messages",
        goals={FLOOR: 2.0, "large": 1.2},
        peer=("openTalk", (texts(100),)),
        note="The page has its 100 newest messages in memory already.",
    ),
    Task(
        "append",
        "One message more → painted",
        "one hand-painted bubble more",
        goals={FLOOR: 3.0},
        limit=16.7,
        peer=("append", (TEXT,)),
    ),
    Task(
        "stream",
        "Streaming: computing per token, 500 tokens",
        "plain text inserted in a QPlainTextEdit",
        "µs",
        {FLOOR: 2.0},
        peer=("stream", (["token "] * 500,)),
        repeat=1,
        note="The page lays out plain text and paints nothing; ChatDesk renders Markdown and paints.",
    ),
    Task(
        "stream_long",
        "Streaming: computing per token, 8,000 tokens",
        "500 tokens",
        "µs",
        {FLOOR: 1.3},
        rounds=3,
    ),
    Task(
        "scroll",
        "Scrolling 40 px anywhere in 100,000 messages",
        "a hand-painted list of 400",
        limit=16.7,
    ),
    Task(
        "search",
        "Words in 100,000 messages, newest 50 with passages",
        "the bare FTS5 index and its 50 rows",
        goals={FLOOR: 2.0},
        limit=33.4,
    ),
)


class Child:
    """The other end of ``benchmarks.inside``."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def told(self) -> Any:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("the window's process has ended")
        return json.loads(line)

    async def ask(self, task: str) -> dict[str, list[float]]:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{task}\n".encode())
        answer: dict[str, list[float]] = await self.told()
        return answer


async def measure(plan: Plan) -> list[Figure]:
    """Round after round, the window's process and the page in turns."""
    async with place() as here, browser(here) as chrome:
        child = Child(await here.module("inside"))
        page: Page | None = None
        if chrome is not None:
            page = await chrome.page("about:blank", ["peer.js"])
            await page.call("prepare")
            await page.call("openList", LISTED)
        await child.told()
        found: dict[str, dict[str, list[list[float]]]] = {task.name: {} for task in TASKS}
        for number in range(plan.rounds(ROUNDS)):
            for task in TASKS:
                if number >= plan.rounds(task.rounds):
                    continue
                for arm, samples in (await child.ask(task.name)).items():
                    found[task.name].setdefault(arm, []).append(samples)
                if page is not None and task.peer is not None:
                    name, arguments = task.peer
                    if task.name == "open_talk":
                        await page.call("openList", 200)
                    taken = [await page.call(name, *arguments) for _ in range(task.repeat)]
                    found[task.name].setdefault(PEER, []).append(taken)
        return [_figure(task, found[task.name]) for task in TASKS]


def _figure(task: Task, arms: dict[str, list[list[float]]]) -> Figure:
    labels = {FLOOR: task.floor}
    if task.peer is not None:
        labels[PEER] = "the same in a web page"
    if "large" in task.goals:
        labels["large"] = "One of 1,000 messages"
    assert CHATDESK in arms
    return Figure(
        task.name, task.title, task.unit, arms, labels, dict(task.goals), task.limit, note=task.note
    )
