"""What the application believes about a server before it talks to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chatdesk.backend.local_process import last_log_line
from chatdesk.backend.local_server import read_port_file
from chatdesk.backend.loopback import keep_loopback_direct

GOOD: dict[str, Any] = {
    "pid": 4711,
    "port": 40000,
    "url": "http://127.0.0.1:40000",
    "anon_key": "the-anon-key",
    "control_token": "the-control-token",
    "version": "0.1.0",
}


def test_a_port_file_is_read_and_its_secrets_are_not_shown(tmp_path: Path) -> None:
    (tmp_path / "server.json").write_text(json.dumps(GOOD))
    server = read_port_file(tmp_path)
    assert server is not None
    assert server.control_url == "ws://127.0.0.1:40000/local/v1/control"
    assert (server.anon_key, server.control_token) == ("the-anon-key", "the-control-token")
    assert "the-anon-key" not in repr(server)
    assert "the-control-token" not in repr(server)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        json.dumps(GOOD)[:-20],
        json.dumps({**GOOD, "url": "http://evil.example:40000"}),
        json.dumps({**GOOD, "url": "https://127.0.0.1:40000"}),
        json.dumps({**GOOD, "url": "http://127.0.0.1"}),
        json.dumps({**GOOD, "url": "http://127.0.0.1:99999"}),
        json.dumps({**GOOD, "pid": None}),
        json.dumps({key: value for key, value in GOOD.items() if key != "control_token"}),
    ],
)
def test_anything_else_is_not_believed(tmp_path: Path, text: str) -> None:
    (tmp_path / "server.json").write_text(text)
    assert read_port_file(tmp_path) is None


def test_no_port_file_is_no_server(tmp_path: Path) -> None:
    assert read_port_file(tmp_path) is None
    assert read_port_file(tmp_path / "nowhere") is None


def test_the_last_line_that_says_something_is_found(tmp_path: Path) -> None:
    assert last_log_line(tmp_path) == ""
    (tmp_path / "server.log").write_bytes(b"x\n" * 20_000 + b"the reason \xff\n\n  \n")
    assert last_log_line(tmp_path) == "the reason �"
    (tmp_path / "server.log").write_text(
        "2026-11-22 18:16:43,247 ERROR chatdesk.localbackend.host: No space: x\n"
    )
    assert last_log_line(tmp_path) == "No space: x"


def test_loopback_is_exempt_from_proxies() -> None:
    environ = {"HTTP_PROXY": "http://proxy.example:3128", "NO_PROXY": "intranet.example, localhost"}
    keep_loopback_direct(environ)
    keep_loopback_direct(environ)
    assert environ["NO_PROXY"] == "intranet.example,localhost,127.0.0.1,::1"
    assert environ["no_proxy"] == "127.0.0.1,localhost,::1"
    everything = {"NO_PROXY": "*"}
    keep_loopback_direct(everything)
    assert everything["NO_PROXY"] == "*"
