"""Every frame of a channel's life, letter by letter."""

from __future__ import annotations

import time
import uuid
from typing import Any

import aiohttp
import jwt
import pytest

from tests.contract.wire.raw_socket import RawSocket, allow, raw
from tests.contract.wire.scenery import clusters, wire
from tests.support.server import Wire

__all__ = ["clusters", "wire"]

pytestmark = pytest.mark.asyncio(loop_scope="module")

JOINED = {"status": "ok", "response": {"postgres_changes": []}}


def new_topic() -> str:
    return f"room:{uuid.uuid4()}"


async def test_join_heartbeat_leave(wire: Wire) -> None:
    person, name = await wire.person(), new_topic()
    await allow(wire, name, person.id)
    topic = f"realtime:{name}"
    async with raw(wire) as socket:
        await socket.socket.send_str('{"topic":"phoenix","event":"heartbeat","payload":{},"ref":null}')
        assert await socket.next() == {
            "topic": "phoenix",
            "event": "phx_reply",
            "payload": {"status": "ok", "response": {}},
            "ref": None,
        }
        ref = await socket.send_join(topic, person.token)
        assert await socket.next() == {"topic": topic, "event": "phx_reply", "payload": JOINED, "ref": ref}
        leave = await socket.push(topic, "phx_leave", {})
        assert await socket.next() == {
            "topic": topic,
            "event": "phx_reply",
            "payload": {"status": "ok", "response": {}},
            "ref": leave,
        }
        assert await socket.next() == {"topic": topic, "event": "phx_close", "payload": {}, "ref": ref}
        # Left: another leave is answered, any other push is told so.
        await socket.push(topic, "phx_leave", {})
        assert (await socket.next())["payload"]["status"] == "ok"
        await socket.push(topic, "broadcast", {"type": "broadcast", "event": "x", "payload": {}})
        assert (await socket.next())["payload"] == {
            "status": "error",
            "response": {"reason": "unmatched topic"},
        }
        assert await socket.join(topic, person.token) == JOINED
    await wire.until(lambda: wire.realtime.sockets == 0)
    assert wire.realtime.hub.channels == 0


async def test_pushes_for_an_earlier_join_are_ignored(wire: Wire) -> None:
    person, name = await wire.person(), new_topic()
    await allow(wire, name, person.id, speak=True)
    topic = f"realtime:{name}"
    async with raw(wire) as socket:
        await socket.join(topic, person.token, broadcast={"ack": True, "self": True})
        for stale in ("999", None):
            await socket.push(topic, "phx_leave", {}, join_ref=stale)
            await socket.push(topic, "broadcast", {"event": "x", "payload": {}}, join_ref=stale)
        await socket.silence()


REFUSED: list[tuple[str, str | None, dict[str, Any], str]] = [
    ("realtime:", "good", {}, "TopicNameRequired: You must provide a topic name"),
    ("elsewhere:x", "good", {}, "unmatched topic"),
    ("realtime:ROOM", "good", {"private": False}, "PrivateOnly: This project only allows private channels"),
    (
        "realtime:ROOM",
        "good",
        {"postgres_changes": [{"event": "*", "schema": "public"}]},
        "PostgresChangesNotSupported: The embedded back end has no postgres_changes",
    ),
    ("realtime:ROOM", "good", {"broadcast": {"replay": {"since": 1}}}, "ReplayNotSupported: "),
    (
        "realtime:ROOM",
        "stranger",
        {},
        "Unauthorized: You do not have permissions to read from this Channel topic: ROOM",
    ),
    (
        "realtime:ROOM",
        None,
        {},
        "Unauthorized: You do not have permissions to read from this Channel topic: ROOM",
    ),
    ("realtime:ROOM", "sb_publishable_x", {}, "Unauthorized: "),
    ("realtime:ROOM", "expired", {}, "InvalidJWTToken: Token has expired 6"),
    ("realtime:ROOM", "forged", {}, "JwtSignatureError: "),
    ("realtime:ROOM", "a.b.c", {}, "InvalidJWTToken: "),
    ("realtime:room'; drop table x; --", "good", {}, "Unauthorized: "),
]


