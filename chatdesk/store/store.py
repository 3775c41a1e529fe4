"""The door of this room: the local store as coroutines."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from chatdesk.domain.attachment import NewFile
from chatdesk.domain.branch import Branches, Node
from chatdesk.domain.change import ChangeSet, RemoteChange, RowBatch
from chatdesk.domain.clock import Clock
from chatdesk.domain.conversation import ConversationEntry
from chatdesk.domain.message import Message
from chatdesk.domain.mutation import Mutation, OutboxEntry, OutboxState, ReplyWish
from chatdesk.domain.profile import Profile
from chatdesk.domain.provider import ProviderSettings
from chatdesk.domain.search import SearchHit, TitleHit
from chatdesk.domain.sharing import Invitation, Roster
from chatdesk.store.branches import read_replies
from chatdesk.store.cursors import Missing, read_missing, read_unfetched
from chatdesk.store.events import Gaps
from chatdesk.store.ledger import Ledger
from chatdesk.store.slots import account_directory
from chatdesk.store.view import Before
from chatdesk.store.word_index import tidy
from chatdesk.store.worker import Worker

__all__ = ["Before", "Gaps", "Missing", "Store"]

T = TypeVar("T")

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Store:
    """One instance's own memory of one account: a cache of server rows, and an outbox of its own changes.

    What is read is the server's row with this instance's pending changes on top; what is written answers with
    a ``ChangeSet`` of what that changed on the screen. Every method runs as one function on the store's own
    thread, in the order of the calls, and raises ``ChatDeskError`` when the disk is full, read-only or
    failing. A method that was begun is carried out even if its caller is cancelled.
    """

    def __init__(self, worker: Worker, ledger: Ledger) -> None:
        self._worker = worker
        self._ledger = ledger

    @classmethod
    async def open(cls, directory: Path, account_key: str, clock: Clock) -> Store:
        """Take the lowest free slot ``directory/<account_key>/slot-N`` and open its files.

        A new slot begins with a copy of another one's cache. Unsent changes and drafts of instances that are
        gone are taken over. Damaged files are set aside as ``*.damaged-<UTC time>`` (see ``recovered``).
        Raises ``ChatDeskError`` when the folder cannot be used.
        """
        account = account_directory(directory, account_key)
        worker = Worker("chatdesk-store")
        made: list[Ledger] = []
        try:
            await worker.run(lambda: made.append(Ledger(account, clock.now)))
        except BaseException:  # also when cancelled: the job may still be opening
            await worker.finish(lambda: _close_all(made))
            raise
        return cls(worker, made[0])

    @property
    def slot(self) -> int:
        """The number of this instance among those open at the same time, from 0."""
        return self._ledger.slot

    @property
    def recovered(self) -> tuple[str, ...]:
        """Sentences for the user about files that were damaged and set aside, newest last."""
        return self._ledger.recovered

    # Reading

    async def entries(self) -> tuple[ConversationEntry, ...]:
        """Return the list: pinned first, then newest first."""
        return await self._run(lambda ledger: ledger.view.entries())

    async def messages(
        self, conversation_id: str, *, before: Before | None = None, limit: int = 100
    ) -> tuple[Message, ...]:
        """Return the newest ``limit`` messages before the order key, waiting ones included, oldest first."""
        return await self._run(lambda ledger: ledger.view.messages(conversation_id, before, limit))

    async def numbered_after(self, conversation_id: str, seq: int, limit: int = 100) -> tuple[Message, ...]:
        """Return the messages that the server numbered above ``seq``, oldest first: for going through all."""
        return await self._run(lambda ledger: ledger.view.numbered_after(conversation_id, seq, limit))

    async def waiting(self, conversation_id: str) -> tuple[Message, ...]:
        """Return the messages of a conversation that the server does not have yet, in their order."""
        return await self._run(lambda ledger: ledger.view.waiting(conversation_id))

    async def nodes(self, conversation_id: str) -> tuple[Node, ...]:
        """Return every message of a conversation without its text, in no order."""
        return await self._run(lambda ledger: ledger.view.nodes(conversation_id))

    async def branches(self, conversation_id: str, choices: Mapping[str, str]) -> Branches:
        """Return the tree of a conversation with these versions chosen; empty when nothing has versions."""
        return await self._run(lambda ledger: ledger.view.branches(conversation_id, choices))

    async def tip(
        self, conversation_id: str, choices: Mapping[str, str], seen: str | None = None
    ) -> str | None:
        """Return the newest message shown, on the path that leads by ``seen`` if that is given."""
        return await self._run(lambda ledger: ledger.view.tip(conversation_id, choices, seen))

    async def replies(self, conversation_id: str, question: str) -> frozenset[str]:
        """Return the ids of all replies of a model to a message."""
        return await self._run(lambda ledger: read_replies(ledger.opened.cache, conversation_id, question))

    async def path(
        self, conversation_id: str, choices: Mapping[str, str], message_id: str, limit: int
    ) -> tuple[Message, ...]:
        """Return what is shown on the way to a message, that one last, at most ``limit`` messages."""
        return await self._run(lambda ledger: ledger.view.path(conversation_id, choices, message_id, limit))

    async def profiles(self) -> tuple[Profile, ...]:
        return await self._run(lambda ledger: ledger.view.profiles())

    async def providers(self) -> tuple[ProviderSettings, ...]:
        return await self._run(lambda ledger: ledger.view.providers())

    async def rosters(self) -> tuple[Roster, ...]:
        """Return who is in the conversations that are, or were, shared."""
        return await self._run(lambda ledger: ledger.view.rosters())

    async def invitations(self) -> tuple[Invitation, ...]:
        """Return the invitations that wait for an answer, the oldest first."""
        return await self._run(lambda ledger: ledger.view.invitations())

    async def entry(self, conversation_id: str) -> ConversationEntry | None:
        return await self._run(lambda ledger: ledger.view.entry(conversation_id))

    async def message(self, message_id: str) -> Message | None:
        return await self._run(lambda ledger: ledger.view.message(message_id))

    async def profile(self, profile_id: str) -> Profile | None:
        return await self._run(lambda ledger: ledger.view.profile(profile_id))

    async def user_cursor(self) -> int:
        """Return the user revision up to which everything is here; 0 at the beginning."""
        return await self._run(Ledger.user_cursor)

    async def conversation_cursor(self, conversation_id: str) -> int | None:
        """Return the revision up to which the conversation's messages are here; None: never pulled."""
        return await self._run(Ledger.conversation_cursor, conversation_id)

    async def standing(self, conversation_id: str | None) -> tuple[int, int | None]:
        """Return what ``user_cursor`` and ``conversation_cursor`` return, for the diagnostics only.

        To read a cursor there is to begin a pull: ``apply`` refuses the pages of one that began before the
        cache was lost, and must not take a look in between for a new beginning.
        """
        return await self._run(Ledger.standing, conversation_id)

    async def behind(self) -> Mapping[str, int]:
        """Return the conversations with messages here that changed past their cursor; newest first.

        Each with the revision to reach. A conversation that was never pulled is not among them.
        """
        return await self._run(Ledger.behind)

    async def has_older(self, conversation_id: str) -> bool:
        """Tell whether the server may have messages older than the oldest one here."""
        return await self._run(Ledger.has_older, conversation_id)

    async def oldest_seq(self, conversation_id: str) -> int | None:
        """Return the smallest message number here, from which older pages are asked for."""
        return await self._run(Ledger.oldest_seq, conversation_id)

    # Searching

    async def search(
        self, query: str, limit: int = 50, conversation_id: str | None = None
    ) -> tuple[SearchHit, ...]:
        """Return the newest messages that hold every word of the query, newest first.

        Case and accents do not count, the last word may be unfinished, and nothing in the query is syntax.
        """
        return await self._run(lambda ledger: ledger.search().messages(query, limit, conversation_id))

    async def search_titles(self, query: str, limit: int = 20) -> tuple[TitleHit, ...]:
        """Return the conversations whose title holds every word of the query, in the order of the list."""
        return await self._run(lambda ledger: ledger.search().titles(query, limit))

    async def find(self, query: str, conversation_id: str) -> tuple[str, ...]:
        """Return the ids of the messages of a conversation that match, in its order; 10,000 at most."""
        return await self._run(lambda ledger: ledger.search().places(query, conversation_id))

    async def coverage(self) -> tuple[int, int]:
        """Return how many messages ``search`` looks through, and how many there are as far as is known."""
        return await self._run(lambda ledger: ledger.search().coverage())

    async def tidy_index(self) -> bool:
        """Do a slice (about 10 ms) of what the index put off; tell whether there is more."""
        return await self._run(lambda ledger: tidy(ledger.opened.cache))

    async def missing(self, besides: Collection[str] = ()) -> Missing | None:
        """Return which page of messages to fetch next so that one day all are here; None when they are.

        Conversations without any messages here come first, then the older pages of the others, the newest
        conversations before the rest.
        """
        return await self._run(lambda ledger: read_missing(ledger.opened.cache, besides))

    async def unfetched(self) -> Mapping[str, int]:
        """Return the listed conversations that are not here whole, newest first.

        Each with the number of its messages that the server may have and that are not here.
        """
        return await self._run(lambda ledger: read_unfetched(ledger.opened.cache))

    # Rows of the server

    async def apply(
        self,
        batch: RowBatch,
        *,
        user_cursor: int | None = None,
        conversation_cursors: Mapping[str, int] = _NOTHING,
        complete_from: Mapping[str, bool] = _NOTHING,
    ) -> ChangeSet:
        """Store rows that are newer than the stored ones, in one transaction; cursors only move forward.

        ``user_cursor``: the batch is a page of the user's changes, complete to that revision.
        ``conversation_cursors``: the batch holds a conversation's messages, complete to that revision.
        ``complete_from``: the batch holds a page of messages by number, adjoining what is here; True when no
        older ones exist on the server, else False. Such a page sets the cursor of a conversation that has
        none, and never moves one: it does not tell what else has changed.
        Rows of a removed or deleted conversation are dropped, unless a newer page of changes re-adds it.
        Raises ``Retryable`` when the cache was lost during a pull: read the cursor again and begin anew.
        """
        return await self._run(
            Ledger.apply, batch, user_cursor, dict(conversation_cursors), dict(complete_from)
        )

    async def apply_events(self, events: Sequence[RemoteChange]) -> tuple[ChangeSet, Gaps]:
        """Store the events of one frame's worth, in any order, at once; say what must be pulled."""
        return await self._run(Ledger.apply_events, tuple(events))

    # The outbox

    async def enqueue(self, mutation: Mutation, files: Mapping[str, bytes] = _NOTHING) -> ChangeSet:
        """Accept a change: it is on the disk when this returns, and shown by the answer.

        ``files`` are the bytes that its message names, by path; they wait with it.
        Raises ``BadInput`` for text that no server can store; ``ChatDeskError`` when the disk is full. Then
        nothing was accepted.
        """
        return await self._run(lambda ledger: ledger.pending.enqueue(mutation, dict(files)))

    async def next_entries(self) -> tuple[OutboxEntry, ...]:
        """Return, for each lane, the entry that may be sent now."""
        return await self._run(lambda ledger: ledger.pending.next_entries())

    async def outbox(self) -> tuple[OutboxEntry, ...]:
        """Return every entry with its state, oldest first."""
        return await self._run(lambda ledger: ledger.opened.outbox.listing())

    async def unsent_file(self, path: str) -> bytes | None:
        """Return a file that waits with an unsent message; None when none of that path is whole and here."""
        return await self._run(lambda ledger: ledger.opened.outbox.files.read(path))

    async def reply_wishes(self) -> tuple[ReplyWish, ...]:
        """Return the messages of this instance that a model is still to be asked to answer."""
        return await self._run(lambda ledger: ledger.opened.outbox.wishes())

    async def forget_wish(self, message_id: str) -> None:
        """Note that the server has said whose call it is, or that nobody is to be asked."""
        await self._run(lambda ledger: ledger.opened.outbox.forget_wishes([message_id]))

    async def mark_sending(self, mutation_id: str) -> ChangeSet:
        return await self._run(lambda ledger: ledger.pending.mark(mutation_id, OutboxState.SENDING))

    async def mark_waiting(self, mutation_id: str) -> ChangeSet:
        """Note a try that failed but may be repeated."""
        return await self._run(lambda ledger: ledger.pending.mark(mutation_id, OutboxState.WAITING))

    async def acknowledge(self, mutation_id: str, rows: RowBatch) -> ChangeSet:
        """Store the server's answer and remove the entry.

        Raises ``Retryable`` when the answer lacks the row that the entry was to create.
        """
        return await self._run(lambda ledger: ledger.pending.acknowledge(mutation_id, rows))

    async def reject(self, mutation_id: str, reason: str) -> ChangeSet:
        """Note that the server refused a change for good; what depends on it waits for a retry or discard."""
        return await self._run(lambda ledger: ledger.pending.reject(mutation_id, reason))

    async def retry(self, entity_id: str) -> ChangeSet:
        """Let the refused changes of a row go again."""
        return await self._run(lambda ledger: ledger.pending.retry(entity_id))

    async def discard(self, entity_id: str) -> ChangeSet:
        """Take back the refused changes of a row or, if none was refused, those not yet on their way.

        Messages that answered a discarded one then answer its parent. With a conversation that was never made
        its messages go too; their text becomes the draft of the composer without a conversation (``""``).
        """
        return await self._run(lambda ledger: ledger.pending.discard(entity_id))

    async def outbox_counts(self) -> tuple[int, int]:
        """Return how many changes still go, and how many were refused."""
        return await self._run(lambda ledger: ledger.opened.outbox.counts())

    # What only this instance knows

    async def draft(self, conversation_id: str) -> str:
        """Return the unsent text of a conversation's composer (``""``: the one without a conversation)."""
        return await self._run(lambda ledger: ledger.opened.outbox.draft(conversation_id))

    async def save_draft(self, conversation_id: str, text: str) -> None:
        await self._run(lambda ledger: ledger.opened.outbox.save_draft(conversation_id, text))

    async def draft_files(self, conversation_id: str) -> tuple[NewFile, ...]:
        """Return the files that wait with the unsent text of a conversation's composer."""
        return await self._run(lambda ledger: ledger.opened.outbox.draft_files.read(conversation_id))

    async def save_draft_files(self, conversation_id: str, files: Sequence[NewFile]) -> None:
        await self._run(lambda ledger: ledger.opened.outbox.draft_files.write(conversation_id, files))

    async def setting(self, key: str) -> str | None:
        return await self._run(Ledger.setting, key)

    async def save_setting(self, key: str, value: str) -> None:
        await self._run(Ledger.save_setting, key, value)

    # The end

    async def begin_sign_out(self) -> None:
        """Mark the sign-out: every other instance of this account on this computer sees it.

        Whatever was opened before is emptied by its holder, or by whoever takes its place next.
        """
        await self._run(Ledger.begin_sign_out)

    async def was_signed_out(self) -> bool:
        """Tell whether this account was signed out on this computer since this store was opened."""
        return await self._run(Ledger.was_signed_out)

    async def erase(self) -> None:
        """Sign-out: remove the files of this slot and of slots whose instance is gone; then ``close``."""
        await self._run(Ledger.erase)

    async def close(self) -> None:
        """Finish what was begun, close the files, give the slot back; safe to call twice."""
        await self._worker.finish(self._ledger.close)

    async def _run(self, work: Callable[..., T], *args: object) -> T:
        return await self._worker.run(self._ledger.call, work, *args)


def _close_all(made: list[Ledger]) -> None:
    for ledger in made:
        ledger.close()
