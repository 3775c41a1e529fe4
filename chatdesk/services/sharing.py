"""Sharing conversations: who is in them, invitations out and in, links, roles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal

from chatdesk.backend.base import SharingCalls
from chatdesk.domain.change import ChangeSet, RowBatch, Verb
from chatdesk.domain.clock import Clock
from chatdesk.domain.conversation import Answers, MemberRole
from chatdesk.domain.errors import ChatDeskError, Refused, Retryable
from chatdesk.domain.ids import new_id
from chatdesk.domain.session import BackendKind
from chatdesk.domain.sharing import (
    Invitation,
    Roster,
    SharingKind,
    link_of,
    new_token,
    read_link,
    token_hash,
)
from chatdesk.runtime.tasks import TaskScope
from chatdesk.services.open_account import OpenAccount
from chatdesk.store.store import Store

TRIES = 3
"""How often a call is made whose answer did not come; each of them may be repeated."""

REST_SECONDS = 0.5

NEXT_STEPS: Mapping[SharingKind, str] = {
    SharingKind.INVITE: "Check what you typed.",
    SharingKind.ACCEPT: "Ask for a new invitation.",
    SharingKind.JOIN: "Ask for a new link.",
}
"""What helps when the server said no, where it is not the usual."""


SERVER_SAYS = (
    "There are too many invitations at once.",
    "This conversation has 100 members, which is the most there can be.",
    "This invitation has expired.",
    "This invitation is not for you.",
    "This invitation was answered already.",
    "This invitation was withdrawn.",
    "This is neither a user name nor an e-mail address.",
    "This link was used as often as it may be.",
    "The owner took you out of this conversation.",
    "This person is not a member any more.",
    "You are not a member of this conversation.",
    "You may not do this in this conversation.",
)
"""What the database's functions answer to these calls: named here to be found in the catalogues."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A call that came to nothing; ``about`` is the conversation, empty for a link or an invitation."""

    kind: SharingKind
    about: str
    error: ChatDeskError