@pytest.mark.parametrize(
    ("topic", "token", "config", "reason"), REFUSED, ids=[r[3][:40] + str(r[1]) for r in REFUSED]
)
async def test_refused_joins(
    wire: Wire, topic: str, token: str | None, config: dict[str, Any], reason: str
) -> None:
    person, stranger, name = await wire.person(), await wire.person(), new_topic()
    await allow(wire, name, person.id)
    claims = jwt.decode(person.token, options={"verify_signature": False})
    tokens = {
        "good": person.token,
        "stranger": stranger.token,
        "expired": wire.tokens.sign({**claims, "exp": int(time.time()) - 60}),
        "forged": jwt.encode(claims, b"another secret that is long enough"),
    }
    async with raw(wire) as socket:
        reply = await socket.join(
            topic.replace("ROOM", name), tokens.get(token, token) if token else None, **config
        )
        assert reply["status"] == "error"
        assert list(reply["response"]) == ["reason"]
        assert reply["response"]["reason"].startswith(reason.replace("ROOM", name)), reply
        await socket.silence()
        assert wire.realtime.hub.channels == 0


async def test_a_broadcast_from_the_database(wire: Wire) -> None:
    person, name = await wire.person(), new_topic()
    await allow(wire, name, person.id)
    async with raw(wire) as socket:
        await socket.join(f"realtime:{name}", person.token)
        await person.client.rpc(
            "say", {"p_topic": name, "p_event": "entity", "p_payloads": [{"n": 1.5, "t": "ä\u2028"}]}
        ).execute()
        frame = await socket.next()
    message_id = frame["payload"]["meta"]["id"]
    assert frame == {
        "topic": f"realtime:{name}",
        "event": "broadcast",
        "payload": {
            "event": "entity",
            "payload": {"id": message_id, "n": 1.5, "t": "ä\u2028"},
            "type": "broadcast",
            "meta": {"id": message_id},
        },
        "ref": None,
    }


async def test_what_is_rolled_back_or_public_is_not_sent(wire: Wire) -> None:
    person, name = await wire.person(), new_topic()
    await allow(wire, name, person.id)
    admin = await wire.admin()
    async with raw(wire) as socket:
        await socket.join(f"realtime:{name}", person.token)
        transaction = admin.transaction()
        await transaction.start()
        await admin.execute("select realtime.send('{\"n\": 1}', 'e', $1, true)", name)
        await transaction.rollback()
        await admin.execute("select realtime.send('{\"n\": 2}', 'e', $1, false)", name)
        await admin.execute("select pg_notify('realtime_messages', 'nonsense')")
        await admin.execute("select realtime.send('{\"n\": 3}', 'e', $1, true)", name)
        assert (await socket.next())["payload"]["payload"]["n"] == 3


async def test_broadcasts_of_clients(wire: Wire) -> None:
    ada, bob, eve, name = await wire.person(), await wire.person(), await wire.person(), new_topic()
    await allow(wire, name, ada.id, speak=True)
    await allow(wire, name, bob.id, speak=True)
    await allow(wire, name, eve.id)
    topic = f"realtime:{name}"
    message = {"type": "broadcast", "event": "delta", "payload": {"text": "hi"}}
    async with raw(wire) as first, raw(wire) as second, raw(wire) as third:
        await first.join(topic, ada.token, broadcast={"ack": True, "self": True})
        await second.join(topic, bob.token, broadcast=None)
        await third.join(topic, eve.token, broadcast={"ack": True, "self": True})
        frame = {"topic": topic, "event": "broadcast", "payload": message, "ref": None}
        ref = await first.push(topic, "broadcast", message)
        assert await first.next() == frame
        assert await first.next() == {
            "topic": topic,
            "event": "phx_reply",
            "payload": {"status": "ok", "response": {}},
            "ref": ref,
        }
        assert await second.next() == frame
        assert await third.next() == frame
        # Without self the sender hears nothing, without ack it is told nothing.
        await second.push(topic, "broadcast", message)
        assert await first.next() == frame
        assert await third.next() == frame
        await second.silence()
        # Who may only listen is not told so, even with ack.
        await third.push(topic, "broadcast", message)
        await third.silence()
        await first.silence()
        # What no client could read is not passed on.
        await first.push(topic, "broadcast", {"type": "broadcast", "event": "x", "payload": [1]})
        assert (await first.next())["payload"]["status"] == "error"
        await second.silence()


