"""Two windows on one account: what each decides alone, and what they share."""

from __future__ import annotations

from chatdesk.services.loaded import EntriesLoaded, MessagesLoaded
from chatdesk.services.realtime import RealtimeService
from tests.unit.services.virtual.world import World


async def second_of(world: World) -> RealtimeService:
    """One more window."""
    made = RealtimeService(world.clock, world.told, shared=world.realtime.shared, number=2)
    await made.join()
    return made


def shown(world: World) -> list[str]:
    """What the windows show, the one looked at last first."""
    return list(world.realtime.shared.shown)


async def test_a_further_window_learns_what_there_is_and_shows_nothing(world: World) -> None:
    conversation, _ = await world.talk("hello")
    loaded: list[EntriesLoaded] = []
    made = RealtimeService(world.clock, world.told, shared=world.realtime.shared, number=2)
    made.entries_loaded.connect(loaded.append)
    await made.join()
    assert [entry.id for entry in loaded[0].entries] == [conversation]
    assert made.current_conversation == ""
    assert world.realtime.current_conversation == conversation
    made.leave()


async def test_each_window_has_its_own_conversation_and_its_own_pages(world: World) -> None:
    first, _ = await world.talk("one")
    second, _ = await world.talk("two")
    other = await second_of(world)
    pages: list[MessagesLoaded] = []
    other.messages_loaded.connect(pages.append)
    other.set_current_conversation(first)
    await world.clock.advance(1)
    assert (world.realtime.current_conversation, other.current_conversation) == (second, first)
    assert [message.content for message in pages[-1].messages] == ["one"]
    assert shown(world) == [second, first]
    world.realtime.shared.focus(other)
    assert shown(world) == [first, second]
    await world.clock.advance(1)
    assert len(world.network.feed.joined) == 5
    other.leave()
    await world.clock.advance(1)
    assert len(world.network.feed.joined) == 3
    assert shown(world) == [second]


async def test_drafts_and_choices_belong_to_the_number(world: World) -> None:
    conversation, (sent,) = await world.talk("one")
    other = await second_of(world)
    drafts: list[tuple[str, str]] = []
    other.draft_loaded.connect(lambda *draft: drafts.append(draft))
    world.realtime.keep_choices(conversation, {sent: "first's"})
    await world.clock.advance(1)
    assert await other.choices(conversation) == {sent: "first's"}, "a further window begins as the first"
    other.keep_choices(conversation, {sent: "second's"})
    world.realtime.drafts.save(conversation, "of the first")
    other.drafts.save(conversation, "of the second")
    await world.clock.advance(1)
    other.set_current_conversation(conversation)
    await world.clock.advance(1)
    assert drafts[-1] == (conversation, "of the second")
    assert await world.store.draft(conversation) == "of the first"
    assert await world.realtime.choices(conversation) == {sent: "first's"}
    other.leave()
    again = await second_of(world)
    assert await again.choices(conversation) == {sent: "second's"}
    again.leave()


async def test_a_window_that_left_hears_nothing_more(world: World) -> None:
    other = await second_of(world)
    heard: list[object] = []
    other.changes_applied.connect(heard.append)
    await world.talk("one")
    assert heard
    other.leave()
    heard.clear()
    await world.talk("two")
    assert heard == []


async def test_a_conversation_deleted_elsewhere_is_left_by_all(world: World) -> None:
    conversation, _ = await world.talk("hello")
    other = await second_of(world)
    other.set_current_conversation(conversation)
    await world.clock.advance(1)
    world.realtime.delete_conversation(conversation)
    await world.clock.until(lambda: world.realtime.current_conversation == other.current_conversation == "")
    other.leave()
