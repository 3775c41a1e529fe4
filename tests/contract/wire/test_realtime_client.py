"""Channels through the real AsyncRealtimeClient."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from realtime import AsyncRealtimeChannel, RealtimeSubscribeStates
from realtime.types import RealtimeAcknowledgementStatus

from tests.contract.wire.raw_socket import allow
from tests.contract.wire.scenery import clusters, wire
from tests.support.server import DEADLINE, Person, Wire

__all__ = ["clusters", "wire"]

pytestmark = pytest.mark.asyncio(loop_scope="module")

WRITERS, EACH = 8, 25


class Listener:
    """A channel of the client library and everything that it reported."""

    def __init__(self, person: Person, name: str, **config: Any) -> None:
        params: Any = {
            "config": {
                "broadcast": {"ack": True, "self": False},
                "presence": {"key": person.id, "enabled": False},
                "private": True,
                **config,
            }
        }
        self.channel: AsyncRealtimeChannel = person.client.channel(name, params)
        self.received: list[Any] = []
        self.states: list[RealtimeSubscribeStates] = []
        self.failures: list[str] = []
        self._changed = asyncio.Event()
        self.channel.on_broadcast("*", self._on_broadcast)

    def _on_broadcast(self, payload: Any) -> None:
        self.received.append(payload)
        self._changed.set()

    def _on_state(self, state: RealtimeSubscribeStates, failure: Exception | None) -> None:
        self.states.append(state)
        if failure is not None:
            self.failures.append(str(failure))
        self._changed.set()

    async def subscribe(self) -> RealtimeSubscribeStates:
        await self.channel.subscribe(self._on_state)
        return self.states[-1]

    async def closed(self) -> None:
        await self.until(lambda: self.states[-1] is RealtimeSubscribeStates.CLOSED)

    async def until(self, fact: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE):
            while not fact():
                self._changed.clear()
                await self._changed.wait()


@pytest.mark.errors_expected
async def test_a_join_is_allowed_or_refused(wire: Wire) -> None:
    ada, bob, name = await wire.person(), await wire.person(), f"room:{uuid.uuid4()}"
    await allow(wire, name, ada.id)
    assert await Listener(ada, name).subscribe() is RealtimeSubscribeStates.SUBSCRIBED
    refused = Listener(bob, name)
    assert await refused.subscribe() is RealtimeSubscribeStates.CHANNEL_ERROR
    assert "Unauthorized: You do not have permissions to read" in refused.failures[0]
    await refused.channel.unsubscribe()  # or the library tries again


async def test_the_database_is_heard_in_commit_order_across_topics(wire: Wire) -> None:
    """The number is taken under a lock that ends with the commit, so commit order is number order."""
    ada, bob = await wire.person(), await wire.person()
    names = [f"room:{uuid.uuid4()}" for _ in range(3)]
    received: list[tuple[str, int]] = []
    done = asyncio.Event()

    def heard(name: str) -> Callable[[Any], None]:
        def callback(payload: Any) -> None:
            received.append((name, payload["payload"]["n"]))
            if len(received) == WRITERS * EACH:
                done.set()

        return callback

    for name in names:
        await allow(wire, name, ada.id)
        listener = Listener(ada, name)
        listener.channel.on_broadcast("row", heard(name))
        assert await listener.subscribe() is RealtimeSubscribeStates.SUBSCRIBED
    await (await wire.admin()).execute(
        """create sequence public.turn;
           create function public.take_turn(p_topics text[]) returns bigint
           language plpgsql security definer set search_path = '' as $$
           declare
               n bigint;
           begin
               perform pg_advisory_xact_lock(1);
               n := nextval('public.turn');
               perform realtime.send(jsonb_build_object('n', n), 'row', p_topics[1 + n % 3], true);
               return n;
           end
           $$"""
    )

    async def write(person: Person) -> None:
        for _ in range(EACH):
            await person.client.rpc("take_turn", {"p_topics": names}).execute()

    async with asyncio.timeout(DEADLINE):
        await asyncio.gather(*(write(ada if number % 2 else bob) for number in range(WRITERS)))
        await done.wait()
    assert [number for _, number in received] == list(range(1, WRITERS * EACH + 1))
    assert {name for name, _ in received} == set(names)
    assert all(name == names[number % 3] for name, number in received)


async def test_messages_of_one_transaction_keep_their_order(wire: Wire) -> None:
    person, name = await wire.person(), f"room:{uuid.uuid4()}"
    await allow(wire, name, person.id)
    listener = Listener(person, name)
    await listener.subscribe()
    rows = [{"n": number} for number in range(700)]  # more than one read
    await person.client.rpc("say", {"p_topic": name, "p_event": "e", "p_payloads": rows}).execute()
    await listener.until(lambda: len(listener.received) == 700)
    assert [payload["payload"]["n"] for payload in listener.received] == list(range(700))


async def test_clients_talk_to_each_other(wire: Wire) -> None:
    ada, bob, name = await wire.person(), await wire.person(), f"room:{uuid.uuid4()}"
    await allow(wire, name, ada.id, speak=True)
    await allow(wire, name, bob.id)
    mine = Listener(ada, name, broadcast={"ack": True, "self": True})
    theirs = Listener(bob, name)
    await mine.subscribe()
    await theirs.subscribe()
    acknowledged = asyncio.Event()
    push = await mine.channel.push(
        "broadcast", {"type": "broadcast", "event": "delta", "payload": {"text": "hello"}}
    )
    push.receive(RealtimeAcknowledgementStatus.Ok, lambda _: acknowledged.set())
    await mine.until(lambda: bool(mine.received))
    await theirs.until(lambda: bool(theirs.received))
    assert mine.received[0]["payload"] == theirs.received[0]["payload"] == {"text": "hello"}
    async with asyncio.timeout(DEADLINE):
        await acknowledged.wait()


async def test_presence_is_seen_by_the_library(wire: Wire) -> None:
    ada, bob, name = await wire.person(), await wire.person(), f"room:{uuid.uuid4()}"
    for person in (ada, bob):
        await allow(wire, name, person.id, speak=True, presence=True)
    mine, theirs = Listener(ada, name), Listener(bob, name)
    changed = asyncio.Event()
    mine.channel.on_presence_sync(changed.set)
    theirs.channel.on_presence_sync(lambda: None)
    await mine.subscribe()
    await theirs.subscribe()
    await mine.channel.track({"device": "one"})
    await theirs.channel.track({"device": "two"})

    async def until(*present: str) -> None:
        async with asyncio.timeout(DEADLINE):
            while set(mine.channel.presence_state()) != set(present):
                changed.clear()
                await changed.wait()

    await until(ada.id, bob.id)
    assert dict(mine.channel.presence_state()[bob.id][0])["device"] == "two"
    await theirs.channel.untrack()
    await until(ada.id)


async def test_leave_and_join_again(wire: Wire) -> None:
    person, name = await wire.person(), f"room:{uuid.uuid4()}"
    await allow(wire, name, person.id)
    keep = f"room:{uuid.uuid4()}"
    await allow(wire, keep, person.id)
    await Listener(person, keep).subscribe()
    for _ in range(5):
        listener = Listener(person, name)
        assert await listener.subscribe() is RealtimeSubscribeStates.SUBSCRIBED
        await listener.channel.unsubscribe()
        await listener.closed()
    assert wire.realtime.sockets >= 1


async def test_a_refreshed_session_keeps_its_channels(wire: Wire) -> None:
    person, name = await wire.person(), f"room:{uuid.uuid4()}"
    await allow(wire, name, person.id)
    listener = Listener(person, name)
    await listener.subscribe()
    answer = await person.client.auth.refresh_session(person.session["refresh_token"])
    assert answer.session is not None
    await person.client.realtime.set_auth(answer.session.access_token)
    await person.client.rpc("say", {"p_topic": name, "p_event": "e", "p_payloads": [{"n": 1}]}).execute()
    await listener.until(lambda: bool(listener.received))
    assert listener.states == [RealtimeSubscribeStates.SUBSCRIBED]
