"""Asking for a newer version: only a whole, signed answer from a safe address counts."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatdesk.app.update_look import looking, update_look
from chatdesk.backend.release_file import MOST_BYTES, fetch_release_file
from chatdesk.domain.errors import ChatDeskError, Misconfigured, Offline, Refused
from chatdesk.domain.release import Release, newer
from chatdesk.resources import resources_root
from tests.support.release_server import ReleaseServer, release_server, release_tool

PAGE = "https://chatdesk.example/releases/0.2.0"
TOOL = release_tool()
SECRET, PUBLIC = TOOL.make_key()


@pytest.fixture
def server() -> Iterator[ReleaseServer]:
    with release_server() as running:
        yield running


def signed(**told: Any) -> str:
    """A file with a good signature, whatever it tells."""
    text = json.dumps(told)
    key = TOOL.Ed25519PrivateKey.from_private_bytes(base64.b64decode(SECRET))
    signature = base64.b64encode(key.sign(TOOL.PURPOSE + text.encode())).decode()
    return json.dumps({"signed": text, "signature": signature})


async def look(server: ReleaseServer) -> Release:
    return await looking(server.url, PUBLIC)()


async def test_a_signed_answer_is_believed(server: ReleaseServer) -> None:
    server.tell(TOOL.sign("0.2.0", PAGE, SECRET))

    assert await look(server) == Release("0.2.0", PAGE)
    told = server.asked[0]
    assert "User-Agent: ChatDesk/" in told
    assert "Cookie" not in told


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(TOOL.sign("0.2.0", PAGE, TOOL.make_key()[0]), id="another key"),
        pytest.param(TOOL.sign("0.2.0", PAGE, SECRET).replace("0.2.0", "9.2.0"), id="changed afterwards"),
        pytest.param(json.dumps({"signed": "{}", "signature": "####"}), id="no base64"),
        pytest.param(json.dumps({"signed": 7, "signature": ""}), id="a number"),
        pytest.param(json.dumps({"version": "9.0.0", "page": PAGE}), id="not signed"),
        pytest.param("[]", id="a list"),
        pytest.param("[" * 30_000, id="deep"),
        pytest.param(b"\x00\xff\xfe garbage", id="garbage"),
        pytest.param("<html><body>Accept the terms of this network</body></html>", id="captive portal"),
    ],
)
async def test_what_the_makers_have_not_signed_is_refused(server: ReleaseServer, content: Any) -> None:
    server.tell(content)

    with pytest.raises(Refused):
        await look(server)


@pytest.mark.parametrize(
    "told",
    [
        {"version": "9", "page": PAGE},
        {"version": 9, "page": PAGE},
        {"version": "0.2.0"},
        {"version": "0.2.0", "page": "javascript:alert(1)"},
        {"version": "0.2.0", "page": None},
    ],
)
async def test_a_signed_answer_that_cannot_be_read_is_refused(
    server: ReleaseServer, told: dict[str, Any]
) -> None:
    server.tell(signed(**told))

    with pytest.raises(Refused, match="cannot be read"):
        await look(server)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="nothing at all"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Le", id="cut in the head"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", id="an empty answer"),
        pytest.param(b'HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"signed"', id="cut in the body"),
        pytest.param(b"no HTTP at all\r\n\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", id="overload"),
        pytest.param(
            b"HTTP/1.1 302 Found\r\nLocation: http://sign-in.example/\r\nContent-Length: 0\r\n\r\n",
            id="captive portal",
        ),
    ],
)
def test_a_broken_link_is_offline(server: ReleaseServer, answer: bytes) -> None:
    server.answer = answer

    with pytest.raises(Offline):
        fetch_release_file(server.url)


def test_nobody_there_is_offline() -> None:
    with release_server() as gone:
        url = gone.url

    with pytest.raises(Offline):
        fetch_release_file(url)


def test_a_missing_or_endless_file_is_a_wrong_address(server: ReleaseServer) -> None:
    server.tell("", status="404 Not Found")
    with pytest.raises(Misconfigured):
        fetch_release_file(server.url)

    server.tell(b"x" * (MOST_BYTES + 100))
    with pytest.raises(Misconfigured):
        fetch_release_file(server.url)


@pytest.mark.parametrize(
    "url", ["http://chatdesk.example/v", "file:///etc/passwd", "ftp://127.0.0.1/", "https://", "http://[", ""]
)
def test_an_unsafe_address_is_not_asked(url: str) -> None:
    with pytest.raises(Misconfigured):
        fetch_release_file(url)


def test_without_a_key_nobody_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert json.loads((resources_root() / "release.json").read_text("utf-8")) == {"url": "", "key": ""}
    assert update_look({"CHATDESK_UPDATE_URL": "https://chatdesk.example/v"}) is None

    file = tmp_path / "release.json"
    monkeypatch.setattr("chatdesk.app.update_look.resource", lambda _name: file)
    assert update_look({}) is None, "no file"
    file.write_text("{", "utf-8")
    assert update_look({}) is None, "a broken file"
    file.write_text(json.dumps({"url": "", "key": PUBLIC}), "utf-8")
    assert update_look({}) is None, "no address"
    assert update_look({"CHATDESK_UPDATE_URL": "https://chatdesk.example/v"}) is not None


@pytest.mark.parametrize("version", ["", "1.2", "v1.2.3", "1.2.3.4"])
def test_the_tool_signs_only_what_is_understood(version: str) -> None:
    with pytest.raises(ValueError, match="version"):
        TOOL.sign(version, PAGE, SECRET)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("0.2.0", "0.1.0", True),
        ("0.1.10", "0.1.9", True),
        ("1.0.0", "1.0.0-rc.1", True),
        ("1.0.0-rc.10", "1.0.0-rc.9", True),
        ("1.0.0-rc", "1.0.0-1", True),
        ("1.0.0+build.2", "1.0.0+build.1", False),
        ("0.1.0", "0.1.0", False),
        ("0.0.9", "0.1.0", False),
        ("nonsense", "0.1.0", False),
        ("1.0.0", "nonsense", False),
    ],
)
def test_versions_are_ordered_as_people_expect(one: str, other: str, expected: bool) -> None:
    assert newer(one, other) is expected


def test_every_failure_says_what_to_do(server: ReleaseServer) -> None:
    for answer in (b"", b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"):
        server.answer = answer
        with pytest.raises(ChatDeskError) as failed:
            fetch_release_file(server.url)
        assert failed.value.next_step
