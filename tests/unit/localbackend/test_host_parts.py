"""The small parts of the embedded back end's process: its options, its log, its port file, its lingering."""

from __future__ import annotations

import asyncio
import io
import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from chatdesk.localbackend import __main__ as program
from chatdesk.localbackend.linger import Linger
from chatdesk.localbackend.port_file import remove_port_file, write_port_file

PRIVATE_FILE = 0o666 if sys.platform == "win32" else 0o600


def test_a_bad_key_ends_the_program_before_it_touches_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("a key that is none\n"))
    assert program.main(["--home", str(tmp_path / "home"), "--key-stdin"]) == 2
    output = capsys.readouterr()
    assert "base64url" in output.err
    assert "a key that is none" not in output.err
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    "arguments", [["--linger", "-1"], ["--linger", "soon"], ["--linger", "nan"], ["--port"]]
)
def test_bad_options_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        program.main(arguments)
    assert end.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_the_port_file_is_whole_and_private(tmp_path: Path) -> None:
    write_port_file(tmp_path, port=4711, anon_key="anon", control_token="token", version="1.2.3")
    path = tmp_path / "server.json"
    content = json.loads(path.read_text())
    assert content["url"] == "http://127.0.0.1:4711"
    assert {"pid", "port", "anon_key", "control_token", "version"} < content.keys()
    assert stat.S_IMODE(path.stat().st_mode) == PRIVATE_FILE
    (tmp_path / ".server.json.cafe.tmp").write_text("half a draft of a killed predecessor")
    remove_port_file(tmp_path)
    remove_port_file(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_long_log_is_rotated_and_everything_printed_lands_in_it(tmp_path: Path) -> None:
    (tmp_path / "server.log").write_bytes(b"old\n" * 300_000)
    script = (
        "import os, sys, logging, pathlib\n"
        "from chatdesk.localbackend.log_file import log_to_stderr, redirect_output\n"
        "redirect_output(pathlib.Path(sys.argv[1])); log_to_stderr(False)\n"
        "logging.getLogger('chatdesk.x').info('a line'); logging.getLogger('chatdesk.x').debug('hidden')\n"
        "os.write(1, b'from a library\\n'); os.write(2, b'from a crash\\n')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True, timeout=30
    )
    assert (done.stdout, done.stderr) == ("", "")
    text = (tmp_path / "server.log").read_text()
    assert "INFO chatdesk.x: a line" in text
    assert "hidden" not in text
    assert text.endswith("from a library\nfrom a crash\n")
    assert (tmp_path / "server.log.1").stat().st_size == 1_200_000
    assert stat.S_IMODE((tmp_path / "server.log").stat().st_mode) == PRIVATE_FILE


class Clients:
    """A number of clients, and whether the server was told to stop."""

    def __init__(self, seconds: float) -> None:
        self.count = 0
        self.stopped = asyncio.Event()
        self.linger = Linger(seconds, lambda: self.count, self.stopped.set)

    def now(self, count: int) -> None:
        self.count = count
        self.linger.clients_changed()


async def test_without_lingering_it_stops_as_the_last_client_leaves() -> None:
    clients = Clients(0)
    clients.linger.start()
    clients.now(1)
    clients.now(2)
    clients.now(1)
    await asyncio.sleep(0)
    assert not clients.stopped.is_set()
    clients.now(0)
    await asyncio.wait_for(clients.stopped.wait(), 30)


async def test_a_client_that_comes_back_in_time_keeps_it() -> None:
    clients = Clients(30)
    clients.now(1)
    assert not clients.linger.is_waiting()
    clients.now(0)
    assert clients.linger.is_waiting()
    clients.now(1)
    assert not clients.linger.is_waiting()
    assert not clients.stopped.is_set()


async def test_the_first_client_gets_time_even_without_lingering(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatdesk.localbackend.linger.FIRST_CLIENT_SECONDS", 0.05)
    clients = Clients(0)
    clients.linger.start()
    await asyncio.sleep(0)
    assert not clients.stopped.is_set()
    await asyncio.wait_for(clients.stopped.wait(), 30)
