"""Which pages of the open conversation are on screen, when they come by another road than the one asked."""

from __future__ import annotations

from chatdesk.domain.session import LinkState
from chatdesk.services.loaded import MessagesLoaded
from chatdesk.services.shown_pages import ShownPages
from tests.unit.services.desk import Desk, Office


async def unfetched(office: Office, *texts: str) -> tuple[Desk, str]:
    """A window that knows of a conversation and has none of its messages, nor a connection."""
    writer = await office.desk()
    conversation = writer.realtime.create_conversation("Talk", None)
    for text in texts:
        writer.realtime.send_message(conversation, "user", text)
        await office.clock.until(lambda text=text: writer.row(text).seq is not None)  # type: ignore[misc]
    reader = await office.desk()
    reader.client.network.down = True
    return reader, conversation


async def test_what_was_there_before_an_unsent_message_is_shown_once_there_is_a_connection(
    office: Office,
) -> None:
    """The first page comes by the wire, while the row on screen is this window's own."""
    reader, conversation = await unfetched(office, "one", "two")
    reader.realtime.set_current_conversation(conversation)
    await office.clock.advance(1)
    reader.say("three")
    await office.clock.advance(1)
    reader.realtime.set_current_conversation("")
    await office.clock.advance(1)
    reader.realtime.set_current_conversation(conversation)
    await office.clock.advance(1)
    assert reader.shown() == ["three"]
    assert reader.model.has_older
    reader.realtime.load_older()  # as the timeline does when its top is near
    await office.clock.advance(1)
    reader.client.network.down = False
    await office.clock.until(lambda: reader.realtime.engine.state.link is LinkState.CONNECTED)
    await office.clock.advance(3)
    assert reader.shown() == ["one", "two", "three"]
    assert not reader.model.has_older


async def test_a_page_that_comes_by_itself_while_it_is_asked_for_is_shown(office: Office) -> None:
    """The catch-up stored it between the look into the store and the request, which then found nothing."""
    reader, conversation = await unfetched(office, "one", "two")
    shown: list[MessagesLoaded] = []

    async def came(conversation_id: str) -> bool:
        reader.client.network.down = False
        await reader.realtime.engine.refresh_messages(conversation_id)
        return False

    pages = ShownPages(reader.store, came, shown.append, print)
    pages.opened(await pages.first(conversation))
    reader.realtime.set_current_conversation(conversation)
    await office.clock.advance(1)
    assert not await office.clock.finish(pages.load_older())
    assert [message.content for message in shown[-1].messages] == ["one", "two"]
    assert not shown[-1].has_older
