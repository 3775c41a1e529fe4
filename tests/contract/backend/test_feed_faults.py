"""The feed on the real realtime client, against a server that does what servers do on bad days."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from realtime.message import ServerMessage, ServerMessageAdapter

from chatdesk.backend.feed import RealtimeFeed, feed_factory
from chatdesk.backend.realtime_socket import MAX_FRAME
from chatdesk.domain.change import MessageChanged
from chatdesk.domain.ephemeral import Delta, StopRequested
from chatdesk.domain.errors import NeedsSignIn, Offline
from chatdesk.domain.ids import new_id
from tests.contract.backend.ears import JOINED, LOST, Ears
from tests.contract.backend.feeding import (
    CONVERSATION,
    LIVE,
    OTHER,
    ROWS,
    TOKEN,
    address,
    changed,
    descriptors,
)
from tests.support.phoenix import Phoenix


async def test_a_join_is_private_and_carries_the_users_token(
    phoenix: Phoenix, feed: RealtimeFeed, ears: Ears
) -> None:
    await feed.join(ROWS)
    await ears.reported(ROWS, JOINED)
    [(topic, payload)] = phoenix.joins
    assert topic == ROWS
    assert payload["access_token"] == TOKEN
    assert payload["config"]["private"] is True
    assert payload["config"]["broadcast"] == {"ack": False, "self": False}
    assert payload["config"]["postgres_changes"] == []


async def test_frames_arrive_in_order_as_domain_changes(
    phoenix: Phoenix, feed: RealtimeFeed, ears: Ears
) -> None:
    await feed.join(ROWS)
    await ears.reported(ROWS, JOINED)
    for revision in range(1, 51):
        await phoenix.broadcast(ROWS, "message", changed(revision))
    await ears.heard(50)
    assert ears.frames == [MessageChanged(CONVERSATION, CONVERSATION, n) for n in range(1, 51)]


async def test_a_listener_that_raises_does_not_end_the_listening(
    phoenix: Phoenix, feed: RealtimeFeed, ears: Ears
) -> None:
    ears.raising = True
    await feed.join(ROWS)
    await ears.reported(ROWS, JOINED)
    for revision in range(1, 4):
        await phoenix.broadcast(ROWS, "message", changed(revision))
    await ears.heard(3)
    await feed.beat()


BAD_FRAMES = [
    "no json at all",
    "[]",
    "[" * 100_000,
    b"\x00\xff\xfe",
    json.dumps({"topic": f"realtime:{ROWS}", "event": "unheard_of", "payload": {}, "ref": None}),
    json.dumps({"topic": f"realtime:{ROWS}", "event": "broadcast", "payload": [], "ref": None}),
    *(
        json.dumps({"topic": topic, "event": "broadcast", "payload": payload, "ref": ref})
        for topic, payload, ref in (
            (7, {"event": "message", "payload": {}}, None),
            (f"realtime:{ROWS}", {"event": 7, "payload": {}}, None),
            (f"realtime:{ROWS}", {"event": "message", "payload": []}, None),
            (f"realtime:{ROWS}", {"event": "message"}, None),
            (f"realtime:{ROWS}", {"payload": {}}, None),
            (f"realtime:{ROWS}", {"event": "message", "payload": {}}, "7"),
        )
    ),
    # A presence entry without its ref: a KeyError inside the library's reading task.
    json.dumps(
        {
            "topic": f"realtime:{ROWS}",
            "event": "presence_state",
            "payload": {"somebody": {"metas": [{"name": "x"}]}},
            "ref": None,
        }
    ),
    '{"topic":"realtime:TOPIC","event":"broadcast","ref":null,'
    '"payload":{"event":"message","payload":{"revision":"\\ud800"}}}'.replace("TOPIC", ROWS),
]


@pytest.mark.parametrize("frame", BAD_FRAMES, ids=range(len(BAD_FRAMES)))
async def test_a_frame_that_nobody_can_read_costs_only_itself(
    phoenix: Phoenix, feed: RealtimeFeed, ears: Ears, frame: str | bytes
) -> None:
    await feed.join(ROWS)
    await ears.reported(ROWS, JOINED)
    await phoenix.raw(frame)
    await phoenix.broadcast(ROWS, "message", changed())
    await ears.heard(1)
    assert len(ears.frames) == 1


async def test_a_broadcast_is_read_once_and_by_nobody_else(
    phoenix: Phoenix, feed: RealtimeFeed, ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library tries each frame on nine shapes, and writes it out twice for a log that nobody keeps."""
    tried: list[str] = []
    validate = ServerMessageAdapter.validate_json

    def counted(frame: str) -> ServerMessage:
        tried.append(json.loads(frame)["event"])
        return validate(frame)

    parser = "chatdesk.backend.realtime_socket.ServerMessageAdapter"
    monkeypatch.setattr(parser, SimpleNamespace(validate_json=counted))
    await feed.join(ROWS)
    await ears.reported(ROWS, JOINED)
    for revision in range(1, 51):
        await phoenix.broadcast(ROWS, "message", changed(revision))
    await ears.heard(50)
    await feed.beat()
    assert set(tried) == {"phx_reply"}


