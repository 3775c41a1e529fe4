"""Presence and typing by the real feed on the embedded back end: shown, changed, gone with the socket."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chatdesk.domain.ephemeral import MarksMoved, Typing
from chatdesk.domain.errors import Refused
from chatdesk.domain.ids import new_id
from chatdesk.domain.mutation import MutationKind
from chatdesk.domain.presence import Attention, Sign
from tests.contract.backend.ears import LOST
from tests.contract.backend.rig import Street, Window

pytestmark = pytest.mark.asyncio(loop_scope="module")


def sign(window: Window, attention: Attention = Attention.ONLINE, device: str = "") -> Sign:
    return Sign(new_id(), window.user_id, attention, device, "laptop" if device else "")


def sees(window: Window, place: str, *signs: Sign) -> Callable[[], bool]:
    """A condition: these and nobody else is what the window was last told about a topic."""

    def look() -> bool:
        here = [each for each in window.ears.sightings if each.conversation_id == place]
        return bool(here) and set(here[-1].signs) == set(signs)

    return look


async def two(street: Street) -> tuple[Window, Window, str]:
    """Two people on the live topic of a conversation of theirs."""
    ada, bob = await street.person(), await street.person()
    conversation = await ada.new_conversation()
    await ada.row.add(conversation, bob.row)
    for window in (ada, bob):
        await window.open()
        await window.join(f"conversation:{conversation}:1:live")
    return ada, bob, conversation


async def test_people_are_seen_change_and_go(street: Street) -> None:
    ada, bob, conversation = await two(street)
    live = f"conversation:{conversation}:1:live"
    await ada.ears.watch.until(sees(ada, conversation))
    hers, his = sign(ada), sign(bob)
    await ada.feed.track(live, hers)
    await bob.feed.track(live, his)
    for window in (ada, bob):
        await window.ears.watch.until(sees(window, conversation, hers, his))
    idle = Sign(his.instance, his.user_id, Attention.IDLE)
    await bob.feed.track(live, idle)
    await ada.ears.watch.until(sees(ada, conversation, hers, idle))
    await ada.feed.track(live, None)
    await bob.ears.watch.until(sees(bob, conversation, idle))
    await ada.feed.leave(live)
    await ada.join(live)
    await ada.ears.watch.until(sees(ada, conversation, idle))
    socket = bob.feed._socket._ws_connection
    assert socket is not None
    socket.transport.abort()  # as a killed process leaves it
    await ada.ears.watch.until(sees(ada, conversation))
    assert ada.feed.diagnostics()["set_aside"] == 0


async def test_own_devices_are_seen_with_their_names_and_nobody_elses(street: Street) -> None:
    ada = await street.person()
    twin = await street.second_window(ada)
    topic = f"user:{ada.user_id}"
    for window in (ada, twin):
        await window.open()
        await window.join(topic)
    device = sign(twin, device=new_id())
    await twin.feed.track(topic, device)
    await ada.ears.watch.until(sees(ada, "", device))
    eve = await street.person()
    await eve.open()
    await eve.join(topic, "refused")


async def test_signs_that_cannot_be_believed_are_left_out(street: Street) -> None:
    ada, bob, conversation = await two(street)
    live = f"conversation:{conversation}:1:live"
    seat = bob.feed._seats[live]
    for shown in ({}, {"instance": "x"}, {"instance": new_id(), "user_id": bob.user_id, "attention": "?"}):
        await seat.channel.send_presence("track", shown)
    true = sign(ada)
    await ada.feed.track(live, true)
    await ada.ears.watch.until(sees(ada, conversation, true))


async def test_typing_reaches_the_others_and_not_oneself(street: Street) -> None:
    ada, bob, conversation = await two(street)
    typing = Typing(conversation, bob.user_id, new_id(), True)
    await bob.feed.send(f"conversation:{conversation}:1:live", typing)
    await ada.ears.watch.until(lambda: typing in ada.ears.frames)
    assert typing not in bob.ears.frames


async def test_a_moved_mark_is_told_and_can_be_asked_for(street: Street) -> None:
    ada, bob, conversation = await two(street)
    await ada.say(conversation, "Hello")
    await ada.join(f"conversation:{conversation}:1")
    updates = {"last_read_seq": 1}
    await bob.push(MutationKind.UPDATE_MEMBERSHIP, p_conversation_id=conversation, p_updates=updates)
    await ada.ears.watch.until(lambda: MarksMoved(conversation) in ada.ears.frames)
    marks = await ada.remote.member_marks(conversation)
    assert (marks.members, marks.marks) == (2, {bob.user_id: 1})
    with pytest.raises(Refused):
        await (await street.person()).remote.member_marks(conversation)


async def test_the_sixth_call_of_a_client_ends_a_channel_whichever_it_is_made_on(street: Street) -> None:
    ada, _, conversation = await two(street)
    live, own = f"conversation:{conversation}:1:live", f"user:{ada.user_id}"
    await ada.join(own)
    for number in range(6):
        await ada.feed.track((live, own)[number % 2], sign(ada, device=new_id() if number % 2 else ""))
    await ada.ears.reported(own, LOST)
    assert "rate limit" in str(ada.ears.reasons)
