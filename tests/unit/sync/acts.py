"""Several instances, all that users and networks may do to them, and the comparison at the end."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from random import Random
from typing import Any

from chatdesk.domain.message import DeliveryState
from chatdesk.domain.session import LinkState
from tests.support.fake_faults import Faults
from tests.unit.sync.desk import ANNA, BEN, Desk, Room

USERS = {"anna-1": ANNA, "anna-2": ANNA, "ben": BEN}


class Schedule:
    """Random users on random networks."""

    def __init__(self, room: Room, seed: int) -> None:
        self.room = room
        self.random = Random(seed)
        self.log: list[str] = []
        self.desks: dict[str, Desk] = {}
        self.accepted: dict[str, str] = {}
        self.texts = 0
        self.talks: list[str] = []

    async def begin(self) -> None:
        self.room.server.sign_up(BEN)
        for number in range(4):
            talk = self.room.talk("start", user=ANNA)
            self.talks.append(talk)
            if number % 2:
                self.room.server.add_member(talk, BEN)
        for name in USERS:
            await self._start(name)

    async def step(self) -> None:
        name = self.random.choice(list(USERS))
        act = self.random.choices(list(ACTS), WEIGHTS)[0]
        self.log.append(f"{self.room.clock.monotonic():8.2f} {name} {act}")
        await ACTS[act](self, name)
        await self.room.clock.advance(self.random.choice((0.0, 0.01, 0.05, 0.3, 1.0, 5.0)))

    async def heal(self) -> None:
        self.room.server.poison.clear()
        for desk in self.desks.values():
            desk.network.faults = Faults()
            desk.network.down = False
            desk.network.next_failures.clear()
            desk.engine.wake()
        await self.room.clock.advance(70)

    async def _start(self, name: str) -> None:
        desk = await self.room.desk(USERS[name], home=name, token_life=150.0)
        self.desks[name] = desk
        desk.mirror.entries = {entry.id: entry for entry in await desk.store.entries()}
        waiting = {entry.mutation.lane for entry in await desk.store.outbox()}
        desk.mirror.unloaded = waiting - set(desk.mirror.entries)
        for entry in desk.mirror.entries.values():
            for message in await desk.store.messages(entry.id, limit=10_000):
                desk.mirror.messages[message.id] = message
        await desk.engine.start()

    async def _talk(self, name: str) -> str | None:
        """A conversation this desk shows."""
        entries = await self.desks[name].store.entries()
        return self.random.choice(entries).id if entries else None

    async def _write(self, name: str) -> None:
        if (talk := await self._talk(name)) is not None:
            self.texts += 1
            sending = self.room.send(talk, f"text {self.texts}", user=USERS[name])
            await self.desks[name].engine.submit(sending)
            self.accepted[sending.entity_id] = f"text {self.texts}"

    async def _rename(self, name: str) -> None:
        if (talk := await self._talk(name)) is not None:
            title = f"title {self.random.random()}"
            await self.desks[name].engine.submit(self.room.rename(talk, title, USERS[name]))

    async def _profile(self, name: str) -> None:
        mutation = self.room.profile(f"name {self.random.random()}", USERS[name])
        await self.desks[name].engine.submit(mutation)

    async def _delete(self, name: str) -> None:
        talk = await self._talk(name)
        shown = await self.desks[name].store.messages(talk, limit=50) if talk is not None else ()
        own = [m for m in shown if m.delivery is DeliveryState.SENT and m.deleted_at is None]
        if own and talk is not None:
            message = self.random.choice(own).id
            mutation = self.room.delete_message(talk, message, USERS[name])
            await self.desks[name].engine.submit(mutation)
            self.accepted.pop(message, None)

    async def _create(self, name: str) -> None:
        await self.desks[name].engine.submit(self.room.create(user=USERS[name]))

    async def _open(self, name: str) -> None:
        self.desks[name].engine.open_conversation(await self._talk(name))

    async def _stream(self, name: str) -> None:
        """A reply grows on the server, told only on the conversation's channel."""
        live = [m for m in self.room.server.messages.values() if m.deleted_at is None]
        message = self.random.choice(live)
        for number in range(5):
            self.room.server.checkpoint(message.id, message.content + f" +{number}")
            await self.room.clock.advance(0.1)
        if message.id in self.accepted:
            self.accepted[message.id] = self.room.server.messages[message.id].content

    async def _faults(self, name: str) -> None:
        rates = [self.random.choice((0.0, 0.0, 0.1, 0.3)) for _ in range(7)]
        self.desks[name].network.faults = Faults(*rates)
        self.desks[name].network.latency = self.random.choice((0.005, 0.05, 0.3))

    async def _cut(self, name: str) -> None:
        network = self.desks[name].network
        network.down = not network.down

    async def _break_feed(self, name: str) -> None:
        for feed in self.desks[name].network.open_feeds:
            self.random.choice((feed.kill, feed.freeze, feed.deafen))()

    async def _lose_response(self, name: str) -> None:
        self.desks[name].network.lose_next_responses += 2

    async def _restart(self, name: str) -> None:
        await self.desks[name].close()
        await self._start(name)

    async def _wake(self, name: str) -> None:
        self.desks[name].engine.wake()
        await self.room.backend.check_tokens()

    async def _member(self, name: str) -> None:
        talk = self.talks[3]
        if (talk, BEN) in self.room.server.memberships:
            self.room.server.remove_member(talk, BEN)
        else:
            self.room.server.add_member(talk, BEN)

    async def converged(self) -> None:
        """Compare everything with everything, after ``heal``."""
        room, failed_ids = self.room, set[str]()
        for name, desk in self.desks.items():
            assert desk.mirror.link is LinkState.CONNECTED, name
            assert desk.mirror.states[-1].pending == 0 or name == "ben", name
            await _compare(room, USERS[name], desk, failed_ids)
            assert desk.engine.diagnostics()["watchdog"] == 0, name
            assert desk.network.most_open_feeds <= 1
            assert desk.network.most_channels <= 3
            assert desk.network.rejoined_too_early == 0
            assert desk.mirror.faults == []

        for key, text in self.accepted.items():
            if key not in failed_ids:
                held = room.server.messages[key]
                assert held.content == text or held.deleted_at is not None
        ids = [key for keys in room.server.by_conversation.values() for key in keys]
        assert len(ids) == len(set(ids))
        for keys in room.server.by_conversation.values():
            assert [room.server.messages[key].seq for key in keys] == list(range(1, len(keys) + 1))


