"""G9: nothing goes back: frames repeated, overtaken and late, through edits and deletions."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.faults.watch import Watch
from tests.support.fake_faults import Faults
from tests.unit.sync.conftest import room_of
from tests.unit.sync.desk import Room

__all__ = ["room_of"]


async def backward_steps(room: Room, events: int, draws: Random) -> tuple[int, list[str]]:
    """Change rows on the server while frames come twice, late and in any order; return events and faults."""
    desk = await room.started()
    talk = room.talk("first")
    desk.engine.open_conversation(talk)
    await room.clock.until(lambda: len(desk.client.network.feed.joined) == 3)
    desk.network.faults = Faults(repeat_frame=0.4, reorder_frame=0.5, drop_frame=0.02)
    server, watch, done, told = room.server, Watch(), 0, 0
    while done < events:
        alive = [m for m in server.messages.values() if m.deleted_at is None]
        act = draws.random()
        if act < 0.1 or len(alive) < 3:
            room.say(talk, f"text {done}")
        elif act < 0.15:
            server.push(room.delete_message(talk, draws.choice(alive).id))
        elif act < 0.25:
            server.push(room.rename(talk, f"title {done}"))
        else:
            message = draws.choice(alive[-10:])
            server.checkpoint(message.id, f"{message.content[:60]} +{done}")
        done += 1
        await room.clock.advance(draws.choice((0.0, 0.01, 0.05, 0.4)))
        for changes in desk.mirror.changes[told:]:
            watch.changes_applied(changes)
        told = len(desk.mirror.changes)
    desk.network.faults = Faults()
    await room.clock.advance(40)
    for changes in desk.mirror.changes[told:]:
        watch.changes_applied(changes)
    shown = [(m.id, m.content, m.deleted_at is None) for m in await desk.store.messages(talk, limit=100_000)]
    truth = [server.messages[key] for key in server.by_conversation[talk]]
    faults = watch.faults + desk.mirror.faults
    if shown != [(m.id, m.content, m.deleted_at is None) for m in truth]:
        faults.append("the end is not what the server holds")
    return done, faults


async def test_no_older_text_comes_after_a_newer_one(room_of: Callable[[int], Room]) -> None:
    room = room_of(9)
    events, faults = await backward_steps(room, 1500, Random(9))
    assert faults == []
    assert events == 1500
    await room.close()
