"""The built-in model for real: its own process, its socket, its end. What it says is nobody's business."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from chatdesk.domain.errors import Refused, Retryable
from chatdesk.domain.message import Role
from chatdesk.providers import weights
from chatdesk.providers.base import ReplyRequest, Turn
from chatdesk.providers.built_in import NAME, BuiltInModel
from chatdesk.providers.model_process import SOCKET, ModelProcess

REQUEST = ReplyRequest(NAME, [Turn(Role.USER, "Say hello and tell me what you can do.")], temperature=0.0)


@pytest.fixture
async def model(tmp_path: Path) -> AsyncIterator[BuiltInModel]:
    """The model as the set-up of this environment has put it there."""
    made = BuiltInModel(weights.places(tmp_path))
    assert made.installed, "`make test` fetches the model; run it once"
    yield made
    await made.close()


def pid_of(model: BuiltInModel) -> int:
    assert model._process is not None
    return model._process.pid


def runs(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def gone(pid: int) -> None:
    def wait() -> bool:
        deadline = time.monotonic() + 30
        while runs(pid) and time.monotonic() < deadline:
            time.sleep(0.02)
        return not runs(pid)

    assert await asyncio.to_thread(wait)


def test_the_file_is_the_right_one(tmp_path: Path) -> None:
    path = weights.found(weights.places(tmp_path))
    assert path is not None
    with path.open("rb") as stream:
        assert hashlib.file_digest(stream, "sha256").hexdigest() == weights.SHA256


async def test_it_answers_in_pieces_and_ends_by_itself(model: BuiltInModel) -> None:
    async with asyncio.timeout(60):
        chunks = [chunk async for chunk in model.stream(REQUEST)]
    assert sum(bool(chunk.text) for chunk in chunks) > 3
    assert len("".join(chunk.text for chunk in chunks)) > 10
    usage = next((chunk.usage for chunk in chunks if chunk.usage), None)
    assert usage is None or usage["completion_tokens"] <= 256


async def test_a_stopped_reply_ends_at_once_and_the_next_one_follows(model: BuiltInModel) -> None:
    async with asyncio.timeout(60):
        async with aclosing(model.stream(REQUEST)) as chunks:
            async for chunk in chunks:
                if chunk.text:
                    break
        pid = pid_of(model)
        long = replace(REQUEST, turns=[Turn(Role.USER, "many words " * 400)])
        reading = asyncio.ensure_future(anext(model.stream(long)))
        await asyncio.sleep(0.3)
        reading.cancel()  # while it still reads the question
        with pytest.raises(asyncio.CancelledError):
            await reading
        began = time.monotonic()
        async with aclosing(model.stream(REQUEST)) as chunks:
            assert await anext(chunks)
        assert time.monotonic() - began < 20
    assert pid_of(model) == pid


async def test_nobody_without_the_key_and_no_other_user_reaches_it(model: BuiltInModel) -> None:
    async with aclosing(model.stream(REQUEST)) as chunks:
        await anext(chunks)
    process = model._process
    assert process is not None
    assert process._folder is not None
    assert process._folder.stat().st_mode & 0o077 == 0
    address = str(process._folder / SOCKET)
    program = (
        "import http.client, socket, sys\n"
        "c = http.client.HTTPConnection('localhost')\n"
        "c.sock = socket.socket(socket.AF_UNIX)\n"
        "c.sock.connect(sys.argv[1])\n"
        "c.request('POST', '/v1/chat/completions', '{}')\n"
        "print(c.getresponse().status)\n"
    )
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", program, address], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "401"


async def test_a_process_that_dies_is_an_error_and_the_next_reply_has_a_new_one(model: BuiltInModel) -> None:
    chunks = model.stream(REQUEST)
    await anext(chunks)
    os.kill(pid_of(model), signal.SIGKILL)
    with pytest.raises(Retryable):
        _ = [chunk async for chunk in chunks]
    async with aclosing(model.stream(REQUEST)) as chunks:
        assert await anext(chunks)


async def test_it_ends_with_its_parent_even_when_that_is_killed(tmp_path: Path) -> None:
    program = textwrap.dedent(
        """
        import asyncio, sys
        from pathlib import Path
        from chatdesk.providers.model_process import SOCKET, ModelProcess

        async def main() -> None:
            process = await ModelProcess.start(Path(sys.argv[1]), "m")
            print(process.pid, flush=True)
            await asyncio.sleep(600)

        asyncio.run(main())
        """
    )
    path = weights.found(weights.places(tmp_path))
    parent = await asyncio.to_thread(
        subprocess.Popen, [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pid = int(await asyncio.to_thread(parent.stdout.readline))
    assert runs(pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    await gone(pid)


async def test_closing_ends_it_and_leaves_no_file(model: BuiltInModel) -> None:
    async with aclosing(model.stream(REQUEST)) as chunks:
        await anext(chunks)
    pid = pid_of(model)
    process = model._process
    assert process is not None
    assert process._folder is not None
    await model.close()
    await gone(pid)
    assert not process._folder.exists()


async def test_a_file_that_is_no_model_is_refused_and_takes_nobody_down(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + b"x" * 1000)
    with pytest.raises(Refused, match="does not run"):
        await ModelProcess.start(broken, "m")
    with pytest.raises(Refused, match="does not run"):
        await ModelProcess.start(broken, "m", [sys.executable, "-c", "raise SystemExit(3)"])
