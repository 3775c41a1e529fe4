"""A second instance as its own process: ``python -m tests.unit.store.instance DIRECTORY COMMAND``.

``enqueue COUNT`` accepts changes and prints each id when it is safe; ``hold`` prints its slot and waits.
Every printed line is flushed; the process ends when its standard input is closed, or when it is killed.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from chatdesk.domain.ids import new_id
from tests.unit.store.rows import listed, opened, send


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def _main(directory: Path, command: str, count: int) -> None:
    async with opened(directory) as store:
        _say(f"slot {store.slot}")
        await store.apply(listed("a"))
        for _ in range(count):
            change = replace(send("a", new_id()), id=new_id())
            await store.enqueue(change)
            _say(change.id)
        if command == "hold":
            await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
