"""The three roads of a reply, counted; what no road carries; and the end of a reply whose instance died."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

import pytest

from chatdesk.domain.ephemeral import Delta
from chatdesk.domain.message import Message, MessageStatus
from chatdesk.domain.text import MAX_CONTENT
from chatdesk.providers.base import ReplyChunk, ReplyRequest
from chatdesk.services.context import Reading
from chatdesk.services.generation import GenerationService
from chatdesk.services.model_source import FixedModels
from chatdesk.services.reply_run import BROADCAST_MOST, ReplyRun
from chatdesk.services.whole_characters import WholeCharacters
from tests.unit.services.virtual.world import World

NOTHING = Reading([])


class Talker:
    """Says what ``piece(number)`` returns, one every ``pause`` seconds, ``count`` times."""

    name = "Talker"
    models = ("model",)

    def __init__(self, world: World, count: int, pause: float, piece: Callable[[int], str] = str) -> None:
        self._world, self._count, self._pause, self._piece = world, count, pause, piece
        self.said: list[tuple[float, int]] = []
        """How long the text was, and when."""

    async def stream(self, request: ReplyRequest) -> AsyncGenerator[ReplyChunk, None]:
        length = 0
        for number in range(self._count):
            await self._world.clock.sleep(self._pause)
            text = self._piece(number)
            length += len(text)
            self.said.append((self._world.clock.monotonic(), length))
            yield ReplyChunk(text)

    async def close(self) -> None:
        """There is nothing to close."""


async def claimed(world: World, model: Talker) -> ReplyRun:
    """A reply that has its lease, in a conversation that this window shows."""
    conversation, (question,) = await world.talk("hello")
    world.realtime.set_current_conversation(conversation)
    await world.clock.advance(3)
    run = ReplyRun(
        account=world.realtime.shared,
        remote=world.remote,
        provider=model,
        clock=world.clock,
        model="model",
        temperature=None,
    )
    assert (await world.clock.finish(run.claim(question, "me"))).claimed
    return run


async def row(world: World, run: ReplyRun) -> Message:
    message = await world.store.message(run.message_id)
    assert message is not None
    return message


def broadcasts(world: World) -> list[Delta]:
    """What the others were told."""
    (feed,) = world.network.open_feeds
    return [change for _topic, change in feed.sent if isinstance(change, Delta)]


async def test_a_thousand_pieces_a_second_are_one_flush_a_frame_and_four_broadcasts_a_second(
    world: World,
) -> None:
    seconds = 6
    model = Talker(world, seconds * 1_000, 0.001, lambda number: f"{number} ")
    run = await claimed(world, model)
    await world.clock.finish(run.stream(NOTHING))
    text = (await row(world, run)).content
    assert text == "".join(f"{number} " for number in range(seconds * 1_000))
    assert seconds * 1 / 0.020 < len(world.deltas) <= seconds / 0.016 + 2
    told = broadcasts(world)
    assert seconds * 3 <= len(told) <= seconds * 4 + 1
    assert world.remote.calls.count("renew") == 3
    for heard in (world.deltas, told):
        position = 0
        for delta in heard:
            assert delta.offset == position, "each piece once, never the text so far"
            position += len(delta.text)
        assert position == len(text)


async def test_what_no_broadcast_carries_is_left_to_the_row(world: World) -> None:
    def piece(number: int) -> str:
        return "x" * (BROADCAST_MOST * 2) if number == 1 else "abc"

    run = await claimed(world, Talker(world, 4, 1.0, piece))
    await world.clock.finish(run.stream(NOTHING))
    told = broadcasts(world)
    assert [delta.offset for delta in told] == [0, 2 * BROADCAST_MOST + 3, 2 * BROADCAST_MOST + 6]
    assert len((await row(world, run)).content) == 2 * BROADCAST_MOST + 9


async def test_a_reply_without_end_ends_where_no_message_can_hold_more(world: World) -> None:
    run = await claimed(world, Talker(world, 1_000, 0.1, lambda _number: "y" * 300_000))
    await world.clock.finish(run.stream(NOTHING))
    ended = await row(world, run)
    assert (ended.status, len(ended.content)) == (MessageStatus.ERROR, MAX_CONTENT)
    assert ended.error == "The reply is longer than a message can be. Ask for the rest in a new message."


def test_characters_that_come_in_halves_are_joined() -> None:
    whole = WholeCharacters()
    assert [whole.take(piece) for piece in ("a\ud83d", "\ude42b", "\ud83d", "", "c\0")] == [
        "a",
        "🙂b",
        "",
        "",
        "\ufffdc\ufffd",
    ]
    assert whole.take("\ud83d") + whole.rest() == "\ufffd"


@pytest.mark.parametrize("late", [0.0, 12.0])
async def test_a_killed_instance_loses_two_seconds_and_is_noticed_within_thirty(
    world: World, late: float
) -> None:
    """``late``: the watching instance comes to the conversation only after so many seconds."""
    model = Talker(world, 100_000, 0.05, lambda _number: "word ")
    run = await claimed(world, model)
    conversation = run.conversation_id
    watching = GenerationService(
        world.realtime.shared, world.told, world.clock, FixedModels(None), world.realtime
    )
    ended: list[str] = []
    watching.replying_changed.connect(lambda _c, message, active: None if active else ended.append(message))
    if not late:
        watching.attach(world.remote)
    streaming = asyncio.ensure_future(run.stream(NOTHING))
    await world.clock.advance(7.3)
    streaming.cancel()
    await world.clock.finish(run._scope.close())
    killed = world.clock.monotonic()
    if late:
        world.realtime.set_current_conversation("")
        await world.clock.advance(late)
        world.realtime.set_current_conversation(conversation)
        watching.attach(world.remote)
    await world.clock.until(lambda: bool(ended))
    assert 20.0 < world.clock.monotonic() - killed < 30.0
    left = await row(world, run)
    assert left.status is MessageStatus.INTERRUPTED
    assert len(left.content) >= max(length for at, length in model.said if at <= killed - 2.0)
    await world.clock.finish(watching.detach())
