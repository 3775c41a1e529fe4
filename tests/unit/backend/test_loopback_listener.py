"""The browser's door and everybody who knocks at it. No way in but the one, and no second visit."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from chatdesk.backend import loopback_listener
from chatdesk.backend.loopback_listener import LoopbackListener
from chatdesk.domain.errors import Refused

DEADLINE = 30.0
CODE = "a-secret-code"


@pytest_asyncio.fixture
async def door() -> AsyncIterator[LoopbackListener]:
    made = await LoopbackListener.opened("Signed in & out", "You can <close> this page.")
    yield made
    await made.close()


async def say(door: LoopbackListener, text: str) -> str:
    """Send bytes as they are; returns the whole answer, empty when there is none."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    except ConnectionRefusedError:
        return ""
    try:
        writer.write(text.encode("latin-1"))
        await writer.drain()
        async with asyncio.timeout(DEADLINE):
            return (await reader.read()).decode()
    except ConnectionResetError:
        return ""
    finally:
        writer.close()


def visit(door: LoopbackListener, more: str = f"&code={CODE}", *, method: str = "GET", **headers: str) -> str:
    """A request as the browser makes it, with what a test changes."""
    parts = urlsplit(door.redirect_to)
    return request(door, f"{parts.path}?{parts.query}{more}", method=method, **headers)


def request(door: LoopbackListener, target: str, *, method: str = "GET", **headers: str) -> str:
    lines = {"Host": f"127.0.0.1:{door.port}", **{name.replace("_", "-"): v for name, v in headers.items()}}
    return f"{method} {target} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in lines.items()) + "\r\n"


async def test_the_awaited_browser_brings_its_code_and_sees_a_page(door: LoopbackListener) -> None:
    answer = await say(door, visit(door, Sec_Fetch_Mode="navigate", Sec_Fetch_Site="cross-site"))
    assert answer.startswith("HTTP/1.1 200 OK\r\n")
    assert "Signed in &amp; out" in answer
    assert "You can &lt;close&gt; this page." in answer
    assert CODE not in answer
    for header in ("Cache-Control: no-store", "Referrer-Policy: no-referrer", "default-src 'none'"):
        assert header in answer
    arrival = await door.arrival(DEADLINE)
    assert arrival.code == CODE
    assert CODE not in repr(arrival)


async def test_a_refusal_comes_in_as_well(door: LoopbackListener) -> None:
    await say(door, visit(door, "&error=access_denied&error_code=otp_expired&error_description=x"))
    arrival = await door.arrival(DEADLINE)
    assert (arrival.code, arrival.error, arrival.error_code) == (None, "access_denied", "otp_expired")


def wrong_visits(door: LoopbackListener) -> dict[str, str]:
    """Attack -> what it sends."""
    parts = urlsplit(door.redirect_to)
    right = f"{parts.path}?{parts.query}&code={CODE}"
    return {
        "another path": request(door, f"/callback?{parts.query}&code={CODE}"),
        "a path below": request(door, f"{parts.path}/x?{parts.query}&code={CODE}"),
        "an encoded path": request(
            door, f"/%{ord(parts.path[1]):02x}{parts.path[2:]}?{parts.query}&code={CODE}"
        ),
        "the path in capitals": request(door, f"{parts.path.swapcase()}?{parts.query}&code={CODE}"),
        "no state": request(door, f"{parts.path}?code={CODE}"),
        "a wrong state": request(door, f"{parts.path}?state=guess&code={CODE}"),
        "two states": visit(door, f"&state=guess&code={CODE}"),
        "two codes": visit(door, f"&code={CODE}&code=other"),
        "nothing brought": visit(door, ""),
        "an empty code": visit(door, "&code="),
        "a code and an error": visit(door, f"&code={CODE}&error=x"),
        "a session in the fragment, which no browser sends": visit(door, ""),
        "a fragment all the same": visit(door, f"#access_token=eyJ&code={CODE}"),
        "a session in the query": visit(door, "&access_token=eyJ&refresh_token=r"),
        "an endless code": visit(door, "&code=" + "x" * 1001),
        "a foreign host": request(door, right, Host="evil.example"),
        "a foreign host with our port": request(door, right, Host=f"evil.example:{door.port}"),
        "localhost by name": request(door, right, Host=f"localhost:{door.port}"),
        "no host": f"GET {right} HTTP/1.1\r\n\r\n",
        "two hosts": f"GET {right} HTTP/1.1\r\nHost: 127.0.0.1:{door.port}\r\nHost: evil.example\r\n\r\n",
        "a page that asks": visit(door, Origin="https://evil.example"),
        "a sandboxed page": visit(door, Origin="null"),
        "a picture": visit(door, Sec_Fetch_Mode="no-cors"),
        "a script": visit(door, Sec_Fetch_Mode="cors"),
        "POST": visit(door, method="POST"),
        "HEAD": visit(door, method="HEAD"),
        "a body": visit(door, Content_Length="4") + "code",
        "pieces": visit(door, Transfer_Encoding="chunked"),
        "a proxy's request": request(door, f"http://127.0.0.1:{door.port}{right}"),
        "no HTTP": "hello\r\n\r\n",
        "another HTTP": f"GET {right} HTTP/2.0\r\nHost: 127.0.0.1:{door.port}\r\n\r\n",
        "bytes": "\x16\x03\x01\x02\x00\r\n\r\n",
        "a folded header": f"GET {right} HTTP/1.1\r\nHost: 127.0.0.1:{door.port}\r\n x: y\r\n\r\n",
    }


