"""A window that is used for long, in a process of its own: what it holds before, meanwhile and afterwards.

``python -m benchmarks.wear PAGES ANSWERS SWITCHES`` fills a store with a conversation of 100,000 messages
and fifty of 60, opens the long one and scrolls back ``PAGES`` pages of a hundred, has ``ANSWERS`` of 500
tokens streamed, and turns ``SWITCHES`` times to another conversation. Prints one line of JSON with
megabytes (PSS) by moment: ``begun``, ``far`` (in the long conversation), ``back`` (in a short one again),
``streamed``, ``two_thirds`` (of the switches), ``switched``; and how far back it came (``reached``,
messages). Nothing of it needs a network.
"""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmarks import as_started, machine, seed  # noqa: F401  # the first one for what it does
from benchmarks.whole_window import at_work
from chatdesk.app.application import Application
from chatdesk.domain.change import ChangeSet, MessageChange, Verb
from chatdesk.domain.ephemeral import Delta
from chatdesk.domain.message import MessageStatus

HUGE, SMALL, SHORT_ONES = 100_000, 60, 50
TOKENS = 500
TOKENS_A_FRAME = 4
SETTLED = 2.0
WARM = 20
"""Short conversations that are opened before anything is weighed: fonts, shelves and caches are full then."""

PATIENCE = 10.0
SCROLL_SECONDS = 30.0


class Wear:
    """The steps; each leaves the window at rest."""

    def __init__(self, whole: Application) -> None:
        self.active = whole.windows.active
        self.view = self.active.timeline
        self._streamed = 0

    async def weigh(self) -> float:
        """Return the megabytes of this process once nothing happens any more."""
        await asyncio.sleep(SETTLED)
        gc.collect()
        return machine.memory(os.getpid())

    async def turn_to(self, number: int) -> None:
        """Open a conversation as a click does, until its messages are painted."""
        key = seed.conversation_id(number)
        self.active.window.sidebar.list.open_requested.emit(key, True)
        async with asyncio.timeout(PATIENCE):
            while self.active.messages.conversation_id != key or not self.view.on_screen():  # noqa: ASYNC110
                await asyncio.sleep(0)
        self.view.viewport().repaint()

    async def scroll_back(self, pages: int) -> int:
        """Go to the first loaded message again and again; return how many messages are loaded then.

        It gives up after ``SCROLL_SECONDS``: on a slow machine the rest of the run is worth more.
        """
        model, until = self.active.messages, time.monotonic() + SCROLL_SECONDS
        for _ in range(pages):
            if time.monotonic() > until:
                break
            before = model.rowCount()
            self.view.jump_to_start()
            self.view.viewport().repaint()
            async with asyncio.timeout(PATIENCE):
                while model.rowCount() == before and model.has_older:  # noqa: ASYNC110
                    await asyncio.sleep(0)
            if not model.has_older:
                break
        return model.rowCount()

    async def stream(self, number: int) -> None:
        """Have an answer of 500 tokens written into a conversation, and finished."""
        self._streamed += 1
        row = replace(seed.message(number, SMALL + 2 * self._streamed, ""), status=MessageStatus.STREAMING)
        self.active.messages.apply(ChangeSet(messages=(MessageChange(Verb.ADDED, row),)))
        text = ""
        for place in range(TOKENS):
            token = "\n\n" if place % 60 == 59 else "token "
            self.active.messages.apply_delta(Delta(row.conversation_id, row.id, len(text), token))
            text += token
            if place % TOKENS_A_FRAME == 0:
                self.view.flush()
                self.view.viewport().repaint()
        over = replace(row, status=MessageStatus.COMPLETE, content=text)
        self.active.messages.apply(ChangeSet(messages=(MessageChange(Verb.CHANGED, over),)))
        await asyncio.sleep(0)


async def worn(whole: Application, pages: int, answers: int, switches: int) -> dict[str, float]:
    """Go through all of it."""
    wear, found = Wear(whole), {}
    for number in (*range(2, WARM + 2), 1):
        await wear.turn_to(number)
    found["begun"] = await wear.weigh()
    await wear.turn_to(0)
    found["reached"] = float(await wear.scroll_back(pages))
    found["far"] = await wear.weigh()
    await wear.turn_to(1)
    found["back"] = await wear.weigh()
    for _ in range(answers):
        await wear.stream(1)
    found["streamed"] = await wear.weigh()
    for number in range(switches):
        if number == switches * 2 // 3:
            found["two_thirds"] = await wear.weigh()
        await wear.turn_to(1 + number % SHORT_ONES)
    await wear.turn_to(1)
    found["switched"] = await wear.weigh()
    return found


def fill(data: Path) -> None:
    """Fill the store."""
    wish = seed.Wish(1 + SHORT_ONES, [HUGE, *[SMALL] * SHORT_ONES], last=1)
    asyncio.run(seed.seed(data, wish))


def main() -> int:
    if sys.argv[1] == "fill":
        fill(Path(sys.argv[2]))
        return 0
    pages, answers, switches = (int(each) for each in sys.argv[1:4])
    with tempfile.TemporaryDirectory(prefix="cdb-wear-") as directory:
        os.environ["CHATDESK_DATA"] = directory
        # In another process: the memory that this takes would be there for whatever grows afterwards.
        subprocess.run([sys.executable, "-m", "benchmarks.wear", "fill", directory], check=True)

        async def work(whole: Application) -> object:
            await asyncio.sleep(SETTLED)
            return await worn(whole, pages, answers, switches)

        return at_work(work)


if __name__ == "__main__":
    sys.exit(main())
