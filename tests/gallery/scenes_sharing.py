"""Pictures of chats that several people share."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from chatdesk.domain.change import ChangeSet, ConversationChange, Verb
from chatdesk.domain.conversation import MemberRole
from chatdesk.domain.message import Role
from chatdesk.domain.profile import Profile
from chatdesk.domain.sharing import Invitation, Member, OpenInvite, Roster
from chatdesk.ui.sharing import people
from chatdesk.ui.sharing.people import Face
from tests.gallery.stage import NOW, Stage
from tests.support.conversation_entries import conversation_id
from tests.support.messages import ANNA, ME, message_id

TALK = conversation_id(1)
BRUNO = "0190c0de-0000-7000-8000-0000000000cc"
FACES = {ME: Face("Ada Okafor", "ada"), ANNA: Face("Mara Lind", "mara"), BRUNO: Face("Bruno Dias", "bruno_d")}
FAR = NOW + timedelta(days=6)


def _roster(own: MemberRole) -> Roster:
    others = MemberRole.OWNER if own is not MemberRole.OWNER else MemberRole.EDITOR
    return Roster(
        TALK,
        4,
        (
            Member(ME, own, NOW),
            Member(ANNA, others, NOW),
            Member(BRUNO, MemberRole.VIEWER, NOW),
        ),
        (
            OpenInvite("1", "sofia@example.org", MemberRole.EDITOR, 0, None, NOW, FAR),
            OpenInvite("2", None, MemberRole.VIEWER, 2, 5, NOW, FAR),
        )
        if own is MemberRole.OWNER
        else (),
    )


def _share(stage: Stage, own: MemberRole) -> None:
    people.now = lambda: NOW
    stage.sign_in()
    entries = stage.fill_list()
    for who, face in FACES.items():
        if who != ME:
            stage.messages.profile_changed(Profile(who, face.handle, face.name, None, 1, NOW))
    ask = replace(
        stage.row(3, "I would add the tile museum: it is dry there and never full.", parent=2),
        author_id=ANNA,
        created_at=NOW - timedelta(minutes=8),
    )
    say = replace(stage.row(5, "@model can we do both in one morning?", parent=4), parent_id=ask.id)
    reply = replace(
        stage.row(
            6, "Yes. Begin at the museum when it opens at ten, then take the bus along the river.", parent=5
        ),
        role=Role.ASSISTANT,
        parent_id=message_id(5),
    )
    mine = entries[0]
    member = replace(mine.membership, role=own)
    stage.conversations.apply(
        ChangeSet(conversations=(ConversationChange(Verb.CHANGED, replace(mine, membership=member)),))
    )
    sharing = stage.window.sharing
    sharing.user_id = ME
    sharing.roster_of = lambda which: _roster(own) if which == TALK else None
    sharing.face_of = FACES.__getitem__
    stage.conversations.set_shared(frozenset({TALK, conversation_id(4)}))
    stage.talk(1, more=(ask, say, reply))
    sharing.refresh()


def shared(stage: Stage, path: Path) -> None:
    """A chat of three, and an invitation to another one."""
    _share(stage, MemberRole.OWNER)
    invited = Invitation("9", TALK, "Choir, autumn concert", MemberRole.EDITOR, "Bruno Dias", 1, NOW, FAR)
    stage.window.sidebar.invitations.show_invitations((invited,))
    stage.shoot(path)


def members(stage: Stage, path: Path) -> None:
    """The owner's dialog."""
    _share(stage, MemberRole.OWNER)
    stage.window.sharing.open_members(TALK)
    stage.shoot(path, stage.window.sharing.dialog)


def link(stage: Stage, path: Path) -> None:
    """The owner's dialog with a link that was just made."""
    _share(stage, MemberRole.OWNER)
    stage.window.sharing.open_members(TALK)
    dialog = stage.window.sharing.dialog
    assert dialog is not None
    dialog.links_button.click()
    dialog.show_link("chatdesk://join/Zb3fP1m0x9Q7c4uYV5aT2sKd8nWgHr6jLeXoIyBtMqA")
    stage.shoot(path, dialog)


def reader(stage: Stage, path: Path) -> None:
    """What somebody sees who may only read."""
    _share(stage, MemberRole.VIEWER)
    stage.shoot(path)


def join(stage: Stage, path: Path) -> None:
    """A link that is not good any more."""
    _share(stage, MemberRole.OWNER)
    stage.window.sharing.open_join()
    dialog = stage.window.sharing.join
    assert dialog is not None
    dialog.field.setText("chatdesk://join/Zb3fP1m0x9Q7c4uYV5aT2sKd8nWgHr6jLeXoIyBtMqA")
    dialog.show_failure("This invitation has expired. Ask for a new link.")
    stage.shoot(path, dialog)


def kept(stage: Stage, path: Path) -> None:
    """Texts that could not be sent."""
    _share(stage, MemberRole.OWNER)
    stage.window.sharing.show_kept(["I will bring the tent.", "And who drives?"], lambda: None)
    stage.shoot(path, stage.window.sharing.kept)
