"""Sharing over the wire: calls, frames and refusals as the windows of two people meet them."""

from __future__ import annotations

import pytest

from chatdesk.domain.change import EntityChanged, EntityKind, RowBatch
from chatdesk.domain.conversation import MemberRole
from chatdesk.domain.errors import BadInput, Refused
from chatdesk.domain.ids import new_id
from chatdesk.domain.mutation import MutationKind
from chatdesk.domain.sharing import Invitation, Roster, SharingKind, new_token, token_hash
from tests.contract.backend.rig import Street, Window

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def named(street: Street) -> tuple[Window, str]:
    person = await street.person()
    name = f"u{new_id()[-12:]}"
    await person.push(MutationKind.UPDATE_PROFILE, p_updates={"username": name})
    return person, name


async def invite(owner: Window, talk: str, to: str) -> RowBatch:
    args = {"p_id": new_id(), "p_conversation_id": talk, "p_to": to, "p_role": "editor"}
    return await owner.remote.share(SharingKind.INVITE, args)


async def test_an_invitation_is_heard_accepted_and_heard_again(street: Street) -> None:
    ada, _ = await named(street)
    bob, name = await named(street)
    talk = await ada.new_conversation()
    for each in (ada, bob):
        await each.open()
        await each.join(f"user:{each.user_id}")
    answered = await invite(ada, talk, name)
    [roster] = answered.rosters
    assert [(one.to, one.max_uses) for one in roster.invites] == [(name, None)]
    await bob.ears.watch.until(lambda: heard(bob, EntityKind.INVITATION) is not None)
    frame = heard(bob, EntityKind.INVITATION)
    assert frame is not None
    assert isinstance(frame.record, Invitation)
    assert (frame.record.conversation_id, frame.record.role) == (talk, MemberRole.EDITOR)
    joined = await bob.remote.share(SharingKind.ACCEPT, {"p_id": frame.record.id})
    assert [row.id for row in joined.conversations] == [talk]
    assert joined.memberships[0].role is MemberRole.EDITOR
    assert joined.rosters[0].role_of(bob.user_id) is MemberRole.EDITOR
    assert await bob.remote.share(SharingKind.ACCEPT, {"p_id": frame.record.id}) == joined
    await ada.ears.watch.until(lambda: two_are_in(ada))
    await bob.ears.watch.until(lambda: heard(bob, EntityKind.INVITATION, removed=True) is not None)
    gone = heard(bob, EntityKind.INVITATION, removed=True)
    assert gone is not None
    assert gone.record is None
    page = await bob.remote.pull_changes(0)
    assert page.rows.rosters == joined.rosters
    assert page.rows.answered_invitations == {frame.record.id: gone.entity_revision}
    assert bob.remote.quarantine.count == 0


def heard(window: Window, kind: EntityKind, removed: bool = False) -> EntityChanged | None:
    found = [f for f in window.ears.frames if isinstance(f, EntityChanged) and f.kind is kind]
    return next((frame for frame in found if frame.removed is removed), None)


def two_are_in(window: Window) -> bool:
    rosters = [
        f.record for f in window.ears.frames if isinstance(f, EntityChanged) and isinstance(f.record, Roster)
    ]
    return bool(rosters) and rosters[-1].is_shared


async def test_a_link_joins_and_refusals_come_in_words(street: Street) -> None:
    ada, _ = await named(street)
    bob, _ = await named(street)
    talk = await ada.new_conversation()
    token = new_token()
    args = {
        "p_id": new_id(),
        "p_conversation_id": talk,
        "p_role": "viewer",
        "p_token_hash": token_hash(token),
        "p_hours": 1,
        "p_max_uses": None,
    }
    await ada.remote.share(SharingKind.LINK, args)
    joined = await bob.remote.share(SharingKind.JOIN, {"p_token": token})
    assert joined.memberships[0].role is MemberRole.VIEWER
    with pytest.raises(Refused) as refused:
        await bob.say(talk)
    assert refused.value.message == "You may not do this in this conversation."
    with pytest.raises(BadInput, match="not a link or code"):
        await bob.remote.share(SharingKind.JOIN, {"p_token": new_token()})
    with pytest.raises(BadInput, match="neither a user name nor"):
        await invite(ada, talk, "no good")
    with pytest.raises(Refused) as refused:
        await invite(bob, talk, "somebody")
    assert refused.value.code == "42501"
    here = {"p_conversation_id": talk, "p_user_id": bob.user_id}
    left = await bob.remote.share(SharingKind.REMOVE, here)
    assert not left
    assert not await bob.remote.share(SharingKind.REMOVE, here)
