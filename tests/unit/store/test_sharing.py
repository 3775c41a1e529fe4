"""Rosters and invitations in the cache, and what goes when a conversation is taken away."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from chatdesk.domain.attachment import Attachment
from chatdesk.domain.change import EntityChanged, EntityKind, RowBatch
from chatdesk.domain.conversation import Answers, MemberRole
from chatdesk.domain.sharing import Invitation, Member, OpenInvite, Roster
from chatdesk.store.store import Store
from tests.unit.store.rows import ME, START, at, conversation, listed, message, opened, send


def roster(name: str, revision: int, *people: str, invites: int = 0) -> Roster:
    members = tuple(Member(who, MemberRole.EDITOR, at(place)) for place, who in enumerate((ME, *people)))
    waiting = OpenInvite("invite", "x@example.org", MemberRole.VIEWER, 0, None, START, at(99))
    link = OpenInvite("link", None, MemberRole.EDITOR, 1, 5, START, at(99))
    return Roster(name, revision, members, (waiting, link)[:invites])


def invitation(name: str, revision: int = 1) -> Invitation:
    return Invitation(name, "c", "Title", MemberRole.EDITOR, "Ann", revision, START, at(99))


def told(row: Roster | Invitation, user_revision: int) -> EntityChanged:
    kind = EntityKind.ROSTER if isinstance(row, Roster) else EntityKind.INVITATION
    key = row.conversation_id if isinstance(row, Roster) else row.id
    return EntityChanged(kind, key, row.revision, user_revision, record=row)


async def test_rosters_and_invitations_are_kept_as_they_came(tmp_path: Path) -> None:
    one, two = roster("a", 3, "ben", invites=2), invitation("i")
    async with opened(tmp_path) as store:
        await store.apply(listed("a"))
        changes = await store.apply(RowBatch(rosters=(one,), invitations=(two,)))
        assert (changes.rosters, changes.invitations) == ((one,), (two,))
        older = await store.apply(RowBatch(rosters=(roster("a", 2),), invitations=(invitation("i", 0),)))
        assert not older
        assert not await store.apply(RowBatch(rosters=(one,), invitations=(two,)))
    async with opened(tmp_path) as store:
        assert await store.rosters() == (one,)
        assert await store.invitations() == (two,)


async def test_frames_move_the_cursor_and_a_missing_record_is_a_gap(store: Store) -> None:
    await store.apply(listed("a"), user_cursor=4)
    changes, gaps = await store.apply_events([told(roster("a", 1, "ben"), 5), told(invitation("i"), 6)])
    assert len(changes.rosters) == len(changes.invitations) == 1
    assert not gaps
    assert await store.user_cursor() == 6
    _, gaps = await store.apply_events([EntityChanged(EntityKind.ROSTER, "a", 2, 7)])
    assert gaps.user
    assert await store.user_cursor() == 6


async def test_an_answered_invitation_does_not_come_back(store: Store) -> None:
    await store.apply(RowBatch(invitations=(invitation("i"),)), user_cursor=1)
    gone = EntityChanged(EntityKind.INVITATION, "i", 2, 2, removed=True)
    changes, gaps = await store.apply_events([gone])
    assert changes.answered == ("i",)
    assert not gaps
    assert await store.invitations() == ()
    assert not await store.apply(RowBatch(invitations=(invitation("i", 1),)))
    assert not (await store.apply(RowBatch(answered_invitations={"i": 2}))).answered
    assert await store.invitations() == ()
    await store.apply(RowBatch(answered_invitations={"never heard of": 3}))
    assert await store.invitations() == ()


async def test_a_conversation_that_is_taken_away_leaves_nothing(store: Store) -> None:
    file = Attachment("a.png", "a/a-m1/0.png", "image/png", 1, 1, 1)
    await store.apply(listed("a", "b"), user_cursor=1)
    await store.apply(
        RowBatch(
            messages=(message("a", 1, content="secret", attachments=(file,)),), rosters=(roster("a", 1),)
        ),
        conversation_cursors={"a": 1},
        complete_from={"a": True},
    )
    await store.enqueue(send("a", "mine", "my own words"))
    gone = EntityChanged(EntityKind.MEMBERSHIP, "a", 2, 2, removed=True)
    changes, _ = await store.apply_events([gone])
    assert [change.entry.id for change in changes.conversations] == ["a"]
    assert changes.forgotten_files == (file.path,)
    assert await store.rosters() == ()
    assert await store.search("secret") == ()
    assert await store.messages("a") == () or {m.id for m in await store.messages("a")} == {"mine"}
    [waiting] = await store.outbox()
    assert waiting.mutation.args["p_content"] == "my own words"
    # A roster told before the removal and heard after it stays out; one of a new membership comes in.
    await store.apply_events([told(roster("a", 1, "ben"), 2)])
    assert await store.rosters() == ()
    await store.apply(replace(listed("a", revision=9), rosters=(roster("a", 5, "ben"),)), user_cursor=9)
    assert [each.revision for each in await store.rosters()] == [5]


async def test_when_the_model_answers_is_kept_and_changes_at_once(store: Store) -> None:
    await store.apply(listed("a"))
    row = conversation("a", 2, answers=Answers.MENTIONED)
    await store.apply(RowBatch(conversations=(row,)))
    entry = await store.entry("a")
    assert entry is not None
    assert entry.conversation.answers is Answers.MENTIONED