async def test_nobody_else_comes_in_and_none_of_them_uses_the_visit_up(
    door: LoopbackListener, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for attack, sent in wrong_visits(door).items():
        answer = await say(door, sent)
        assert not answer.startswith("HTTP/1.1 2"), attack
        assert CODE not in answer, attack
        assert door.is_open, attack
    await say(door, visit(door))
    assert (await door.arrival(DEADLINE)).code == CODE
    secret = urlsplit(door.redirect_to)
    for word in (CODE, secret.path[1:], secret.query.removeprefix("state=")):
        assert word not in caplog.text


async def test_there_is_one_visit(door: LoopbackListener) -> None:
    answers = await asyncio.gather(*(say(door, visit(door, f"&code={number}")) for number in range(10)))
    assert sum(answer.startswith("HTTP/1.1 200") for answer in answers) == 1
    arrival = await door.arrival(DEADLINE)
    assert answers[int(arrival.code or "-1")].startswith("HTTP/1.1 200")
    assert not door.is_open
    assert await say(door, visit(door)) == ""


async def test_a_slow_and_an_endless_visitor_hold_up_nobody(
    door: LoopbackListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(5)]
    for _, writer in slow:
        writer.write(b"GET /")
    endless_reader, endless = await asyncio.open_connection("127.0.0.1", door.port)
    endless.write(b"GET /" + b"x" * 200_000)
    async with asyncio.timeout(DEADLINE):
        assert await _rest(endless_reader) == b""
    assert (await say(door, visit(door))).startswith("HTTP/1.1 200")
    assert (await door.arrival(DEADLINE)).code == CODE
    await door.close()
    async with asyncio.timeout(DEADLINE):
        for reader, writer in slow:
            assert await _rest(reader) == b""
            writer.close()
    endless.close()


async def test_a_crowd_is_not_let_in(door: LoopbackListener) -> None:
    crowd = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(40)]
    async with asyncio.timeout(DEADLINE):
        gone = sum([await _rest(reader) == b"" for reader, _ in crowd[16:]])
    assert gone == 24
    for _, writer in crowd:
        writer.close()


async def test_a_visitor_has_five_seconds(door: LoopbackListener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loopback_listener, "VISIT_SECONDS", 0.0)
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(b"GET /")
    async with asyncio.timeout(DEADLINE):
        assert await _rest(reader) == b""
    writer.close()
    assert door.is_open


async def _rest(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


async def test_nobody_comes(door: LoopbackListener) -> None:
    with pytest.raises(Refused) as caught:
        await door.arrival(0.0)
    assert caught.value.next_step
    assert not door.is_open
    assert await say(door, visit(door)) == ""


async def test_the_port_is_ours_alone_and_on_this_computer_only(door: LoopbackListener) -> None:
    for option in (None, socket.SO_REUSEADDR, socket.SO_REUSEPORT):
        with socket.socket() as thief:
            if option is not None:
                thief.setsockopt(socket.SOL_SOCKET, option, 1)
            with pytest.raises(OSError, match="in use"):
                thief.bind(("127.0.0.1", door.port))
    assert door._server is not None
    assert [one.getsockname()[0] for one in door._server.sockets] == ["127.0.0.1"]


async def test_every_door_is_another_one(door: LoopbackListener) -> None:
    other = await LoopbackListener.opened("a", "b")
    try:
        ours, theirs = urlsplit(door.redirect_to), urlsplit(other.redirect_to)
        assert ours.port != theirs.port
        assert ours.path != theirs.path
        assert ours.query != theirs.query
        assert len(ours.path) > 30
        # What was meant for one is nothing at the other.
        assert "404" in await say(other, request(other, f"{ours.path}?{ours.query}&code={CODE}"))
    finally:
        await other.close()


async def test_a_cancelled_wait_closes_the_door(door: LoopbackListener) -> None:
    waiting = asyncio.get_running_loop().create_task(door.arrival(DEADLINE))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not door.is_open
