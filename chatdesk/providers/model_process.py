"""The built-in model's process, as its parent sees it."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from chatdesk.domain.errors import Refused

if TYPE_CHECKING:
    from chatdesk.providers.openai_compatible import OpenAICompatibleProvider

START_SECONDS = 60.0
END_SECONDS = 5.0
SOCKET = "model.sock"


def default_command() -> list[str]:
    """The command of the process: this Python's module, or this program itself once frozen."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "--model-host"]
    return [sys.executable, "-m", "chatdesk.modelhost"]


def thread_count() -> int:
    """All cores but one: on a busy core the runtime's threads wait for each other, ten times slower."""
    return max(1, (os.cpu_count() or 2) - 1)


class ModelProcess:
    """A running process and the provider that talks to it; it ends with us, however we end."""

    def __init__(
        self, child: subprocess.Popen[str], folder: Path | None, provider: OpenAICompatibleProvider
    ) -> None:
        self._child = child
        self._folder = folder
        self.provider = provider

    @classmethod
    async def start(cls, weights: Path, name: str, command: Sequence[str] | None = None) -> ModelProcess:
        """Start it and wait until it serves; raises ``Refused`` with the reason when it cannot."""
        return await asyncio.to_thread(cls._start, weights, name, command or default_command())

    @classmethod
    def _start(cls, weights: Path, name: str, command: Sequence[str]) -> ModelProcess:
        from chatdesk.providers.openai_compatible import OpenAICompatibleProvider

        folder = None if sys.platform == "win32" else Path(tempfile.mkdtemp(prefix="chatdesk-"))
        # Only an address with this ending is taken for a unix socket.
        socket = "" if folder is None else str(folder / SOCKET)
        key = secrets.token_urlsafe(24)
        child = _spawn(command)
        assert child.stdin is not None
        order = {"weights": str(weights), "socket": socket, "key": key, "threads": thread_count()}
        try:
            child.stdin.write(json.dumps(order) + "\n")
            child.stdin.flush()
            address = _answer(child)
        except (OSError, ValueError, KeyError) as failure:
            _end(child, folder)
            raise Refused(
                "The built-in model does not run on this computer.",
                "Choose another model.",
                str(failure)[:300],
            ) from failure
        base = "http://localhost/v1" if socket else f"{address}/v1"
        provider = OpenAICompatibleProvider(
            base_url=base, api_key=key, models=[name], name="ChatDesk", socket=socket
        )
        return cls(child, folder, provider)

    @property
    def running(self) -> bool:
        return self._child.poll() is None

    @property
    def pid(self) -> int:
        return self._child.pid

    async def close(self) -> None:
        """End it."""
        await self.provider.close()
        await asyncio.to_thread(_end, self._child, self._folder)


def _spawn(command: Sequence[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        # A key press in the terminal is for the parent.
        start_new_session=sys.platform != "win32",
    )


def _answer(child: subprocess.Popen[str]) -> str:
    """Read the one line; a process that says nothing for too long is ended, which ends the reading."""
    assert child.stdout is not None
    guard = threading.Timer(START_SECONDS, child.kill)
    guard.start()
    try:
        answer = json.loads(child.stdout.readline() or "{}")
    finally:
        guard.cancel()
    if "failure" in answer:
        raise ValueError(answer["failure"])
    return str(answer["address"])


def _end(child: subprocess.Popen[str], folder: Path | None) -> None:
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            try:
                stream.close()
            except OSError:
                continue
    try:
        child.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