def metas(frame: dict[str, Any], *path: str) -> dict[str, list[dict[str, Any]]]:
    value: Any = frame["payload"]
    for key in path:
        value = value[key]
    return {key: entry["metas"] for key, entry in value.items()}


async def test_presence(wire: Wire) -> None:
    ada, bob, eve, name = await wire.person(), await wire.person(), await wire.person(), new_topic()
    await allow(wire, name, ada.id, speak=True, presence=True)
    await allow(wire, name, bob.id, speak=True, presence=True)
    await allow(wire, name, eve.id, presence=True)
    topic, shown = f"realtime:{name}", {"enabled": True}
    async with raw(wire) as first, raw(wire) as third:
        await first.join(topic, ada.token, presence={**shown, "key": "ada"})
        assert await first.next() == {"topic": topic, "event": "presence_state", "payload": {}, "ref": None}
        await first.push(topic, "presence", {"event": "track", "payload": {"typing": False}})
        reply, diff = await first.only("phx_reply", "presence_diff")
        assert reply["payload"] == {"status": "ok", "response": {}}
        mark = metas(diff, "joins")["ada"][0]["phx_ref"]
        assert metas(diff, "joins") == {"ada": [{"typing": False, "phx_ref": mark}]}
        assert metas(diff, "leaves") == {}
        # The same again changes nothing; something else is a leave and a join.
        await first.push(topic, "presence", {"event": "track", "payload": {"typing": False}})
        await first.only("phx_reply")
        await first.push(topic, "presence", {"event": "track", "payload": {"typing": True}})
        _, diff = await first.only("phx_reply", "presence_diff")
        newer = metas(diff, "joins")["ada"][0]
        assert newer == {"typing": True, "phx_ref": newer["phx_ref"], "phx_ref_prev": mark}
        assert newer["phx_ref"] != mark
        assert metas(diff, "leaves") == {"ada": [{"typing": False, "phx_ref": mark}]}
        async with raw(wire) as second:
            # Presence not asked for at the join: the first track switches it on.
            await second.join(topic, bob.token, presence={"key": "bob", "enabled": False})
            await second.silence()
            await second.push(topic, "presence", {"event": "track", "payload": {}})
            _, state, _ = await second.only("phx_reply", "presence_state", "presence_diff")
            assert metas(state) == {"ada": [{"typing": True, "phx_ref": newer["phx_ref"]}]}
            assert set(metas((await first.only("presence_diff"))[0], "joins")) == {"bob"}
            await second.push(topic, "presence", {"event": "untrack"})
            await second.only("phx_reply", "presence_diff")
            assert set(metas((await first.only("presence_diff"))[0], "leaves")) == {"bob"}
            await second.push(topic, "presence", {"event": "track", "payload": {"again": 1}})
            await first.only("presence_diff")
        # The socket is gone, and so is bob.
        assert set(metas((await first.only("presence_diff"))[0], "leaves")) == {"bob"}
        await third.join(topic, eve.token, presence=shown)
        assert set(metas((await third.only("presence_state"))[0])) == {"ada"}
        await third.push(topic, "presence", {"event": "track", "payload": {}})
        assert (await third.next())["payload"]["status"] == "error"
        await first.push(topic, "presence", {"event": "track", "payload": "text"})
        reply = (await first.only("phx_reply"))[0]
        assert reply["payload"]["response"] == {"reason": "Presence track payload must be a map"}


