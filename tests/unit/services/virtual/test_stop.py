"""Stop pressed in another window ends the call to the model within a second, whatever its author looks at."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

import pytest

from chatdesk.domain.message import MessageStatus
from chatdesk.providers.base import ReplyChunk, ReplyRequest
from chatdesk.services.generation import GenerationService
from chatdesk.services.model_source import FixedModels
from tests.unit.services.virtual.world import World

PROMISE = 1.0
"""Seconds."""


class Endless:
    """A word every 50 ms, until the caller leaves."""

    name = "Endless"
    models = ("model",)

    def __init__(self, world: World) -> None:
        self._world = world
        self.left_at: float | None = None

    async def stream(self, request: ReplyRequest) -> AsyncGenerator[ReplyChunk, None]:
        try:
            while True:
                await self._world.clock.sleep(0.05)
                yield ReplyChunk("word ")
        finally:
            self.left_at = self._world.clock.monotonic()

    async def close(self) -> None:
        """There is nothing to close."""


@pytest.fixture
async def other(world: World, tmp_path: Path) -> AsyncIterator[World]:
    """A second instance of the same person."""
    made = World(tmp_path / "other", beside=world)
    await made.begin()
    yield made
    await made.end()


def service(of: World, model: Endless | None) -> GenerationService:
    made = GenerationService(of.realtime.shared, of.told, of.clock, FixedModels(model), of.realtime)
    made.attach(of.remote)
    return made


@pytest.mark.parametrize("away", [False, True])
async def test_a_stop_from_another_window_is_heard_within_a_second(
    world: World, other: World, away: bool
) -> None:
    """``away``: the author's window has gone to another chat while the model writes."""
    model = Endless(world)
    asking, watching = service(world, model), service(other, None)
    elsewhere, _ = await world.talk("another chat")
    conversation, (question,) = await world.talk("hello")
    world.realtime.set_current_conversation(conversation)
    await world.clock.advance(1)
    asking.request_reply(conversation, question)
    await world.clock.until(lambda: bool(world.deltas))
    if away:
        world.realtime.set_current_conversation(elsewhere)
    other.realtime.set_current_conversation(conversation)
    await world.clock.until(lambda: watching.replying(conversation) is not None)
    await world.clock.until(lambda: len(other.deltas) > 3)
    # At every moment between two checkpoints, which would tell it as well, but too late.
    await world.clock.advance(0.2)
    reply = watching.replying(conversation)
    assert reply is not None
    pressed = world.clock.monotonic()
    watching.stop(reply)
    await world.clock.until(lambda: model.left_at is not None)
    assert model.left_at is not None
    assert model.left_at - pressed < PROMISE
    await world.clock.until(lambda: world.server.messages[reply].status is MessageStatus.INTERRUPTED)
    for each in (asking, watching):
        await world.clock.finish(each.detach())


async def test_the_channels_of_a_reply_are_left_when_it_ended(world: World) -> None:
    """They are held for the reply's sake only, and its author is not shown as somebody who looks."""
    asking = service(world, Endless(world))
    elsewhere, _ = await world.talk("another chat")
    conversation, (question,) = await world.talk("hello")
    world.realtime.set_current_conversation(conversation)
    await world.clock.advance(1)
    asking.request_reply(conversation, question)
    await world.clock.until(lambda: bool(world.deltas))
    world.realtime.set_current_conversation(elsewhere)
    await world.clock.advance(5)
    topics = {topic for topic in world.network.feed.joined if conversation in topic}
    assert len(topics) == 2
    reply = asking.replying(conversation)
    assert reply is not None
    asking.stop(reply)
    await world.clock.until(lambda: not topics & world.network.feed.joined)
    await world.clock.finish(asking.detach())
