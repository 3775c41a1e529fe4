"""The demo: two instances, a person working in the first, and whether the second showed it all."""

from __future__ import annotations

import asyncio
import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from chatdesk.app.demo_script import EARLIER, PERSON, TITLE, TURNS
from chatdesk.app.puppeteer import Puppet, PuppetError


class Demo:
    """Runs the script in A, watches B, writes screenshots and the table of latencies.

    ``painted`` times are taken at the end of the paint event that first drew the message; both processes read
    the machine's one monotonic clock.
    """

    def __init__(self, output: Path, a: Puppet, b: Puppet, out: TextIO) -> None:
        self._output = output
        self._a = a
        self._b = b
        self._out = out
        self._rows: list[dict[str, Any]] = []

    async def play(self) -> bool:
        """Do it all; returns whether B showed everything A did."""
        await asyncio.gather(self._a.ask("sign_in"), self._b.ask("sign_in"))
        await asyncio.gather(
            *(each.until_state("being connected", _connected) for each in (self._a, self._b))
        )
        self._say("Two instances are signed in to one account and connected.")
        await self._b.ask("theme", mode="dark")
        await self._a.ask("profile", display_name=PERSON, username="ada", portrait=True)
        for title in EARLIER:
            await self._a.ask("create", title=title)
        created = await self._a.ask("create", title=TITLE)
        conversation = created["conversation_id"]
        await self._b.until_state("the new conversation in B", lambda s: conversation in _ids(s))
        await self._b.ask("open", conversation_id=conversation)
        for number, turn in enumerate(TURNS, 1):
            await self._turn(number, turn)
        await self._a.ask("rename", conversation_id=conversation, title=TITLE + " ✈")
        spare = (await self._a.ask("create", title="Scratch"))["conversation_id"]
        await self._b.until_state("the second conversation in B", lambda s: spare in _ids(s))
        await self._a.ask("open", conversation_id=conversation)
        await self._a.ask("delete", conversation_id=spare)
        same = await self._compare(spare)
        await self._shoot("after")
        self._write()
        return same

    async def _turn(self, number: int, text: str) -> None:
        sent = await self._a.ask("send", text=text)
        message = sent["message_id"]
        mine, theirs = await asyncio.gather(self._a.until_painted(message), self._b.until_painted(message))
        self._rows.append(
            {
                "message": number,
                "characters": len(text),
                "painted in A (ms)": round((mine["at"] - sent["at"]) / 1e6, 1),
                "painted in B (ms)": round((theirs["at"] - sent["at"]) / 1e6, 1),
            }
        )
        if number == len(TURNS) - 1:
            await self._b.until_state("half of the reply in B", lambda state: _streaming(state, message))
            await self._shoot("during")
        for instance in (self._a, self._b):
            await instance.until_state("the reply", lambda state: _answered(state, message))

    async def _compare(self, deleted: str) -> bool:
        a = await self._a.until_state("all being sent", lambda s: not s["pending"] and deleted not in _ids(s))
        try:
            await self._b.until_state("B being the same as A", lambda b: _shown(a) == _shown(b))
        except PuppetError as failure:
            b = await self._b.ask("state")
            self._say(f"{failure}\nA: {json.dumps(_shown(a))}\nB: {json.dumps(_shown(b))}")
            return False
        return True

    async def _shoot(self, moment: str) -> None:
        for instance in (self._a, self._b):
            path = self._output / f"{moment}-{instance.name}.png"
            await instance.ask("screenshot", path=str(path))
        shots = [str(self._output / f"{moment}-{instance.name}.png") for instance in (self._a, self._b)]
        await self._a.ask("place_beside", paths=shots, output=str(self._output / f"{moment}.png"))

    def _write(self) -> None:
        columns = list(self._rows[0])
        lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
        lines += ["| " + " | ".join(str(row[column]) for column in columns) + " |" for row in self._rows]
        latencies = [row["painted in B (ms)"] for row in self._rows]
        lines += ["", f"Send in A → painted in B: median {statistics.median(latencies):.1f} ms."]
        table = "\n".join(lines)
        (self._output / "latency.md").write_text(table + "\n", "utf-8")
        (self._output / "latency.json").write_text(json.dumps(self._rows, indent=1), "utf-8")
        self._say(table)

    def _say(self, text: str) -> None:
        print(text, file=self._out, flush=True)


def run_demo(output: Path, out: TextIO = sys.stdout) -> int:
    """Play the demo into ``output``; returns 0 only if B showed everything that A did."""
    if hasattr(out, "reconfigure"):
        out.reconfigure(encoding="utf-8", errors="replace")  # A Windows console may not know an arrow.
    return asyncio.run(_run(output, out))


async def _run(output: Path, out: TextIO) -> int:
    output.mkdir(parents=True, exist_ok=True)
    data = Path(tempfile.mkdtemp(prefix="chatdesk-"))
    instances: Sequence[Puppet] = ()
    failed = True
    try:
        instances = [
            await Puppet.start(name, data, log=output / f"{name}.log", scripted=True) for name in "ab"
        ]
        failed = not await Demo(output, instances[0], instances[1], out).play()
        for instance in instances:
            await instance.quit()
    except PuppetError as failure:
        failed = True
        print(failure, file=out)
    finally:
        for instance in instances:
            await instance.kill()
        await _wait_for_server(data)
        shutil.rmtree(data, ignore_errors=True)
    verdict = "B did NOT show everything that A did." if failed else "B showed everything that A did."
    print(f"{verdict} Screenshots and the table are in {output}.", file=out)
    return int(failed)


async def _wait_for_server(data: Path) -> None:
    """The server lets go of its files a moment after the last window left."""
    for _ in range(100):
        if not (data / "local" / "server.json").exists():
            return
        await asyncio.sleep(0.1)


def _connected(state: dict[str, Any]) -> bool:
    return bool(state["link"] == "connected")


def _ids(state: dict[str, Any]) -> list[str]:
    return [entry["id"] for entry in state["conversations"]]


def _answered(state: dict[str, Any], message_id: str) -> bool:
    return any(
        message["parent_id"] == message_id and message["status"] == "complete"
        for message in state["messages"]
    )


def _streaming(state: dict[str, Any], message_id: str) -> bool:
    return any(
        message["parent_id"] == message_id and message["status"] == "streaming" and message["shown"] > 200
        for message in state["messages"]
    )


def _shown(state: dict[str, Any]) -> dict[str, Any]:
    return {key: state[key] for key in ("conversations", "messages", "profile", "user_id")}