async def test_the_sixth_presence_call_closes_the_channel(wire: Wire) -> None:
    person, name = await wire.person(), new_topic()
    await allow(wire, name, person.id, speak=True, presence=True)
    topic = f"realtime:{name}"
    async with raw(wire) as socket:
        await socket.join(topic, person.token)
        for _ in range(5):
            await socket.push(topic, "presence", {"event": "untrack"})
            await socket.only("phx_reply")
        await socket.push(topic, "presence", {"event": "untrack"})
        system, closed = await socket.only("system", "phx_close")
        assert system["payload"] == {
            "channel": name,
            "extension": "system",
            "message": "Client presence rate limit exceeded",
            "status": "error",
        }
        assert (system["ref"], closed["ref"]) == (None, socket.joins[topic])


async def test_a_token_ends_and_a_new_one_is_taken(wire: Wire) -> None:
    person, name = await wire.person(), new_topic()
    await allow(wire, name, person.id)
    topic = f"realtime:{name}"
    claims = jwt.decode(person.token, options={"verify_signature": False})
    async with raw(wire) as short, raw(wire) as renewed:
        ends = int(time.time()) + 2
        token = wire.tokens.sign({**claims, "exp": ends})
        await short.join(topic, token)
        await renewed.join(topic, token)
        for ignored in (token, "sb_publishable_x", None):
            await renewed.push(topic, "access_token", {"access_token": ignored})
        await renewed.push(topic, "access_token", {"access_token": person.token})
        await renewed.silence()
        system, closed = await short.only("system", "phx_close")
        assert time.time() >= ends
        assert system["payload"]["message"].startswith("Token has expired")
        assert closed["ref"] == short.joins[topic]
        await person.client.rpc("say", {"p_topic": name, "p_event": "e", "p_payloads": [{}]}).execute()
        await renewed.only("broadcast")
        await short.silence()


async def test_a_lost_right_closes_at_the_next_token(wire: Wire) -> None:
    person, stranger, name = await wire.person(), await wire.person(), new_topic()
    await allow(wire, name, person.id)
    topic = f"realtime:{name}"
    refused = f"You do not have permissions to read from this Channel topic: {name}"
    for token, message in (
        (stranger.token, refused),
        (wire.anon_key, refused),
        ("nonsense", "Not enough segments"),
    ):
        async with raw(wire) as socket:
            await socket.join(topic, person.token)
            await socket.push(topic, "access_token", {"access_token": token})
            system, closed = await socket.only("system", "phx_close")
            assert (system["payload"]["message"], closed["ref"]) == (message, socket.joins[topic])


async def test_what_is_no_frame_ends_the_socket(wire: Wire) -> None:
    for sent in (
        "{",
        "[]",
        '["1","1","t","e",{}]',
        '{"topic":1,"event":"x","payload":{},"ref":"1"}',
        b"binary",
    ):
        socket = await wire.socket()
        await (socket.send_bytes(sent) if isinstance(sent, bytes) else socket.send_str(sent))
        assert await RawSocket(socket).closed() == 1003
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await wire.socket(vsn="2.0.0")
    assert refused.value.status == 400


async def test_compression_is_not_agreed(wire: Wire) -> None:
    socket = await wire.http.ws_connect(
        f"{wire.url}/realtime/v1/websocket?apikey={wire.anon_key}&vsn=1.0.0", compress=15
    )
    assert not socket.compress
    await socket.close()


async def test_nothing_stays_behind(wire: Wire) -> None:
    person, name = await wire.person(), new_topic()
    await allow(wire, name, person.id, speak=True, presence=True)
    async with raw(wire) as socket:
        for _ in range(50):
            await socket.join(f"realtime:{name}", person.token, presence={"enabled": True})
            await socket.next()
            await socket.push(f"realtime:{name}", "phx_leave", {})
            await socket.only("phx_reply", "phx_close")
        hub = wire.realtime.hub
        assert (hub.topics, hub.channels) == (0, 0)
        left = await (await wire.admin()).fetchval(
            "select count(*) from realtime.messages where topic = $1", name
        )
        assert left == 0  # probes are rolled back
