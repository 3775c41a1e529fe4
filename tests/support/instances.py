"""Whole applications for the journey tests: started, watched, and ended by their process ids."""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from chatdesk.app.puppeteer import Puppet, PuppetError
from chatdesk.backend.local_server import read_port_file
from tests.support import stalls
from tests.support.local_backend import end_backend, ended

State = dict[str, Any]

_QUIET = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ (DEBUG|INFO) ")
_HARMLESS = (
    "This plugin does not support propagateSizeHints()",
    "This plugin does not support raise()",
    "This plugin does not support grabbing the keyboard",
)


class House:
    """One data directory and the instances that live in it.

    ``expected`` are parts of log lines that this journey provokes; every other line of an instance's output
    that is not at INFO fails the test at the end.
    """

    def __init__(self, data: Path) -> None:
        self.data = data
        self.expected: list[str] = []
        self._logs = data.parent / f"{data.name}-logs"
        self._logs.mkdir()
        self._instances: list[Puppet] = []
        self._servers: set[int] = set()

    @property
    def backend(self) -> Path:
        """Home of the embedded back end."""
        return self.data / "local"

    async def start(
        self,
        name: str,
        *,
        scripted: bool = False,
        vault: str = "memory",
        environment: Mapping[str, str] | None = None,
        command: Sequence[str] | None = None,
    ) -> Puppet:
        """Start an instance; its window is there when this returns, its account may not be."""
        log = self._logs / f"{name}.log"
        puppet = await Puppet.start(
            name,
            self.data,
            log=log,
            scripted=scripted,
            vault=vault,
            environment=environment,
            command=command,
        )
        self._instances.append(puppet)
        await puppet.ask("state")
        return puppet

    async def signed_in(
        self, name: str, *, scripted: bool = False, environment: Mapping[str, str] | None = None
    ) -> Puppet:
        """Start an instance on the account of this computer and wait until it is connected."""
        puppet = await self.start(name, scripted=scripted, environment=environment)
        state = await puppet.until_state("a choice", lambda state: state["signed_in"] or state["first_run"])
        if not state["signed_in"]:
            await puppet.ask("sign_in")
        await connected(puppet)
        stalls.note(name, "start", await puppet.ask("stalls"))
        self.note_server()
        return puppet

    def note_server(self) -> int:
        """Remember the back end that runs now, which must be gone at the end; returns its process id."""
        server = read_port_file(self.backend)
        assert server is not None
        self._servers.add(server.pid)
        return server.pid

    async def stopped(self) -> None:
        """Wait until the back ends that ran so far are gone."""
        await ended(*self._servers)

    def complaints(self) -> list[str]:
        """What the instances wrote that they should not have."""
        lines = [
            f"{log.stem}: {line}"
            for log in sorted(self._logs.iterdir())
            for line in log.read_text("utf-8", "replace").splitlines()
        ]
        return [
            line
            for line in lines
            if not _QUIET.match(line.partition(": ")[2])
            and not line.endswith(_HARMLESS)
            and not any(part in line for part in self.expected)
        ]

    def check_logs(self) -> None:
        """Fail if any instance wrote what it should not have."""
        complaints = self.complaints()
        if complaints:
            raise AssertionError("The instances complained:\n" + "\n".join(complaints[:30]))

    async def close(self) -> None:
        """Close every window as a person would, and see that nothing is left of any of them."""
        try:
            for each in self._instances:
                if each.runs:
                    with suppress(PuppetError):
                        stalls.note(each.name, "journey", await each.ask("stalls"))
            await asyncio.gather(*(each.quit() for each in self._instances if each.runs))
            if (server := read_port_file(self.backend)) is not None:
                self._servers.add(server.pid)
            await ended(*self._servers, *(each.pid for each in self._instances))
        finally:
            for each in self._instances:
                await each.kill()
            if self.backend.is_dir():
                await end_backend(self.backend)
        assert not (self.backend / "server.json").exists()
        self.check_logs()


@asynccontextmanager
async def house() -> AsyncIterator[House]:
    """A house of its own under a short path, torn down and looked over at the end."""
    directory = Path(tempfile.mkdtemp(prefix="cd-"))
    made = House(directory / "data")
    try:
        try:
            yield made
        finally:
            await made.close()
    finally:
        shutil.rmtree(directory)


async def connected(*puppets: Puppet) -> None:
    """Wait until all of them are connected with nothing left to send."""
    for puppet in puppets:
        await puppet.until_state(
            "being connected", lambda state: state["link"] == "connected" and not state["pending"]
        )


def titles(state: State) -> dict[str, str]:
    """Titles in the list by conversation."""
    return {entry["id"]: entry["title"] for entry in state["conversations"]}


def contents(state: State) -> list[str]:
    """What the timeline shows, from the top."""
    return [message["content"] for message in state["messages"]]


def reply_to(state: State, message_id: str) -> State | None:
    """The model's answer to a message, if it has begun."""
    replies = (message for message in state["messages"] if message["parent_id"] == message_id)
    return next((reply for reply in replies if reply["role"] == "assistant"), None)


def has(conversation_id: str, title: str | None = None) -> Callable[[State], bool]:
    """Make a condition: the conversation is in the list, under this title if one is given."""
    return lambda state: conversation_id in titles(state) and title in (None, titles(state)[conversation_id])


def shows(*texts: str) -> Callable[[State], bool]:
    """Make a condition: exactly these texts are in the timeline, all of them delivered."""
    return lambda state: (
        contents(state) == list(texts) and all(message["delivery"] == "sent" for message in state["messages"])
    )
