"""One back end per user: found, started once, ended after the last client, safe to kill."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from chatdesk import __version__
from chatdesk.backend.local_launcher import LocalLauncher
from chatdesk.backend.local_server import LocalServer, read_port_file
from chatdesk.domain.errors import Misconfigured, Offline
from tests.support.local_backend import (
    DEADLINE,
    KEY,
    ended,
    launcher_for,
    new_key,
    postmaster_pid,
    runs,
)

WINDOW = """
import asyncio, sys, pathlib
from chatdesk.backend.local_launcher import LocalLauncher

async def main():
    launcher = LocalLauncher(pathlib.Path(sys.argv[1]), 0)
    server = await launcher.ensure(sys.argv[2])
    print(server.pid, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await launcher.release()

asyncio.run(main())
"""


async def test_ten_processes_at_once_get_one_server(new_home: Path) -> None:
    windows = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            WINDOW,
            str(new_home),
            new_key(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(10)
    ]
    try:
        async with asyncio.timeout(DEADLINE):
            pids = {int(await window.stdout.readline()) for window in windows if window.stdout}
        assert len(pids) == 1
    finally:
        for window in windows:
            assert window.stdin
            window.stdin.close()
        codes = [await window.wait() for window in windows]
    assert codes == [0] * 10
    await ended(*pids)
    assert not (new_home / "server.json").exists()


async def test_it_stops_after_the_last_client_and_leaves_nothing_running(home: Path) -> None:
    async with launcher_for(home) as first, launcher_for(home) as second:
        server = await first.ensure(KEY)
        assert await first.ensure("any key, as it runs already") == server
        assert await second.ensure(KEY) == server
        postmaster = postmaster_pid(home)
        await first.release()
        await first.release()
        assert runs(server.pid)
    await ended(server.pid, postmaster)
    assert not (home / "server.json").exists()
    log = (home / "server.log").read_text()
    assert log.rstrip().endswith("Stopped")


async def test_it_lives_in_a_session_of_its_own_and_lingers(home: Path) -> None:
    async with launcher_for(home, linger=60) as launcher:
        server = await launcher.ensure(KEY)
        assert os.getsid(server.pid) == server.pid != os.getsid(0)
    async with launcher_for(home) as launcher:
        assert (await launcher.ensure(KEY)).pid == server.pid
    for name in ("SIGINT", "SIGTERM"):
        async with launcher_for(home, linger=60) as launcher:
            server = await launcher.ensure(KEY)
            lost = asyncio.Event()
            await launcher.hold(lambda reason, lost=lost: lost.set())  # type: ignore[misc]  # one per round
            os.kill(server.pid, getattr(signal, name))
            async with asyncio.timeout(DEADLINE):
                await lost.wait()
            await ended(server.pid)
            assert not (home / "server.json").exists()
            assert launcher.server is None


async def test_a_killed_server_is_noticed_and_replaced(home: Path) -> None:
    async with launcher_for(home) as launcher:
        for victim in ("host", "postmaster"):
            server = await launcher.ensure(KEY)
            lost: asyncio.Queue[str] = asyncio.Queue()
            await launcher.hold(lost.put_nowait)
            postmaster = postmaster_pid(home)
            os.kill(server.pid if victim == "host" else postmaster, signal.SIGKILL)
            async with asyncio.timeout(DEADLINE):
                assert await lost.get()
            successor = await launcher.ensure(KEY)
            assert successor.pid != server.pid
            assert successor.anon_key == server.anon_key
            assert not runs(postmaster)
            assert lost.empty()


async def test_a_server_that_is_just_stopping_is_replaced(home: Path) -> None:
    pids = set()
    for _ in range(3):
        async with launcher_for(home) as launcher:
            pids.add((await launcher.ensure(KEY)).pid)
    async with launcher_for(home) as first, launcher_for(home) as second:
        server = await first.ensure(KEY)
        _, other = await asyncio.gather(first.release(), second.ensure(KEY))
        assert runs(other.pid)
        assert second.server == other
    assert server.pid


async def test_a_release_in_the_middle_of_a_start_leaves_no_client(home: Path) -> None:
    async with launcher_for(home) as launcher:
        start = asyncio.ensure_future(launcher.ensure(KEY))
        async with asyncio.timeout(DEADLINE):
            while (server := read_port_file(home)) is None:  # noqa: ASYNC110  (another process makes it)
                await asyncio.sleep(0.005)
        await launcher.release()
        outcome = (await asyncio.gather(start, return_exceptions=True))[0]
        assert isinstance(outcome, Offline | LocalServer)  # the latter if it was ready a moment before
        assert launcher.server is None
        await ended(server.pid)


async def test_a_stale_port_file_is_not_followed(home: Path) -> None:
    """Whoever sits at a dead server's port must not be told any secret."""
    heard: list[bytes] = []

    async def stranger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1000))
        writer.close()

    trap = await asyncio.start_server(stranger, "127.0.0.1", 0)
    port = trap.sockets[0].getsockname()[1]
    stale = {
        "pid": os.getpid(),
        "port": port,
        "url": f"http://127.0.0.1:{port}",
        "anon_key": "old",
        "control_token": "old",
        "version": __version__,
    }
    (home / "server.json").write_text(json.dumps(stale))
    async with trap, launcher_for(home) as launcher:
        server = await launcher.ensure(KEY)
        assert server.url != stale["url"]
    assert heard == []


async def test_a_proxy_is_not_asked(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.delenv("no_proxy", raising=False)
    async with launcher_for(home) as launcher:
        await launcher.ensure(KEY)
        assert (await launcher.mint_session()).user_id


async def test_another_version_is_refused_but_a_repair_release_is_not(home: Path) -> None:
    def pretend(server: LocalServer, version: str) -> None:
        content = json.loads((home / "server.json").read_text())
        (home / "server.json").write_text(json.dumps({**content, "version": version}))

    async with launcher_for(home) as first, launcher_for(home) as second:
        server = await first.ensure(KEY)
        pretend(server, "99.0.0")
        with pytest.raises(Misconfigured, match=r"version 99\.0\.0") as failure:
            await second.ensure(KEY)
        assert "start it again" in failure.value.next_step
        pretend(server, ".".join([*__version__.split(".")[:2], "99"]))
        assert (await second.ensure(KEY)).pid == server.pid


async def test_a_start_that_fails_tells_the_reason(home: Path) -> None:
    async with launcher_for(home) as launcher:
        server = await launcher.ensure(KEY)
    await ended(server.pid)
    version = home / "pg" / "data" / "PG_VERSION"
    right = version.read_text()
    version.write_text("9\n")
    async with launcher_for(home) as launcher:
        with pytest.raises(Offline, match="made by PostgreSQL 9") as failure:
            await launcher.ensure(KEY)
        assert "server.log" in failure.value.next_step
        version.write_text(right)
        await launcher.ensure(KEY)
        with pytest.raises(Offline):
            await LocalLauncher(home).hold(print)


async def test_a_program_or_directory_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Misconfigured, match="cannot be used"):
        await LocalLauncher(tmp_path / "file" / "local").ensure(KEY)
    with pytest.raises(Misconfigured, match="could not be started"):
        await LocalLauncher(tmp_path / "local", command=[str(tmp_path / "nothing")]).ensure(KEY)
    with pytest.raises(Offline, match="ended with code 7"):
        await LocalLauncher(tmp_path / "other", command=[sys.executable, "-c", "raise SystemExit(7)"]).ensure(
            new_key()
        )
    assert read_port_file(tmp_path / "other") is None
