"""The strings of a puppet: drives a whole ChatDesk in another process, for the demo and the journey tests.

Requests go to its stdin and answers and events come from its stdout, one JSON object per line.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from chatdesk.runtime.tasks import TaskScope

DEADLINE_SECONDS = 30.0
LINE_LIMIT = 32 * 1024 * 1024
"""Longest answer: a whole conversation with a message of the greatest length."""

STATE_TOLD = 4_000
"""Characters of a state in an error message."""


class PuppetError(Exception):
    """The puppet did not do what it was asked to."""


class Puppet:
    """One ChatDesk process.

    ``ask`` sends a request and returns its answer; ``until`` waits for an event, past or future. Every wait
    ends after 30 s with ``PuppetError``.
    """

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.name = name
        self.log = log
        self.events: list[dict[str, Any]] = []
        self._process = process
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._news = asyncio.Condition()
        self._scope = TaskScope(f"puppet {name}")
        self._last = 0
        self._silent = False
        """Whether its output has ended, so that no answer can come any more."""
        self._scope.start(self._listen(), "listen")

    @classmethod
    async def start(
        cls,
        name: str,
        data: Path,
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
        scripted: bool,
        vault: str = "memory",
        command: Sequence[str] | None = None,
    ) -> Puppet:
        """Start ChatDesk with its files below ``data``; ``scripted`` gives it the reciting model.

        ``environment`` goes over this process's own; ``vault`` is ``memory`` or ``keyring``. ``command``
        starts another ChatDesk than this one, such as an installed one.
        """
        frozen = getattr(sys, "frozen", False)
        program = command or ([sys.executable] if frozen else [sys.executable, "-m", "chatdesk"])
        whole = [*program, "--data", str(data), "--vault", vault, "--puppet"]
        if scripted:
            whole.append("--scripted-model")
        surroundings = {**os.environ, "QT_QPA_PLATFORM": "offscreen", **(environment or {})}
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *whole,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=output,
                env=surroundings,
                limit=LINE_LIMIT,
            )
        return cls(name, process, log)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def runs(self) -> bool:
        """Whether its end was not seen yet."""
        return self._process.returncode is None

    async def ask(self, request: str, **arguments: Any) -> dict[str, Any]:
        """Have ``request`` done; returns the answer without its envelope."""
        if self._silent:
            raise PuppetError(f"{self.name} has ended.\n{self._tail()}")
        self._last += 1
        number = self._last
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"id": number, "do": request, **arguments}).encode() + b"\n")
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                result: dict[str, Any] = await answer
        except TimeoutError:
            raise PuppetError(f"{self.name} did not answer {request!r}.\n{self._tail()}") from None
        finally:
            self._answers.pop(number, None)
        if "could_not" in result:
            raise PuppetError(f"{self.name} could not {request!r}: {result['could_not']}\n{self._tail()}")
        return result

    async def until(self, what: str, met: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the first event that meets a condition; ``what`` names it in the error."""
        position = 0
        try:
            async with asyncio.timeout(DEADLINE_SECONDS), self._news:
                while True:
                    while position < len(self.events):
                        if met(self.events[position]):
                            return self.events[position]
                        position += 1
                    await self._news.wait()
        except TimeoutError:
            raise PuppetError(f"{self.name}: {what} did not happen.\n{self._tail()}") from None

    async def until_painted(self, message_id: str) -> dict[str, Any]:
        """Wait until a message was painted; the event's ``at`` is on the machine's monotonic clock, in ns."""
        return await self.until(
            f"painting of {message_id}",
            lambda event: event["event"] == "painted" and event["message_id"] == message_id,
        )

    async def until_state(
        self, what: str, met: Callable[[dict[str, Any]], bool], *, window: int | None = None
    ) -> dict[str, Any]:
        """Ask for the whole state, again after every event, until it meets a condition.

        The state is that of the ``window`` with this number, by default the one in front.
        """
        return await self.until_seen("state", what, met, window)

    async def until_seen(
        self, request: str, what: str, met: Callable[[dict[str, Any]], bool], window: int | None = None
    ) -> dict[str, Any]:
        """Wait like ``until_state`` with another request that looks."""
        state: dict[str, Any] = {}
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                while True:
                    seen = len(self.events)
                    state = await self.ask(request, window=window)
                    if met(state):
                        return state
                    async with self._news:
                        await self._news.wait_for(lambda seen=seen: len(self.events) > seen)  # type: ignore[misc]  # mypy: a lambda's default
        except TimeoutError:
            told = json.dumps(state)[:STATE_TOLD]
            raise PuppetError(f"{self.name}: {what} did not happen; {told}\n{self._tail()}") from None

    async def until_ended(self) -> None:
        """Wait for the end of the process, which somebody else has asked for."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            await self._process.wait()

    async def quit(self) -> None:
        """Close the window as a person would and wait for the end of the process."""
        if self._process.returncode is None:
            with contextlib.suppress(PuppetError, ConnectionError):
                await self.ask("quit")
            try:
                async with asyncio.timeout(DEADLINE_SECONDS):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
        await self._end()
        if self._process.returncode:
            raise PuppetError(f"{self.name} ended with {self._process.returncode}.\n{self._tail()}")

    async def kill(self) -> None:
        """End the process without a chance to tidy up."""
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        await self._end()

    async def _end(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
            with contextlib.suppress(ConnectionError):
                await self._process.stdin.wait_closed()
        await self._scope.close()

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            told = json.loads(line)
            if "id" in told:
                answer = self._answers.get(told.pop("id"))
                if answer is not None and not answer.done():
                    answer.set_result(told)
                continue
            async with self._news:
                self.events.append(told)
                self._news.notify_all()
        self._silent = True
        for answer in self._answers.values():
            if not answer.done():
                answer.set_result({"could_not": "it ended"})

    def _tail(self) -> str:
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-30:])
