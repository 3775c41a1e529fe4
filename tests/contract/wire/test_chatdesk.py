"""ChatDesk's own schema over the wire: what a person writes reaches their other windows and nobody else."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from tests.contract.wire.raw_socket import RawSocket, raw
from tests.support.postgres import Database, clusters, database
from tests.support.server import JSON, Person, Wire, serving

__all__ = ["clusters", "database"]


@pytest_asyncio.fixture
async def wire(database: Database) -> AsyncIterator[Wire]:
    """A server over a database that has the migrations only."""
    async with serving(database) as made:
        yield made


async def call(person: Person, function: str, **arguments: object) -> JSON:
    answer: Any = (await person.client.rpc(function, arguments).execute()).data
    assert isinstance(answer, dict)
    return answer


async def test_a_conversation_is_heard_by_its_owner_only(wire: Wire) -> None:
    ada, bob = await wire.person("ada"), await wire.person("bob")
    conversation, message = str(uuid.uuid4()), str(uuid.uuid4())
    own, other = f"realtime:user:{ada.id}", f"realtime:user:{bob.id}"
    async with raw(wire) as window, raw(wire) as stranger:
        assert (await window.join(own, ada.token))["status"] == "ok"
        assert (await stranger.join(other, bob.token))["status"] == "ok"
        refused = await stranger.join(own, bob.token)
        assert refused["response"]["reason"].startswith("Unauthorized: ")

        made = await call(ada, "create_conversation", p_id=conversation, p_title="Hello")
        kinds = {(await window.next())["payload"]["payload"]["kind"] for _ in range(2)}
        assert kinds == {"conversation", "membership"}
        topic = f"realtime:conversation:{conversation}:{made['conversation']['epoch']}"
        for name in (topic, f"{topic}:live"):
            assert (await window.join(name, ada.token))["status"] == "ok"
            assert (await stranger.join(name, bob.token))["status"] == "error"
        assert (await window.join(f"{topic}9", ada.token))["status"] == "error"

        arguments = {"p_parent_id": None, "p_role": "user", "p_content": "Hi"}
        sent = await call(ada, "send_message", p_id=message, p_conversation_id=conversation, **arguments)
        frames = await _until_topic(window, topic)
        assert frames[-1]["payload"]["event"] == "message"
        assert frames[-1]["payload"]["payload"]["record"] == sent["message"]
        assert frames[-1]["payload"]["payload"]["revision"] == sent["message"]["revision"]

        # Rows come from the database only; deltas go between the members' windows.
        delta = {"type": "broadcast", "event": "delta", "payload": {"text": "a"}}
        async with raw(wire) as second:
            await second.join(topic, ada.token)
            await second.join(f"{topic}:live", ada.token)
            await second.push(topic, "broadcast", delta)
            await second.push(f"{topic}:live", "broadcast", delta)
            frames = await _until_topic(window, f"{topic}:live")
            assert [
                frame for frame in frames if frame["topic"] == topic and frame["payload"]["event"] == "delta"
            ] == []
            assert frames[-1]["payload"] == delta
        await stranger.silence()
    assert await call(ada, "send_message", p_id=message, p_conversation_id=conversation, **arguments)
    rows = await ada.client.table("messages").select("id,seq").eq("conversation_id", conversation).execute()
    assert rows.data == [{"id": message, "seq": 1}]
    assert (await bob.client.table("messages").select("id").execute()).data == []


async def test_a_message_is_two_frames_for_who_reads_it_and_a_third_for_its_author(wire: Wire) -> None:
    """The row and a hint; the author's own windows learn as well that what one wrote is read."""
    ada, bob = await wire.person("ada"), await wire.person("bob")
    conversation = str(uuid.uuid4())
    await call(ada, "create_conversation", p_id=conversation, p_title="Hello")
    admin = await wire.admin()
    async with admin.transaction():
        await admin.execute(
            "select set_config('request.jwt.claims', $1, true)", json.dumps({"sub": ada.id, "role": "admin"})
        )
        await admin.execute("select private.add_member($1, $2, 'editor')", conversation, bob.id)
    topic = f"realtime:conversation:{conversation}:1"
    async with raw(wire) as author, raw(wire) as reader:
        for socket, person in ((author, ada), (reader, bob)):
            for name in (f"realtime:user:{person.id}", topic, f"{topic}:live"):
                assert (await socket.join(name, person.token))["status"] == "ok"
        for content in ("One", "Two", "Three"):
            await call(
                ada,
                "send_message",
                p_id=str(uuid.uuid4()),
                p_conversation_id=conversation,
                p_parent_id=None,
                p_role="user",
                p_content=content,
            )
            wanted = ("message", "hint")
            for socket, own in ((reader, ()), (author, ("entity",))):
                frames = await socket.only(*["broadcast"] * len(wanted + own))
                assert sorted(frame["payload"]["event"] for frame in frames) == sorted(wanted + own)
                await socket.silence()


async def _until_topic(socket: RawSocket, topic: str) -> list[JSON]:
    frames: list[JSON] = []
    while not frames or frames[-1]["topic"] != topic:
        frames.append(await socket.next())
    return frames


async def test_an_avatar_is_its_owners(wire: Wire) -> None:
    ada, bob = await wire.person("ada"), await wire.person("bob")
    picture = b"\x89PNG\r\n\x1a\n" + bytes(100)
    path = f"{ada.id}/me.png"
    await ada.client.storage.from_("avatars").upload(
        path, picture, {"content-type": "image/png", "upsert": "true"}
    )
    assert await ada.client.storage.from_("avatars").download(path) == picture
    assert not await bob.client.storage.from_("avatars").exists(path)
