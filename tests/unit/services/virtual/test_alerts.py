"""A finished reply is told of once, where it was asked for, unless it is before the user's eyes."""

from __future__ import annotations

from chatdesk.config.options import NOTIFY_REPLIES
from chatdesk.config.preferences import Preferences
from chatdesk.domain.errors import Refused
from chatdesk.services.generation import GenerationService
from chatdesk.services.model_source import FixedModels
from chatdesk.services.preferences import PreferenceService
from chatdesk.services.reply_alerts import ReplyAlert, ReplyAlerts
from tests.unit.services.virtual.test_reply_run import Model
from tests.unit.services.virtual.world import World


class Bell:
    """The service over a real generation, with a window whose eyes are on what is in ``seen``."""

    def __init__(self, world: World, model: Model) -> None:
        self.world = world
        self.seen: set[str] = set()
        self.told: list[ReplyAlert] = []
        self.preferences = PreferenceService(Preferences())
        self.generation = GenerationService(
            world.realtime.shared, world.told, world.clock, FixedModels(model)
        )
        self.generation.attach(world.remote)
        self.alerts = ReplyAlerts(
            world.realtime.shared, self.generation, self.preferences, lambda which: which in self.seen
        )
        self.alerts.alerted.connect(self.told.append)

    async def ask(self) -> tuple[str, str]:
        """Have a message answered; returns conversation and reply."""
        conversation, (sent,) = await self.world.talk("hello")
        self.generation.request_reply(conversation, sent)
        await self.world.clock.until(lambda: self.generation.replying(conversation) is not None)
        reply = self.generation.replying(conversation)
        assert reply is not None
        return conversation, reply

    async def end(self) -> None:
        await self.world.clock.advance(20)
        await self.world.clock.finish(self.generation.detach())


async def test_the_instance_that_asked_tells_once(world: World) -> None:
    bell = Bell(world, Model(world.clock, 5))
    conversation, reply = await bell.ask()
    assert bell.told == []
    await bell.end()
    assert bell.told == [ReplyAlert(conversation, reply, "Talk", False)]


async def test_a_reply_that_failed_is_told_as_such(world: World) -> None:
    bell = Bell(world, Model(world.clock, 2, failure=Refused("No such model.", "Choose another.")))
    conversation, reply = await bell.ask()
    await bell.end()
    assert bell.told == [ReplyAlert(conversation, reply, "Talk", True)]


async def test_what_is_looked_at_is_not_told(world: World) -> None:
    bell = Bell(world, Model(world.clock, 5))
    conversation, _ = await bell.ask()
    bell.seen.add(conversation)
    await bell.end()
    assert bell.told == []


async def test_what_the_user_stopped_is_not_told(world: World) -> None:
    bell = Bell(world, Model(world.clock, 500))
    _, reply = await bell.ask()
    bell.generation.stop(reply)
    await bell.end()
    assert bell.told == []


async def test_off_is_off(world: World) -> None:
    bell = Bell(world, Model(world.clock, 5))
    bell.preferences.put(NOTIFY_REPLIES, False)
    await bell.ask()
    await bell.end()
    assert bell.told == []


async def test_another_instance_of_the_account_tells_nothing(world: World) -> None:
    """Two processes: both see the reply end, one of them has called the model."""
    asked, other = Bell(world, Model(world.clock, 5)), Bell(world, Model(world.clock, 5))
    conversation, (sent,) = await world.talk("hello")
    for bell in (asked, other):
        bell.generation.request_reply(conversation, sent)
    await asked.end()
    await other.end()
    assert len(asked.told) + len(other.told) == 1