class SharingService(QObject):
    """What people do with each other; every window of the process shares it.

    Calls go to the server directly, not through the outbox: somebody must be told at once whether an
    invitation or a removal took place. Lost answers are asked for again.

    Signals: ``roster_changed(str)`` with a conversation · ``invitations_changed()`` ·
    ``done(SharingKind, str)`` with the conversation a call was about · ``failed(Failure)`` ·
    ``link_made(str, str)`` with conversation and link, which is shown once and kept nowhere ·
    ``joined(str)`` a conversation that the user came into.
    """

    roster_changed = Signal(str)
    invitations_changed = Signal()
    done = Signal(object, str)
    failed = Signal(object)
    link_made = Signal(str, str)
    joined = Signal(str)

    def __init__(self, account: OpenAccount, clock: Clock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._account = account
        self._clock = clock
        self._calls: SharingCalls | None = None
        self._scope: TaskScope | None = None
        self._rosters: dict[str, Roster] = {}
        self._invitations: dict[str, Invitation] = {}
        self._busy: set[tuple[SharingKind, str]] = set()
        account.changes_applied.connect(self._take_changes)

    async def attach(self, calls: SharingCalls, store: Store) -> None:
        """Serve an account."""
        self._calls = calls
        self._scope = TaskScope("sharing", self._broken)
        self._rosters = {roster.conversation_id: roster for roster in await store.rosters()}
        self._invitations = {invitation.id: invitation for invitation in await store.invitations()}
        for conversation_id in self._rosters:
            self.roster_changed.emit(conversation_id)
        self.invitations_changed.emit()

    async def detach(self) -> None:
        """Stop, and forget who shares what."""
        scope, self._scope, self._calls = self._scope, None, None
        if scope is not None:
            await scope.close()
        self._rosters.clear()
        self._invitations.clear()
        self._busy.clear()
        self.invitations_changed.emit()

    # What is known ------------------------------------------------------------------------------------------

    @property
    def user_id(self) -> str:
        """The user of the open account, empty without one."""
        return self._account.account.user_id if self._account.account is not None else ""

    @property
    def project(self) -> str | None:
        """The address that a link must name, None where links are good on this computer only."""
        account = self._account.account
        if account is None or account.kind is BackendKind.LOCAL:
            return None
        return account.url

    def roster(self, conversation_id: str) -> Roster | None:
        """Return who is in a conversation; None as long as it was never shared."""
        return self._rosters.get(conversation_id)

    def is_shared(self, conversation_id: str) -> bool:
        roster = self._rosters.get(conversation_id)
        return roster is not None and roster.is_shared

    @property
    def shared(self) -> frozenset[str]:
        """The conversations that somebody else is in, too."""
        return frozenset(key for key, roster in self._rosters.items() if roster.is_shared)

    @property
    def invitations(self) -> tuple[Invitation, ...]:
        """The invitations that wait for an answer and have not run out, the oldest first."""
        now = self._clock.now()
        waiting = [one for one in self._invitations.values() if one.expires_at > now]
        return tuple(sorted(waiting, key=lambda one: (one.created_at, one.id)))

    # What the owner does ------------------------------------------------------------------------------------

    def invite(self, conversation_id: str, to: str, role: MemberRole) -> None:
        """Invite somebody by user name or e-mail address."""
        args = {"p_id": new_id(), "p_conversation_id": conversation_id, "p_to": to, "p_role": role.value}
        self._start(SharingKind.INVITE, conversation_id, args)

    def make_link(self, conversation_id: str, role: MemberRole, hours: int, max_uses: int | None) -> None:
        """Make a link; ``link_made`` follows. Its secret is made here; only its hash leaves this device."""
        token = new_token()
        args = {
            "p_id": new_id(),
            "p_conversation_id": conversation_id,
            "p_role": role.value,
            "p_token_hash": token_hash(token),
            "p_hours": hours,
            "p_max_uses": max_uses,
        }

        def tell(_rows: RowBatch) -> None:
            self.link_made.emit(conversation_id, link_of(token, self.project))

        self._start(SharingKind.LINK, conversation_id, args, tell)

    def revoke(self, conversation_id: str, invite_id: str) -> None:
        """Withdraw an invitation or a link."""
        self._start(SharingKind.REVOKE, conversation_id, {"p_id": invite_id})

    def set_role(self, conversation_id: str, user_id: str, role: MemberRole) -> None:
        args = {"p_conversation_id": conversation_id, "p_user_id": user_id, "p_role": role.value}
        self._start(SharingKind.SET_ROLE, conversation_id, args)

    def remove(self, conversation_id: str, user_id: str) -> None:
        """Take somebody out."""
        args = {"p_conversation_id": conversation_id, "p_user_id": user_id}
        self._start(SharingKind.REMOVE, conversation_id, args)

    def hand_over(self, conversation_id: str, user_id: str) -> None:
        """Make somebody else the owner; the user becomes an editor."""
        args = {"p_conversation_id": conversation_id, "p_user_id": user_id}
        self._start(SharingKind.HAND_OVER, conversation_id, args)

    # What every member does ---------------------------------------------------------------------------------

    def leave(self, conversation_id: str) -> None:
        """Leave a conversation of somebody else; it goes from this device at once."""
        args = {"p_conversation_id": conversation_id, "p_user_id": self.user_id}
        gone = RowBatch(removed_conversations=(conversation_id,))
        self._start(SharingKind.REMOVE, conversation_id, args, instead=gone)

    def set_answers(self, conversation_id: str, answers: Answers) -> None:
        """Say whether a model answers every message; this goes through the outbox like every setting."""
        updates = {"answers": answers.value}
        self._account.change(lambda make: make.update_conversation(conversation_id, updates))

    # What an invited person does ----------------------------------------------------------------------------

    def accept(self, invitation_id: str) -> None:
        """Come in; ``joined`` follows."""
        self._start(SharingKind.ACCEPT, "", {"p_id": invitation_id}, self._came_in, key=invitation_id)

    def decline(self, invitation_id: str) -> None:
        """Say no; the person who invited is not told."""
        self._start(SharingKind.DECLINE, "", {"p_id": invitation_id}, key=invitation_id)

    def join(self, text: str) -> None:
        """Come in by a link or code that was pasted; ``joined`` or ``failed`` follows."""
        try:
            token = read_link(text, self.project)
        except ChatDeskError as failure:
            self.failed.emit(Failure(SharingKind.JOIN, "", failure))
            return
        self._start(SharingKind.JOIN, "", {"p_token": token}, self._came_in)

    # Inside -------------------------------------------------------------------------------------------------

    def _start(
        self,
        kind: SharingKind,
        about: str,
        args: Mapping[str, Any],
        then: Callable[[RowBatch], None] | None = None,
        *,
        instead: RowBatch | None = None,
        key: str = "",
    ) -> None:
        """Begin a call unless the same is under way: a second click is no second wish."""
        wish = (kind, key or about + str(args.get("p_user_id", "")) + str(args.get("p_to", "")))
        if self._scope is None or wish in self._busy:
            return
        self._busy.add(wish)
        self._scope.start(self._carry_out(kind, about, args, then, instead, wish), kind.value)

    async def _carry_out(
        self,
        kind: SharingKind,
        about: str,
        args: Mapping[str, Any],
        then: Callable[[RowBatch], None] | None,
        instead: RowBatch | None,
        wish: tuple[SharingKind, str],
    ) -> None:
        try:
            rows = await self._call(kind, args)
            changes = await self._account.store.apply(rows if instead is None else instead)
        except ChatDeskError as failure:
            if kind is SharingKind.ACCEPT and isinstance(failure, Refused):
                # It ended between being shown and being pressed.
                self._invitations.pop(str(args["p_id"]), None)
                self.invitations_changed.emit()
            self.failed.emit(Failure(kind, about, _advised(kind, failure)))
            return
        finally:
            self._busy.discard(wish)
        self._account.take_changes(changes)
        if then is not None:
            then(rows)
        self.done.emit(kind, about)

    async def _call(self, kind: SharingKind, args: Mapping[str, Any]) -> RowBatch:
        assert self._calls is not None
        for _ in range(TRIES - 1):
            try:
                return await self._calls.share(kind, args)
            except Retryable:
                await self._clock.sleep(REST_SECONDS)
        return await self._calls.share(kind, args)

    def _came_in(self, rows: RowBatch) -> None:
        for membership in rows.memberships:
            self.joined.emit(membership.conversation_id)

    def _take_changes(self, changes: ChangeSet) -> None:
        for roster in changes.rosters:
            self._rosters[roster.conversation_id] = roster
            self.roster_changed.emit(roster.conversation_id)
        for change in changes.conversations:
            if change.verb is Verb.REMOVED and self._rosters.pop(change.entry.id, None) is not None:
                self.roster_changed.emit(change.entry.id)
        if changes.invitations or changes.answered:
            for invitation in changes.invitations:
                self._invitations[invitation.id] = invitation
            for invitation_id in changes.answered:
                self._invitations.pop(invitation_id, None)
            self.invitations_changed.emit()

    def _broken(self, name: str, failure: BaseException) -> None:
        raise failure


def _advised(kind: SharingKind, failure: ChatDeskError) -> ChatDeskError:
    """Say what helps here: what the room below advises is about messages that wait to be sent."""
    if isinstance(failure, Retryable):
        return type(failure)(failure.message, "Try again when you are connected.", failure.code)
    if type(failure) is Refused or kind in NEXT_STEPS:
        return type(failure)(failure.message, NEXT_STEPS.get(kind, ""), failure.code)
    return failure