async def test_what_is_set_aside_is_counted_and_never_logged(
    phoenix: Phoenix, feed: RealtimeFeed, ears: Ears, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await feed.join(ROWS)
    await ears.reported(ROWS, JOINED)
    await feed.renew(TOKEN)
    await phoenix.raw('{"garbage": "private words"}')
    await phoenix.broadcast(ROWS, "message", {"conversation_id": "private words"})
    await phoenix.broadcast(ROWS, "message", changed())
    await ears.heard(1)
    assert feed.diagnostics()["set_aside"] == 1
    assert feed.diagnostics()["library_errors"] >= 1
    for forbidden in ("private words", TOKEN, "the-publishable-key"):
        assert forbidden not in caplog.text


@pytest.mark.parametrize("code", [1000, 1001, 1011, 1012, 4000])
async def test_every_close_of_the_socket_is_told_once(
    phoenix: Phoenix, feed: RealtimeFeed, ears: Ears, code: int
) -> None:
    for topic in (ROWS, OTHER):
        await feed.join(topic)
        await ears.reported(topic, JOINED)
    await phoenix.disconnect(code)
    await ears.reported(ROWS, LOST)
    await ears.reported(OTHER, LOST)
    with pytest.raises(Offline):
        await feed.beat()
    with pytest.raises(Offline):
        await feed.join(LIVE)
    await feed.close()
    assert sorted(ears.reports) == sorted([(ROWS, JOINED), (OTHER, JOINED), (ROWS, LOST), (OTHER, LOST)])
    assert phoenix.opened == 1


async def test_a_cut_without_a_close_frame_is_told(phoenix: Phoenix, feed: RealtimeFeed, ears: Ears) -> None:
    await feed.join(ROWS)
    await ears.reported(ROWS, JOINED)
    phoenix.abort()
    await ears.reported(ROWS, LOST)


async def test_silence_without_a_fin_is_found_by_the_beat(
    phoenix: Phoenix, ears: Ears, connect: Callable[..., RealtimeFeed]
) -> None:
    feed = connect(deadline=1.0)
    await feed.open(TOKEN)
    await feed.join(ROWS)
    await ears.reported(ROWS, JOINED)
    await feed.beat()
    phoenix.freeze()
    with pytest.raises(Offline):
        await feed.beat()


async def test_a_beat_is_answered_by_the_server_and_not_by_the_library(
    phoenix: Phoenix, feed: RealtimeFeed
) -> None:
    before = phoenix.heartbeats
    await asyncio.gather(feed.beat(), feed.beat(), feed.beat())
    assert phoenix.heartbeats >= before + 3


async def test_a_dead_reader_is_told_although_the_library_says_connected(
    feed: RealtimeFeed, ears: Ears
) -> None:
    await feed.join(ROWS)
    await ears.reported(ROWS, JOINED)
    reader = feed._socket.listener
    assert reader is not None
    reader.cancel()
    await ears.reported(ROWS, LOST)
    assert feed._socket.is_connected
    with pytest.raises(Offline):
        await feed.beat()


async def test_ephemerals_go_out_without_timers_and_come_in(
    phoenix: Phoenix, feed: RealtimeFeed, ears: Ears
) -> None:
    await feed.send(LIVE, StopRequested(CONVERSATION, CONVERSATION))
    await feed.join(LIVE)
    await ears.reported(LIVE, JOINED)
    before = len(asyncio.all_tasks())
    for offset in range(500):
        await feed.send(LIVE, Delta(CONVERSATION, CONVERSATION, offset, "x"))
    assert len(asyncio.all_tasks()) <= before
    await feed.send(LIVE, Delta(CONVERSATION, CONVERSATION, 500, "ü" * 70_000))
    await feed.send(LIVE, StopRequested(CONVERSATION, CONVERSATION))
    await phoenix.watch.until(lambda: len(phoenix.broadcasts) == 504)
    assert [payload["payload"].get("offset") for _, payload in phoenix.broadcasts[500:]] == [
        500,
        32_500,
        64_500,
        None,
    ]
    first = phoenix.broadcasts[0][1]
    await phoenix.broadcast(LIVE, first["event"], first["payload"])
    await ears.heard(1)
    assert ears.frames == [Delta(CONVERSATION, CONVERSATION, 0, "x")]


async def test_a_row_that_a_member_broadcasts_is_not_believed(
    phoenix: Phoenix, feed: RealtimeFeed, ears: Ears
) -> None:
    for topic in (LIVE, ROWS):
        await feed.join(topic)
        await ears.reported(topic, JOINED)
    await phoenix.broadcast(LIVE, "message", changed())
    await phoenix.broadcast(LIVE, "entity", {"kind": "profile"})
    await phoenix.broadcast(LIVE, "stop", {"conversation_id": new_id(), "message_id": new_id()})
    await phoenix.broadcast(ROWS, "stop", {"conversation_id": CONVERSATION, "message_id": new_id()})
    await phoenix.broadcast(ROWS, "message", changed(7))
    await ears.heard(1)
    assert ears.frames == [MessageChanged(CONVERSATION, CONVERSATION, 7)]


async def test_a_frame_above_one_mebibyte_arrives(phoenix: Phoenix, feed: RealtimeFeed, ears: Ears) -> None:
    await feed.join(ROWS)
    await ears.reported(ROWS, JOINED)
    await phoenix.broadcast(ROWS, "message", changed() | {"more": "x" * 3_000_000})
    await ears.heard(1)
    await phoenix.broadcast(ROWS, "message", changed() | {"more": "x" * MAX_FRAME})
    await ears.reported(ROWS, LOST)


@pytest.mark.parametrize(("status", "error"), [(401, NeedsSignIn), (403, NeedsSignIn), (503, Offline)])
async def test_a_refused_upgrade(
    phoenix: Phoenix, connect: Callable[..., RealtimeFeed], status: int, error: type[Exception]
) -> None:
    phoenix.upgrade_status = status
    with pytest.raises(error):
        await connect().open(TOKEN)


async def test_nobody_there(phoenix: Phoenix, ears: Ears) -> None:
    await phoenix.stop()
    feed = feed_factory(address(phoenix))(ears.on_frame, ears.on_channel)
    with pytest.raises(Offline):
        await feed.open(TOKEN)
    await feed.close()


async def test_no_proxy_comes_between_us_and_this_computer(
    phoenix: Phoenix, connect: Callable[..., RealtimeFeed], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    feed = connect()
    await feed.open(TOKEN)
    await feed.beat()


async def _end_nothing(phoenix: Phoenix, feed: RealtimeFeed, ears: Ears) -> None:
    await feed.join(LIVE)


async def _end_frozen(phoenix: Phoenix, feed: RealtimeFeed, ears: Ears) -> None:
    await feed.renew(TOKEN)
    phoenix.freeze()


async def _end_refused(phoenix: Phoenix, feed: RealtimeFeed, ears: Ears) -> None:
    phoenix.refusals[OTHER] = {}
    phoenix.held_leaves.add(OTHER)
    await feed.join(OTHER)
    await ears.reported(OTHER, LOST)


async def _end_joining(phoenix: Phoenix, feed: RealtimeFeed, ears: Ears) -> None:
    phoenix.held_joins.add(OTHER)
    await feed.join(OTHER)
    await phoenix.watch.until(lambda: len(phoenix.joins) == 2)


async def _end_broken(phoenix: Phoenix, feed: RealtimeFeed, ears: Ears) -> None:
    await phoenix.disconnect(1011)
    await ears.reported(ROWS, LOST)


@pytest.mark.parametrize("end", [_end_nothing, _end_frozen, _end_refused, _end_joining, _end_broken])
async def test_close_leaves_no_task_and_no_descriptor(
    phoenix: Phoenix, ears: Ears, end: Callable[..., Any]
) -> None:
    before_tasks = asyncio.all_tasks()
    before_descriptors = descriptors()
    feed = RealtimeFeed(address(phoenix), ears.on_frame, ears.on_channel)
    await feed.open(TOKEN)
    await feed.join(ROWS)
    await ears.reported(ROWS, JOINED)
    await end(phoenix, feed, ears)
    await asyncio.gather(feed.close(), feed.close())
    await feed.close()
    phoenix.abort()
    await phoenix.watch.until(lambda: not phoenix.clients)
    left = [task for task in asyncio.all_tasks() - before_tasks if "RequestHandler" not in repr(task)]
    assert left == []  # The server's own keep-alive tasks do not count.
    assert descriptors() <= before_descriptors
    with pytest.raises(Offline):
        await feed.join(ROWS)
    with pytest.raises(Offline):
        await feed.open(TOKEN)


async def test_many_switches_leave_one_socket_and_no_litter(
    phoenix: Phoenix, feed: RealtimeFeed, ears: Ears
) -> None:
    await feed.join(OTHER)
    await ears.reported(OTHER, JOINED)
    before = len(asyncio.all_tasks())
    for number in range(200):
        topic = f"conversation:{CONVERSATION}:{number}"
        await feed.join(topic)
        if number % 2:
            await ears.reported(topic, JOINED)
        await feed.leave(topic)
    await feed.beat()
    assert phoenix.opened == 1
    assert set(phoenix.client().joins) == {f"realtime:{OTHER}"}
    assert set(feed._socket.channels) == {"phoenix", f"realtime:{OTHER}"}
    assert len(asyncio.all_tasks()) <= before
