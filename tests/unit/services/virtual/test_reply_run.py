"""One reply: its lease, its three roads, its end, whatever the network does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from chatdesk.domain.errors import NeedsSignIn, Offline, Refused, Retryable
from chatdesk.domain.message import Message, MessageStatus
from chatdesk.providers.base import ReplyChunk, ReplyRequest
from chatdesk.services.context import Reading
from chatdesk.services.reply_run import ReplyRun
from tests.support.virtual_clock import VirtualClock
from tests.unit.services.virtual.world import World


class Model:
    """Says ``pieces``, one every ``pause`` seconds, then fails with ``failure`` if there is one."""

    name = "Model"
    models = ("model",)

    def __init__(
        self, clock: VirtualClock, pieces: int, pause: float = 0.1, failure: Exception | None = None
    ) -> None:
        self.requests: list[ReplyRequest] = []
        self._clock = clock
        self._pieces = pieces
        self._pause = pause
        self._failure = failure

    async def stream(self, request: ReplyRequest) -> AsyncGenerator[ReplyChunk, None]:
        self.requests.append(request)
        for number in range(self._pieces):
            await self._clock.sleep(self._pause)
            yield ReplyChunk(f"{number} ")
        if self._failure is not None:
            raise self._failure
        yield ReplyChunk(usage={"completion_tokens": self._pieces})

    async def close(self) -> None:
        """There is nothing to close."""


def whole(pieces: int) -> str:
    return "".join(f"{number} " for number in range(pieces))


def run_of(world: World, model: Model) -> ReplyRun:
    return ReplyRun(
        account=world.realtime.shared,
        remote=world.remote,
        provider=model,
        clock=world.clock,
        model="model",
        temperature=None,
    )


async def claimed(world: World, model: Model) -> ReplyRun:
    """A reply that has its lease."""
    _, (question,) = await world.talk("hello")
    run = run_of(world, model)
    assert (await world.clock.finish(run.claim(question, "me"))).claimed
    return run


async def reply(world: World, run: ReplyRun) -> Message:
    message = await world.store.message(run.message_id)
    assert message is not None
    assert message.content == world.server.messages[run.message_id].content
    return message


async def test_a_reply_reaches_window_row_and_others(world: World) -> None:
    run = await claimed(world, Model(world.clock, 60))
    assert (await reply(world, run)).status is MessageStatus.STREAMING
    await world.clock.finish(run.stream(Reading([])))
    ended = await reply(world, run)
    assert ended.status is MessageStatus.COMPLETE
    assert ended.content == whole(60)
    assert ended.usage == {"completion_tokens": 60, "seconds": 6.0}
    text = ""
    for delta in world.deltas:
        assert delta.offset == len(text)
        text += delta.text
    assert text == whole(60), "this window got every piece once"
    assert world.remote.calls.count("renew") == 3, "a checkpoint about every two seconds of six"


async def test_only_one_instance_calls_the_model(world: World) -> None:
    model = Model(world.clock, 3)
    first = await claimed(world, model)
    second = run_of(world, model)
    answer = await world.clock.finish(second.claim(next(iter(world.remote.leases))[0], "other"))
    assert not answer.claimed
    assert answer.generation is not None
    assert answer.generation.message_id == first.message_id
    assert model.requests == []


async def test_no_model_is_called_before_the_server_agreed(world: World) -> None:
    _, (question,) = await world.talk("hello")
    world.remote.failures["claim"] = [Offline("gone"), Retryable("busy", retry_after=7.0), Offline("gone")]
    run = run_of(world, Model(world.clock, 1))
    began = world.clock.monotonic()
    assert (await world.clock.finish(run.claim(question, "me"))).claimed
    assert world.clock.monotonic() - began > 7.0
    assert len({lease.id for lease in world.remote.leases.values()}) == 1
    world.remote.failures["claim"] = [Refused("no")]
    with pytest.raises(Refused):
        await world.clock.finish(run_of(world, Model(world.clock, 1)).claim(question, "me"))


async def test_a_silent_model_keeps_its_lease(world: World) -> None:
    run = await claimed(world, Model(world.clock, 1, pause=60.0))
    await world.clock.finish(run.stream(Reading([])), within=90.0)
    assert (await reply(world, run)).status is MessageStatus.COMPLETE


async def test_stopping_keeps_what_was_said(world: World) -> None:
    run = await claimed(world, Model(world.clock, 1000))
    streaming = asyncio.ensure_future(run.stream(Reading([])))
    await world.clock.until(lambda: len(world.deltas) >= 5)
    run.stop()
    await world.clock.finish(streaming)
    ended = await reply(world, run)
    assert ended.status is MessageStatus.INTERRUPTED
    assert ended.content == "".join(delta.text for delta in world.deltas)


async def test_a_stop_asked_for_elsewhere_is_learned_from_the_lease(world: World) -> None:
    run = await claimed(world, Model(world.clock, 1000))
    streaming = asyncio.ensure_future(run.stream(Reading([])))
    await world.clock.until(lambda: len(world.deltas) >= 5)
    await world.clock.finish(world.remote.stop_generation(run.message_id))
    await world.clock.finish(streaming, within=5.0)
    assert (await reply(world, run)).status is MessageStatus.INTERRUPTED


async def test_a_lost_lease_ends_the_call_and_writes_nothing(world: World) -> None:
    run = await claimed(world, Model(world.clock, 1000))
    world.remote.failures["renew"] = [Refused("expired", code="55000")]
    await world.clock.finish(run.stream(Reading([])), within=5.0)
    assert "finish" not in world.remote.calls
    assert (await reply(world, run)).status is MessageStatus.STREAMING, "its end is for others to write"


async def test_checkpoints_that_fail_for_a_moment_cost_nothing(world: World) -> None:
    run = await claimed(world, Model(world.clock, 60))
    world.remote.failures["renew"] = [Offline("gone"), NeedsSignIn("later")]
    await world.clock.finish(run.stream(Reading([])))
    assert (await reply(world, run)).content == whole(60)


async def test_the_end_is_reported_until_the_server_has_it(world: World) -> None:
    run = await claimed(world, Model(world.clock, 10))
    world.remote.failures["finish"] = [
        Offline("gone"),
        Retryable("busy"),
        NeedsSignIn("over"),
        Offline("gone"),
    ]
    await world.clock.finish(run.stream(Reading([])))
    assert (await reply(world, run)).content == whole(10)
    assert world.remote.calls.count("finish") == 5


async def test_what_the_model_says_before_it_fails_is_kept_with_the_reason(world: World) -> None:
    run = await claimed(world, Model(world.clock, 10, failure=Refused("Too long.", "Start a new chat.")))
    await world.clock.finish(run.stream(Reading([])))
    ended = await reply(world, run)
    assert ended.status is MessageStatus.ERROR
    assert ended.content == whole(10)
    assert ended.error == "Too long. Start a new chat."


async def test_an_unexpected_failure_is_on_the_message_and_is_raised(world: World) -> None:
    run = await claimed(world, Model(world.clock, 2, failure=ValueError("bug")))
    with pytest.raises(ValueError, match="bug"):
        await world.clock.finish(run.stream(Reading([])))
    ended = await reply(world, run)
    assert ended.status is MessageStatus.ERROR
    assert "bug" not in (ended.error or "")


async def test_closing_the_window_ends_the_reply_with_its_text(world: World) -> None:
    run = await claimed(world, Model(world.clock, 1000))
    streaming = asyncio.ensure_future(run.stream(Reading([])))
    await world.clock.until(lambda: len(world.deltas) >= 5)
    await world.clock.finish(run.interrupt(), within=2.0)
    await world.clock.finish(streaming)
    ended = await reply(world, run)
    assert ended.status is MessageStatus.INTERRUPTED
    assert ended.content.startswith(whole(4))
    assert world.remote.calls.count("finish") == 1
