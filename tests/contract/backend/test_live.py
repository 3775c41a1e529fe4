"""The feed on the embedded back end: rows that the database broadcasts, who may listen, tokens that end."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from chatdesk.backend.feed import RealtimeFeed
from chatdesk.domain.change import EntityChanged, EntityKind, MessageChanged
from chatdesk.domain.ephemeral import Delta, StopRequested
from chatdesk.domain.errors import NeedsSignIn
from chatdesk.domain.ids import new_id
from chatdesk.domain.mutation import MutationKind
from chatdesk.localbackend.application import Settings
from tests.contract.backend.ears import JOINED, LOST, REFUSED, Ears
from tests.contract.backend.rig import PASSWORD, Street, Window, address_of
from tests.support.postgres import Clusters, empty_database
from tests.support.server import serving

pytestmark = pytest.mark.asyncio(loop_scope="module")


def rows_of(conversation_id: str, epoch: int = 1) -> str:
    return f"conversation:{conversation_id}:{epoch}"


async def test_another_window_hears_what_was_written(street: Street) -> None:
    ada = await street.person()
    twin = await street.second_window(ada)
    conversation_id = await ada.new_conversation()
    await twin.open()
    await twin.join(f"user:{ada.user_id}")
    await twin.join(rows_of(conversation_id))
    sent = (await ada.say(conversation_id, "Hello")).messages[0]
    await twin.ears.watch.until(
        lambda: any(isinstance(one, MessageChanged) and one.record == sent for one in twin.ears.frames)
    )
    await twin.ears.watch.until(
        lambda: any(isinstance(one, EntityChanged) and one.last_seq == 1 for one in twin.ears.frames)
    )
    await ada.push(MutationKind.UPDATE_CONVERSATION, p_id=conversation_id, p_updates={"title": "New"})
    await ada.push(MutationKind.UPDATE_PROFILE, p_updates={"display_name": "Ada"})
    await twin.ears.watch.until(
        lambda: (
            {
                one.kind
                for one in twin.ears.frames
                if isinstance(one, EntityChanged) and one.record is not None
            }
            >= {EntityKind.CONVERSATION, EntityKind.PROFILE}
        )
    )
    user = [one.user_revision for one in twin.ears.frames if isinstance(one, EntityChanged)]
    assert user == sorted(user)
    assert twin.feed.diagnostics()["set_aside"] == 0


async def test_a_message_too_large_for_a_frame_comes_as_its_key(street: Street) -> None:
    ada = await street.person()
    conversation_id = await ada.new_conversation()
    await ada.open()
    await ada.join(rows_of(conversation_id))
    sent = (await ada.say(conversation_id, "x" * 100_000)).messages[0]
    await ada.ears.heard(1)
    assert ada.ears.frames == [MessageChanged(conversation_id, sent.id, sent.revision, None)]


async def test_deltas_go_to_the_others_and_not_to_oneself(street: Street) -> None:
    ada = await street.person()
    twin = await street.second_window(ada)
    conversation_id, message_id = await ada.new_conversation(), new_id()
    live = f"{rows_of(conversation_id)}:live"
    for window in (ada, twin):
        await window.open()
        await window.join(live)
    deltas = [Delta(conversation_id, message_id, number, "é") for number in range(100)]
    for delta in deltas:
        await ada.feed.send(live, delta)
    await twin.ears.heard(100)
    assert twin.ears.frames == deltas
    await twin.feed.send(live, StopRequested(conversation_id, message_id))
    await ada.ears.heard(1)
    assert ada.ears.frames == [StopRequested(conversation_id, message_id)]


async def test_who_may_not_listen_is_refused(street: Street) -> None:
    ada, eve = await street.person(), await street.person()
    conversation_id = await ada.new_conversation()
    await eve.open()
    for topic in (
        f"user:{ada.user_id}",
        rows_of(conversation_id),
        f"{rows_of(conversation_id)}:live",
        "conversation:nonsense:1",
        "anything",
    ):
        await eve.join(topic, REFUSED)
    await ada.open()
    await ada.join(rows_of(conversation_id, epoch=2), REFUSED)
    await ada.join(rows_of(conversation_id))


async def test_a_removed_member_hears_no_more(street: Street) -> None:
    ada, bob = await street.person(), await street.person()
    conversation_id = await ada.new_conversation()
    await ada.row.add(conversation_id, bob.row)
    await bob.open()
    await bob.join(rows_of(conversation_id))
    await ada.row.call_private("remove_member", p_conversation_id=conversation_id, p_user_id=bob.user_id)
    # A server looks at the policies again when it gets another token.
    assert bob.keeper.session is not None
    newer = await bob.auth.sign_in(str(bob.keeper.session.email), PASSWORD)
    await bob.feed.renew(newer.access_token)
    await bob.ears.watch.until(lambda: (rows_of(conversation_id), JOINED) != bob.ears.reports[-1])
    assert bob.ears.reports[-1][1] == REFUSED
    before = len(bob.ears.frames)
    await ada.say(conversation_id, "Between us")
    await bob.feed.beat()
    assert len(bob.ears.frames) == before
    await bob.join(rows_of(conversation_id, epoch=2), REFUSED)


async def test_switching_back_and_forth_is_never_deaf(street: Street) -> None:
    ada = await street.person()
    topics = [await ada.new_conversation() for _ in range(2)]
    await ada.open()
    for round_ in range(1, 21):
        topic = rows_of(topics[0])
        await ada.join(topic)
        await ada.ears.reported(topic, JOINED, times=round_)
        await ada.say(topics[0], str(round_))
        await ada.ears.heard(round_)
        await ada.feed.leave(topic)
        await ada.feed.join(rows_of(topics[1]))
        await ada.feed.leave(rows_of(topics[1]))
    assert all(state == JOINED for _, state in ada.ears.reports)


async def test_beats_are_answered(street: Street) -> None:
    ada = await street.person()
    await ada.open()
    await asyncio.gather(*(ada.feed.beat() for _ in range(20)))


async def test_a_key_that_is_not_known_needs_a_new_connection(street: Street) -> None:
    ears = Ears()
    wrong = dataclasses.replace(address_of(street.wire), api_key="wrong")
    feed = RealtimeFeed(wrong, ears.on_frame, ears.on_channel)
    with pytest.raises(NeedsSignIn):
        await feed.open("token")
    await feed.close()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def hasty(clusters: Clusters) -> AsyncIterator[Street]:
    """A back end whose access tokens live six seconds and whose refresh tokens work once."""
    settings = Settings(token_seconds=6, reuse_seconds=0)
    async with (
        empty_database(clusters.get(18), template="chatdesk_template") as database,
        serving(database, settings) as wire,
    ):
        street = Street(wire)
        yield street
        await street.close()


async def renewing(window: Window, until: asyncio.Event) -> set[str]:
    """What the link does while it is up: ask for a token, pass a new one on."""
    tokens = {await window.keeper.access_token()}
    while not until.is_set():
        token = await window.keeper.access_token()
        if token not in tokens:
            tokens.add(token)
            await window.feed.renew(token)
        await asyncio.wait({asyncio.ensure_future(until.wait())}, timeout=0.2)
    return tokens


async def test_tokens_end_and_only_who_does_not_renew_is_thrown_out(hasty: Street) -> None:
    ada, bob = await hasty.person(), await hasty.person()
    conversation_id = await ada.new_conversation()
    await ada.row.add(conversation_id, bob.row)
    topic = rows_of(conversation_id)
    for window in (ada, bob):
        await window.open()
        await window.join(topic)
    over = asyncio.Event()
    link = asyncio.ensure_future(renewing(ada, over))
    await bob.ears.watch.until(lambda: (topic, JOINED) != bob.ears.reports[-1])
    assert bob.ears.reports[-1] == (topic, REFUSED)
    heard = len(ada.ears.frames)
    await bob.say(conversation_id, "Renewed by the request")
    await ada.ears.heard(heard + 1)
    assert ada.ears.reports == [(topic, JOINED)]
    await bob.feed.renew(await bob.keeper.access_token())
    await bob.feed.join(topic)
    await bob.ears.reported(topic, JOINED, times=2)
    over.set()
    tokens = await link
    assert 2 <= len(tokens) <= 4
    assert (topic, LOST) not in ada.ears.reports
