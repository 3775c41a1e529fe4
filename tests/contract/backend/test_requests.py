"""Every request of the port against the embedded back end and its PostgreSQL."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest

from chatdesk.domain.change import EntityKind
from chatdesk.domain.conversation import MemberRole
from chatdesk.domain.errors import BadInput, NeedsSignIn, Refused
from chatdesk.domain.generation import GenerationState
from chatdesk.domain.ids import new_id
from chatdesk.domain.message import MessageStatus
from chatdesk.domain.mutation import MutationKind
from tests.contract.backend.rig import Street, Window

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_conversation_from_birth_to_tombstone(street: Street) -> None:
    ada = await street.person()
    conversation_id = new_id()
    made = await ada.push(
        MutationKind.CREATE_CONVERSATION,
        p_id=conversation_id,
        p_title="Bridges",
        p_model="m",
        p_temperature=0.5,
    )
    assert made.conversations[0].title == "Bridges"
    assert made.conversations[0].owner_id == ada.user_id
    assert made.memberships[0].role is MemberRole.OWNER
    renamed = await ada.push(
        MutationKind.UPDATE_CONVERSATION, p_id=conversation_id, p_updates={"title": "Tunnels"}
    )
    assert renamed.conversations[0].title == "Tunnels"
    assert renamed.conversations[0].revision == made.conversations[0].revision + 1
    pinned = await ada.push(
        MutationKind.UPDATE_MEMBERSHIP, p_conversation_id=conversation_id, p_updates={"pinned": True}
    )
    assert pinned.memberships[0].pinned
    for _ in range(2):
        gone = await ada.push(MutationKind.DELETE_CONVERSATION, p_id=conversation_id)
        assert gone.conversations[0].deleted_at is not None
    with pytest.raises(Refused):
        await ada.say(conversation_id)


async def test_a_message_and_its_repetition(street: Street) -> None:
    ada = await street.person()
    conversation_id, message_id = await ada.new_conversation(), new_id()
    first = await ada.say(conversation_id, "How long is it?", p_id=message_id)
    again = await ada.say(conversation_id, "How long is it?", p_id=message_id)
    assert first.messages == again.messages
    assert first.messages[0].seq == 1
    assert again.conversations[0].revision == first.conversations[0].revision
    with pytest.raises(Refused) as taken:
        await ada.say(conversation_id, "Something else", p_id=message_id)
    assert taken.value.code == "23505"
    removed = await ada.push(MutationKind.DELETE_MESSAGE, p_id=message_id)
    assert removed.messages[0].deleted_at is not None
    assert removed.messages[0].content == ""


async def test_what_the_database_cannot_hold_is_the_texts_fault(street: Street) -> None:
    ada = await street.person()
    conversation_id = await ada.new_conversation()
    for text in ("nul \0 nul", "half \ud83d a character", "x" * 2_000_001):
        with pytest.raises(BadInput) as caught:
            await ada.say(conversation_id, text)
        assert caught.value.next_step
    large = "ä😀" * 500_000
    assert (await ada.say(conversation_id, large)).messages[0].content == large
    page = await ada.remote.pull_messages(conversation_id, 0)
    assert [message.content == large for message in page.rows.messages] == [True]


async def test_who_may_not_write_is_refused_for_good(street: Street) -> None:
    ada, bob, eve = await street.person(), await street.person(), await street.person()
    conversation_id = await ada.new_conversation()
    await ada.row.add(conversation_id, bob.row, "viewer")
    for window in (bob, eve):
        with pytest.raises(Refused) as caught:
            await window.say(conversation_id)
        assert caught.value.code == "42501"
    assert (await bob.remote.pull_messages(conversation_id, 0)).rows.conversations[0].id == conversation_id
    with pytest.raises(Refused):
        await eve.remote.pull_messages(conversation_id, 0)


async def test_the_profile(street: Street) -> None:
    ada, bob = await street.person(), await street.person()
    assert (await ada.remote.ensure_profile()).profiles[0].id == ada.user_id
    name = f"u{new_id()[-12:]}"
    changed = await ada.push(MutationKind.UPDATE_PROFILE, p_updates={"username": name, "display_name": "Ada"})
    assert (changed.profiles[0].username, changed.profiles[0].display_name) == (name, "Ada")
    with pytest.raises(Refused) as taken:
        await bob.push(MutationKind.UPDATE_PROFILE, p_updates={"username": name})
    assert name in taken.value.message
    with pytest.raises(BadInput):
        await bob.push(MutationKind.UPDATE_PROFILE, p_updates={"username": "No Good"})


async def test_changes_are_pulled_page_by_page_to_the_end(street: Street) -> None:
    ada = await street.person()
    ids = {await ada.new_conversation(f"Number {number}") for number in range(5)}
    cursor, seen, pages = 0, set(), 0
    while True:
        page = await ada.remote.pull_changes(cursor, limit=3)
        assert page.cursor >= cursor
        seen |= {conversation.id for conversation in page.rows.conversations}
        cursor, pages = page.cursor, pages + 1
        if not page.more:
            break
    assert seen == ids
    assert pages > 1
    quiet = await ada.remote.pull_changes(cursor)
    assert (quiet.changed, quiet.cursor, quiet.more) == ((), cursor, False)
    assert ada.remote.quarantine.count == 0


async def test_losing_a_conversation_is_in_the_changes(street: Street) -> None:
    ada, bob = await street.person(), await street.person()
    conversation_id = await ada.new_conversation()
    await ada.row.add(conversation_id, bob.row)
    gained = await bob.remote.pull_changes(0)
    assert [entry.id for entry in gained.rows.conversations] == [conversation_id]
    assert {profile.id for profile in gained.rows.profiles} >= {ada.user_id}
    await ada.row.call_private("remove_member", p_conversation_id=conversation_id, p_user_id=bob.user_id)
    lost = await bob.remote.pull_changes(gained.cursor)
    assert lost.rows.removed_conversations == (conversation_id,)
    assert {change.kind for change in lost.changed if change.removed} <= {
        EntityKind.MEMBERSHIP,
        EntityKind.CONVERSATION,
    }


async def test_messages_forwards_and_backwards(street: Street) -> None:
    ada = await street.person()
    conversation_id = await ada.new_conversation()
    for number in range(1, 8):
        await ada.say(conversation_id, str(number))
    cursor, texts = 0, []
    while True:
        page = await ada.remote.pull_messages(conversation_id, cursor, limit=3)
        texts += [message.content for message in page.rows.messages]
        cursor = page.cursor
        if not page.more:
            break
    assert texts == ["1", "2", "3", "4", "5", "6", "7"]
    newest = await ada.remote.page_messages(conversation_id, None, limit=3)
    assert [message.content for message in newest.rows.messages] == ["5", "6", "7"]
    assert (newest.more, newest.cursor) == (True, cursor)
    older = await ada.remote.page_messages(conversation_id, 5, limit=10)
    assert [message.content for message in older.rows.messages] == ["1", "2", "3", "4"]
    assert not older.more


async def claim(
    window: Window,
    reply_to: str,
    message_id: str,
    generation_id: str | None = None,
    holder: str | None = None,
) -> tuple[bool, int]:
    reply = await window.remote.claim_generation(
        generation_id=generation_id or new_id(),
        message_id=message_id,
        reply_to=reply_to,
        attempt=0,
        holder=holder or new_id(),
        model="m",
    )
    assert reply.generation is not None
    return reply.claimed, reply.generation.fence


async def test_a_generation_has_one_holder(street: Street) -> None:
    ada = await street.person()
    twin = await street.second_window(ada)
    conversation_id = await ada.new_conversation()
    asked = (await ada.say(conversation_id)).messages[0].id
    mine, message_id, me = new_id(), new_id(), new_id()
    claimed, fence = await claim(ada, asked, message_id, mine, me)
    assert claimed
    assert await claim(ada, asked, message_id, mine, me) == (True, fence)
    assert await claim(twin, asked, new_id()) == (False, fence)
    part = await ada.remote.renew_generation(mine, fence, "So far")
    assert part.rows.messages[0].content == "So far"
    assert part.rows.messages[0].status is MessageStatus.STREAMING
    kept = await ada.remote.renew_generation(mine, fence, None)
    assert kept.rows.messages == ()
    stop = await twin.remote.stop_generation(message_id)
    assert stop.generation is not None
    assert stop.generation.stop_requested
    with pytest.raises(Refused) as fenced:
        await twin.remote.renew_generation(mine, fence + 1, "Mine")
    assert fenced.value.code == "55000"
    done = await ada.remote.finish_generation(
        mine, fence, status="complete", content="Whole", usage={"tokens": 3}, error=None
    )
    assert done.generation is not None
    assert done.generation.state is not GenerationState.RUNNING
    assert (done.rows.messages[0].content, done.rows.messages[0].usage) == ("Whole", {"tokens": 3})
    with pytest.raises(Refused):
        await ada.remote.renew_generation(mine, fence, "Too late")
    reaped = await ada.remote.reap_generations(conversation_id)
    assert reaped.rows.messages == ()


async def test_a_token_that_the_server_refuses_is_replaced_once(street: Street) -> None:
    """As after a change of the server's keys, or when this computer's clock is a day behind."""
    ada = await street.person()
    good = ada.keeper.session
    assert good is not None
    head, body, _ = good.access_token.split(".")
    await ada.keeper.adopt(dataclasses.replace(good, access_token=f"{head}.{body}.{'A' * 43}"))
    await ada.new_conversation()
    assert ada.keeper.session is not None
    assert ada.keeper.session.refresh_token != good.refresh_token


async def test_a_session_that_is_over_asks_to_sign_in(street: Street) -> None:
    ada = await street.person()
    session = ada.keeper.session
    assert session is not None
    await ada.auth.sign_out(session.access_token)
    ada.keeper.distrust(session.access_token)
    with pytest.raises(NeedsSignIn):
        await ada.remote.pull_changes(0)


async def test_concurrent_requests_do_not_mix_up_tokens(street: Street) -> None:
    ada, bob = await street.person(), await street.person()
    twin = await street.second_window(ada)
    answers = await asyncio.gather(
        *(window.remote.ensure_profile() for window in (ada, bob, twin) for _ in range(10))
    )
    assert [answer.profiles[0].id for answer in answers] == [
        window.user_id for window in (ada, bob, twin) for _ in range(10)
    ]


PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100


async def test_avatars_are_for_those_who_share_a_conversation(street: Street) -> None:
    ada, bob, eve = await street.person(), await street.person(), await street.person()
    conversation_id = await ada.new_conversation()
    await ada.row.add(conversation_id, bob.row)
    path = await ada.avatars.upload(ada.user_id, PNG, "image/png")
    assert path.startswith(f"{ada.user_id}/")
    assert await ada.avatars.upload(ada.user_id, PNG, "image/png") != path
    await ada.push(MutationKind.UPDATE_PROFILE, p_updates={"avatar_path": path})
    assert await ada.avatars.download(path) == PNG
    assert await bob.avatars.download(path) == PNG
    with pytest.raises(Refused):
        await eve.avatars.download(path)
    with pytest.raises(Refused):
        await eve.avatars.upload(ada.user_id, PNG, "image/png")


@pytest.mark.parametrize(
    ("image", "kind"),
    [
        (b"", "image/png"),
        (b"<svg/>", "image/svg+xml"),
        (PNG, "image/jpeg"),
        (PNG + b"\0" * (2 * 1024 * 1024), "image/png"),
    ],
)
async def test_what_is_no_picture_is_not_sent(street: Street, image: bytes, kind: str) -> None:
    with pytest.raises(BadInput):
        await street.stranger().avatars.upload(new_id(), image, kind)


@pytest.mark.parametrize(
    "path", ["", "../../etc/passwd", "01920000-0000-7000-8000-000000000001/../x.png", "x/y.png", "/a.png"]
)
async def test_an_odd_path_is_not_asked_for(street: Street, path: str) -> None:
    with pytest.raises(Refused):
        await street.stranger().avatars.download(path)
