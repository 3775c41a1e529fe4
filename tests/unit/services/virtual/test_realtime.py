"""The centre: what it accepts, what it refuses, and what it shows while one hurries from place to place."""

from __future__ import annotations

from chatdesk.domain.message import DeliveryState
from chatdesk.domain.text import MAX_CONTENT
from chatdesk.services.loaded import MessageRefused, MessagesLoaded
from chatdesk.services.mutations import NEW_TITLE
from tests.unit.services.virtual.world import World


async def test_a_message_is_accepted_before_the_network_knows(world: World) -> None:
    conversation, _ = await world.talk()
    world.network.down = True
    accepted: list[str] = []
    world.realtime.message_accepted.connect(accepted.append)
    sent = world.realtime.send_message(conversation, "user", "hello")
    await world.clock.until(lambda: accepted == [sent])
    (message,) = await world.shown(conversation)
    assert message.delivery in (DeliveryState.PENDING, DeliveryState.SENDING)
    world.network.down = False
    await world.clock.until(lambda: sent in world.server.messages, within=120.0)


async def test_what_cannot_be_a_message_comes_back(world: World) -> None:
    conversation, _ = await world.talk()
    refused: list[MessageRefused] = []
    world.realtime.message_refused.connect(refused.append)
    for content in ("", " \n\t", "x" * (MAX_CONTENT + 1)):
        world.realtime.send_message(conversation, "user", content)
        await world.clock.until(lambda content=content: refused[-1:] != [] and refused[-1].content == content)  # type: ignore[misc]
        assert world.notices[-1].next_step
    assert await world.shown(conversation) == []


async def test_unstorable_text_is_repaired(world: World) -> None:
    conversation, (sent,) = await world.talk("a\0b \ud800 c")
    assert world.server.messages[sent].content == "a\N{REPLACEMENT CHARACTER}b \N{REPLACEMENT CHARACTER} c"
    world.realtime.rename_conversation(conversation, "x\0" * 300)
    await world.clock.until(lambda: world.server.conversations[conversation].title != "Talk")
    assert len(world.server.conversations[conversation].title) == 200


async def test_the_first_message_names_a_conversation_that_has_no_name(world: World) -> None:
    conversation = world.realtime.create_conversation(" ", None)
    world.realtime.send_message(conversation, "user", "How do I bake bread?\nQuickly.")
    await world.clock.until(lambda: conversation in world.server.conversations)
    await world.clock.until(lambda: world.server.conversations[conversation].title != NEW_TITLE)
    assert world.server.conversations[conversation].title == "How do I bake bread? Quickly."


async def test_hurrying_through_conversations_shows_only_where_one_stays(world: World) -> None:
    made = [(await world.talk(f"in {number}"))[0] for number in range(5)]
    opened: list[str] = []
    loaded: list[MessagesLoaded] = []
    world.realtime.current_conversation_changed.connect(opened.append)
    world.realtime.messages_loaded.connect(loaded.append)
    for conversation in made:
        world.realtime.set_current_conversation(conversation)
    await world.clock.advance(1)
    assert opened == [made[-1]]
    assert {each.conversation_id for each in loaded} == {made[-1]}
    assert world.realtime.current_conversation == made[-1]


async def test_a_conversation_deleted_elsewhere_is_left(world: World) -> None:
    conversation, _ = await world.talk("hello")
    assert world.realtime.current_conversation == conversation
    world.realtime.delete_conversation(conversation)
    await world.clock.until(lambda: world.realtime.current_conversation == "")


async def test_closing_still_writes_what_was_done_last(world: World) -> None:
    conversation, _ = await world.talk("hello")
    sent = world.realtime.send_message(conversation, "user", "goodbye")
    world.realtime.drafts.save(conversation, "and then")
    await world.clock.finish(world.realtime.detach())
    assert [message.content for message in await world.shown(conversation)] == ["hello", "goodbye"]
    assert (await world.store.message(sent)) is not None
    assert await world.store.draft(conversation) == "and then"
