"""Pictures of chats that several people share."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

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


def _roster() -> Roster:
    return Roster(
        TALK,
        4,
        (
            Member(ME, MemberRole.OWNER, NOW),
            Member(ANNA, MemberRole.EDITOR, NOW),
            Member(BRUNO, MemberRole.VIEWER, NOW),
        ),
        (
            OpenInvite("1", "sofia@example.org", MemberRole.EDITOR, 0, None, NOW, FAR),
            OpenInvite("2", None, MemberRole.VIEWER, 2, 5, NOW, FAR),
        ),
    )


def _share(stage: Stage) -> None:
    people.now = lambda: NOW
    stage.sign_in()
    stage.fill_list()
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
    sharing = stage.window.sharing
    sharing.user_id = ME
    sharing.roster_of = lambda which: _roster() if which == TALK else None
    sharing.face_of = FACES.__getitem__
    stage.conversations.set_shared(frozenset({TALK, conversation_id(4)}))
    stage.talk(1, more=(ask, say, reply))
    sharing.refresh()


def shared(stage: Stage, path: Path) -> None:
    """A chat of three, and an invitation to another one."""
    _share(stage)
    invited = Invitation("9", TALK, "Choir, autumn concert", MemberRole.EDITOR, "Bruno Dias", 1, NOW, FAR)
    stage.window.sidebar.invitations.show_invitations((invited,))
    stage.shoot(path)


def members(stage: Stage, path: Path) -> None:
    """The owner's dialog."""
    _share(stage)
    stage.window.sharing.open_members(TALK)
    stage.shoot(path, stage.window.sharing.dialog)
