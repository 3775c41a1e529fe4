"""Deleting a conversation with a way back, archiving it, and choosing its model."""

from __future__ import annotations

from chatdesk.domain.change import Verb
from chatdesk.services.deletions import UNDO_SECONDS
from tests.unit.services.virtual.world import World


def listen(world: World) -> list[frozenset[str]]:
    told: list[frozenset[str]] = []
    world.realtime.conversations.leaving_changed.connect(told.append)
    return told


async def test_a_deletion_is_final_when_its_time_is_over(world: World) -> None:
    conversation, _ = await world.talk("hello")
    told = listen(world)
    world.realtime.conversations.delete_soon(conversation)
    assert told == [frozenset({conversation})]
    await world.clock.advance(UNDO_SECONDS - 0.5)
    assert world.server.conversations[conversation].deleted_at is None
    assert not await world.store.outbox()
    await world.clock.until(lambda: world.server.conversations[conversation].deleted_at is not None)
    assert await world.store.entry(conversation) is None
    assert told[-1] == frozenset()


async def test_it_does_not_come_back_for_a_moment_before_it_goes(world: World) -> None:
    conversation, _ = await world.talk("hello")
    seen: list[str] = []
    world.realtime.conversations.leaving_changed.connect(
        lambda leaving: seen.append("kept away" if conversation in leaving else "free")
    )
    world.realtime.changes_applied.connect(
        lambda changes: seen.extend("removed" for each in changes.conversations if each.verb is Verb.REMOVED)
    )
    world.realtime.conversations.delete_soon(conversation)
    await world.clock.until(lambda: "free" in seen)
    assert seen.index("removed") < seen.index("free")


async def test_undo_keeps_it_and_sends_nothing(world: World) -> None:
    conversation, _ = await world.talk("hello")
    told = listen(world)
    world.realtime.conversations.delete_soon(conversation)
    world.realtime.conversations.undo_delete(conversation)
    await world.clock.advance(2 * UNDO_SECONDS)
    assert told == [frozenset({conversation}), frozenset()]
    assert world.server.conversations[conversation].deleted_at is None
    assert await world.store.entry(conversation) is not None


async def test_closing_makes_it_final_and_a_kill_deletes_nothing(world: World) -> None:
    kept, _ = await world.talk("kept")
    gone, _ = await world.talk("gone")
    world.realtime.conversations.delete_soon(kept)
    # What a killed process leaves is what is on the disk now.
    assert [entry.id for entry in await world.store.entries()] == [gone, kept]
    assert not await world.store.outbox()
    world.realtime.conversations.undo_delete(kept)
    world.realtime.conversations.delete_soon(gone)
    await world.clock.finish(world.realtime.detach())
    assert [entry.id for entry in await world.store.entries()] == [kept]
    assert [entry.mutation.entity_id for entry in await world.store.outbox()] == [gone]


async def test_archiving_reaches_the_server(world: World) -> None:
    conversation, _ = await world.talk("hello")
    world.realtime.conversations.archive(conversation, True)
    await world.clock.until(lambda: not world.realtime.engine.state.pending)
    entry = await world.store.entry(conversation)
    assert entry is not None
    assert entry.membership.archived
    world.realtime.conversations.archive(conversation, False)
    await world.clock.until(lambda: not world.realtime.engine.state.pending)
    entry = await world.store.entry(conversation)
    assert entry is not None
    assert not entry.membership.archived


async def test_the_chosen_model_is_the_conversations(world: World) -> None:
    conversation, _ = await world.talk("hello")
    world.realtime.conversations.choose_model(conversation, "large")
    await world.clock.until(lambda: world.server.conversations[conversation].model == "large")
