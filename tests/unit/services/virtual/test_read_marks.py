"""Read marks: merged, forwards only, and never once too often."""

from __future__ import annotations

from chatdesk.domain.ids import new_id
from chatdesk.services.mutations import MutationMaker
from tests.unit.services.virtual.world import ANNA, World

BEN = "20000000-0000-4000-8000-000000000002"


def marked(world: World, conversation: str) -> int:
    return world.server.memberships[conversation, ANNA].last_read_seq


async def with_ben(world: World) -> str:
    """A conversation in which Ben has written five messages after Anna's first."""
    conversation, _ = await world.talk("hello")
    world.server.sign_up(BEN)
    world.server.add_member(conversation, BEN)
    make = MutationMaker(BEN, world.clock)
    for number in range(5):
        world.server.push(make.send_message(new_id(), conversation, None, "user", f"ben {number}"))
    await world.clock.advance(2)
    assert len(await world.shown(conversation)) == 6
    return conversation


async def test_marks_of_two_seconds_are_one(world: World) -> None:
    conversation = await with_ben(world)
    before, at_first = world.network.requests["push"], marked(world, conversation)
    for seq in (3, 5, 4):
        world.realtime.mark_read(seq)
        await world.clock.advance(0.5)
    assert world.network.requests["push"] == before, "nothing within two seconds"
    assert marked(world, conversation) == at_first
    await world.clock.until(lambda: marked(world, conversation) == 5, within=3.0)
    await world.clock.advance(10)
    assert world.network.requests["push"] == before + 1


async def test_what_is_known_is_not_sent_again(world: World) -> None:
    conversation = await with_ben(world)
    world.realtime.mark_read(6)
    await world.clock.until(lambda: marked(world, conversation) == 6)
    await world.clock.advance(5)
    before = world.network.requests["push"]
    for seq in (2, 6):
        world.realtime.mark_read(seq)
    await world.clock.advance(5)
    assert world.network.requests["push"] == before


async def test_what_was_seen_is_known_before_its_mark_is_sent(world: World) -> None:
    conversation = await with_ben(world)
    marks = world.realtime.shared.marks
    assert marks is not None
    world.realtime.mark_read(4)
    assert marks.seen(conversation) == 4
    assert marked(world, conversation) < 4
    await world.clock.advance(5)
    assert marks.seen(conversation) == 4
