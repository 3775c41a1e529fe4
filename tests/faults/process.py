"""A process full of cores, at the end of a pipe: asked, killed, stopped and continued by its process id."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DEADLINE = 60.0


class CoreDied(Exception):
    """The process ended before it answered."""


class CoreFailed(Exception):
    """The core raised; the text is what."""


class CoreProcess:
    """One ``python -m tests.faults.core``; ``log`` gets what it writes to stderr."""

    def __init__(self, log: Path, before: Sequence[str] = ()) -> None:
        self._log = log
        self._before = before
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._before,
                sys.executable,
                "-m",
                "tests.faults.core",
                cwd=ROOT,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                limit=32 * 1024 * 1024,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        self._reading = asyncio.get_running_loop().create_task(self._read())

    def order(self, core: str, do: str, **options: Any) -> asyncio.Future[Any]:
        """Ask, and return what will hold the answer."""
        number = next(self._numbers)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        process = self._process
        # The end of its output is known before the system tells its end.
        if process is None or process.stdin is None or self._reading is None or self._reading.done():
            answer.set_exception(CoreDied(core))
            return answer
        self._waiting[number] = answer
        process.stdin.write((json.dumps({"n": number, "core": core, "do": do, **options}) + "\n").encode())
        return answer

    async def ask(self, core: str, do: str, **options: Any) -> Any:
        """Ask and wait; raises ``CoreDied`` and ``CoreFailed``."""
        async with asyncio.timeout(DEADLINE):
            return await self.order(core, do, **options)

    async def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        await self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGSTOP: it lives and does nothing."""
        self._send(signal.SIGSTOP)

    def go_on(self) -> None:
        self._send(signal.SIGCONT)

    async def close(self) -> None:
        """Close its input, so that it ends in order; kill it when it does not."""
        process = self._process
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        try:
            async with asyncio.timeout(20):
                await process.wait()
        except TimeoutError:
            await self.kill()
        await self._settle()

    def _send(self, number: signal.Signals) -> None:
        if self.alive:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def _end(self, number: signal.Signals) -> None:
        self._send(number)
        if self._process is not None:
            await self._process.wait()
        await self._settle()

    async def _settle(self) -> None:
        if self._reading is not None:
            await self._reading

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            if not line.endswith(b"\n"):
                break  # cut off by the kill
            said = json.loads(line)
            answer = self._waiting.pop(said["n"], None)
            if answer is None or answer.done():
                continue
            if "error" in said:
                answer.set_exception(CoreFailed(said["error"]))
            else:
                answer.set_result(said.get("ok"))
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(CoreDied())
                answer.exception()  # whoever does not ask any more need not be told of it
        self._waiting.clear()