ACTS: Mapping[str, Callable[[Schedule, str], Coroutine[Any, Any, None]]] = {
    "write": Schedule._write,
    "rename": Schedule._rename,
    "profile": Schedule._profile,
    "delete": Schedule._delete,
    "create": Schedule._create,
    "open": Schedule._open,
    "stream": Schedule._stream,
    "faults": Schedule._faults,
    "cut": Schedule._cut,
    "break_feed": Schedule._break_feed,
    "lose_response": Schedule._lose_response,
    "restart": Schedule._restart,
    "wake": Schedule._wake,
    "member": Schedule._member,
}
WEIGHTS = (12, 3, 2, 2, 2, 6, 3, 5, 2, 2, 1, 1, 1, 1)


async def _compare(room: Room, user: str, desk: Desk, failed_ids: set[str]) -> None:
    """The store against the server, and the screen's copy against the store."""
    server = room.server
    readable = {key for key, member in server.memberships if member == user}
    entries = {entry.id: entry for entry in await desk.store.entries()}
    settled = {key: entry for key, entry in entries.items() if entry.delivery is DeliveryState.SENT}
    assert readable <= set(entries)
    for key, entry in settled.items():
        # A revision that only a streaming reply took is told to nobody's list.
        held = server.conversations[key]
        assert (entry.conversation.title, entry.conversation.last_seq) == (held.title, held.last_seq)
        assert entry.membership == server.memberships[key, user]
    person = await desk.store.profile(user)
    assert person is not None
    assert person.display_name == server.profiles[user].display_name
    assert await desk.store.user_cursor() == server.user_revisions[user]

    failed_ids.update(entry.mutation.entity_id for entry in await desk.store.outbox())
    for key in entries:
        shown = await desk.store.messages(key, limit=10_000)
        if key not in desk.mirror.unloaded:
            assert [desk.mirror.messages[m.id] for m in shown] == list(shown)
        if await desk.store.conversation_cursor(key) is None:
            continue
        confirmed = {m.id: (m.seq, m.content) for m in shown if m.delivery is DeliveryState.SENT}
        truth = {k: (server.messages[k].seq, server.messages[k].content) for k in server.by_conversation[key]}
        floor = min((seq or 0 for seq, _ in confirmed.values()), default=0)
        complete = not await desk.store.has_older(key)
        wanted = {k: v for k, v in truth.items() if complete or (v[0] or 0) >= floor}
        masked = {m.id for m in shown if m.delivery is not DeliveryState.SENT}
        open_here = desk.engine.diagnostics()["channels"]
        if f"conversation:{key}:{server.conversations[key].epoch}" in str(open_here):
            assert confirmed == {k: v for k, v in wanted.items() if k not in masked}
        else:
            assert set(confirmed) == set(wanted) - masked
    assert desk.mirror.entries == entries
