"""How fast a foreign export comes in, and whether two windows stay usable meanwhile.

``python -m benchmarks.imports [conversations] [messages]`` starts two instances on a fresh embedded back end,
imports a generated file in one of them and prints rows per second, the lateness of both event loops and the
time until the other window has everything.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.support.instances import connected, house, titles

WORDS = (
    "A reply of the usual length has some four hundred letters, which is what this one is made to have. " * 4
)


def write_file(path: Path, conversations: int, messages: int) -> None:
    with path.open("w") as file:
        file.write("[")
        for number in range(conversations):
            nodes = {}
            for place in range(messages):
                nodes[f"m{place}"] = {
                    "id": f"m{place}",
                    "parent": f"m{place - 1}" if place else None,
                    "children": [f"m{place + 1}"] if place + 1 < messages else [],
                    "message": {
                        "author": {"role": "assistant" if place % 2 else "user"},
                        "content": {"content_type": "text", "parts": [f"{place} {WORDS}"]},
                        "create_time": 1_600_000_000 + number * 100 + place,
                    },
                }
            whole = {
                "id": f"c{number}",
                "title": f"Imported {number}",
                "create_time": 1_600_000_000 + number * 100,
                "update_time": 1_600_000_050 + number * 100,
                "mapping": nodes,
            }
            file.write(("," if number else "") + json.dumps(whole))
        file.write("]")


async def measure(conversations: int, messages: int) -> None:
    with tempfile.TemporaryDirectory(prefix="chatdesk-import-") as directory:
        path = Path(directory) / "conversations.json"
        write_file(path, conversations, messages)
        rows = conversations * (messages + 1)
        sys.stdout.write(f"{conversations} conversations, {rows} rows, {path.stat().st_size / 1e6:.0f} MB\n")
        async with house() as made:
            made.expected.append("")
            a, b = await made.signed_in("a"), await made.signed_in("b")
            await connected(a, b)
            begun = time.monotonic()
            await a.ask("examine", path=str(path))
            await asyncio.gather(a.ask("stalls"), b.ask("stalls"))  # what came before
            await a.until_state("a question", lambda state: (state["transfer"] or {}).get("yes") == "Import")
            sys.stdout.write(f"looked at after {time.monotonic() - begun:.1f} s\n")
            begun = time.monotonic()
            await a.ask("transfer", button="yes")
            while "done" not in (await a.ask("look_at_transfer"))["title"]:  # noqa: ASYNC110 (another process)
                await asyncio.sleep(0.25)
            seconds = time.monotonic() - begun
            said = (await a.ask("look_at_transfer"))["said"]
            sys.stdout.write(f"{said}\n{seconds:.1f} s: {rows / seconds:.0f} rows/s\n")
            stalls = await asyncio.gather(a.ask("stalls"), b.ask("stalls"))
            for name, each in zip("ab", stalls, strict=True):
                sys.stdout.write(f"{name}: late p99 {each['p99']:.0f} ms, at most {each['max']:.0f} ms\n")
            while len(titles(await b.ask("state"))) < conversations:  # noqa: ASYNC110 (another process)
                await asyncio.sleep(0.25)
            sys.stdout.write(f"the other window has all {time.monotonic() - begun - seconds:.1f} s later\n")
            memory = [(await each.ask("resources"))["memory"] / 1e6 for each in (a, b)]
            sys.stdout.write(f"memory {memory[0]:.0f} and {memory[1]:.0f} MB\n")


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    numbers = [int(each) for each in sys.argv[1:3]]
    asyncio.run(measure(*([*numbers, 10_000, 4][:2] if not numbers else [*numbers, 4][:2])))
