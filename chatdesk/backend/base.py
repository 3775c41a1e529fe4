"""The ports of the back end: what the sync engine may ask, whatever stands behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from chatdesk.domain.change import EntityChanged, RemoteChange, RowBatch
from chatdesk.domain.ephemeral import Broadcast, Ephemeral, MemberMarks
from chatdesk.domain.generation import Generation
from chatdesk.domain.mutation import Mutation
from chatdesk.domain.presence import Sign
from chatdesk.domain.sharing import SharingKind


@dataclass(frozen=True, slots=True)
class ChangesPage:
    """One page of ``pull_changes``: the user's world after a cursor.

    ``changed`` names every entity of the page, ``rows`` holds their rows, ``cursor`` is the user revision
    up to which the page is complete; ``more`` says that another page follows.
    """

    changed: tuple[EntityChanged, ...]
    rows: RowBatch
    cursor: int
    more: bool


@dataclass(frozen=True, slots=True)
class MessagesPage:
    """One page of messages of a conversation.

    ``cursor`` is the conversation revision that the page is complete to. For ``page_messages`` (older pages)
    it is the conversation's revision in the same snapshot, and ``more`` says that older messages exist.
    """

    rows: RowBatch
    cursor: int
    more: bool


@dataclass(frozen=True, slots=True)
class GenerationReply:
    """What a generation RPC answered: the lease as it now stands and the rows it changed.

    ``claimed`` is False when another instance already runs, or ran, this turn.
    """

    generation: Generation | None
    rows: RowBatch
    claimed: bool = True


class Remote(Protocol):
    """Requests to the back end in the name of one signed-in user.

    Every method raises ``Offline``, ``Retryable``, ``Refused`` or ``NeedsSignIn``.
    """

    async def push(self, mutation: Mutation) -> RowBatch:
        """Carry out a mutation; return the server's rows. An answer without the row is ``Retryable``."""
        ...

    async def pull_changes(self, after: int, limit: int = 200) -> ChangesPage: ...

    async def pull_messages(self, conversation_id: str, after: int, limit: int = 200) -> MessagesPage: ...

    async def page_messages(
        self, conversation_id: str, before_seq: int | None, limit: int = 100
    ) -> MessagesPage: ...

    async def claim_generation(
        self, *, generation_id: str, message_id: str, reply_to: str, attempt: int, holder: str, model: str
    ) -> GenerationReply: ...

    async def renew_generation(
        self, generation_id: str, fence: int, content: str | None
    ) -> GenerationReply: ...

    async def finish_generation(
        self,
        generation_id: str,
        fence: int,
        *,
        status: str,
        content: str,
        usage: Mapping[str, Any] | None,
        error: str | None,
    ) -> GenerationReply: ...

    async def stop_generation(self, message_id: str) -> GenerationReply: ...

    async def put_file(self, path: str, content: bytes, media_type: str) -> None:
        """Store a file that a message is going to name; the same again changes nothing."""
        ...

    async def get_file(self, path: str) -> bytes:
        """Return a file that a message names."""
        ...

    async def reap_generations(self, conversation_id: str) -> GenerationReply: ...

    async def member_marks(self, conversation_id: str) -> MemberMarks:
        """Return how many members a conversation has, and how far they have read as far as they show it."""
        ...


@dataclass(frozen=True, slots=True)
class ImportReply:
    """What became of imported conversations, by their ids, and the rows of those that were made.

    A fate is one of ``made``, ``grown`` (got messages), ``same`` (nothing was missing), ``gone`` (was deleted
    here before) and ``taken`` (the id is somebody else's).
    """

    fates: Mapping[str, str]
    rows: RowBatch


class Importer(Protocol):
    """Adds conversations with their times; what is there already is left as it is. Raises like ``Remote``."""

    async def import_conversations(self, conversations: Sequence[Mapping[str, Any]]) -> ImportReply:
        """Import at most 200 conversations with at most 500 messages, as the RPC's own JSON objects."""
        ...

    async def put_file(self, path: str, content: bytes, media_type: str) -> None:
        """Store a file that a message is going to name; the same again changes nothing."""
        ...


class SharingCalls(Protocol):
    """What people do with each other. Raises like ``Remote``; every call may be repeated."""

    async def share(self, kind: SharingKind, args: Mapping[str, Any]) -> RowBatch:
        """Carry out a call; returns the conversation, the own membership and the roster where it has them."""
        ...


class AvatarStore(Protocol):
    """Profile pictures."""

    async def upload(self, user_id: str, image: bytes, content_type: str) -> str:
        """Store a picture; return the path to keep in the profile."""
        ...

    async def download(self, path: str) -> bytes: ...


class TokenSource(Protocol):
    """Hands out access tokens that are good for at least a minute."""

    async def access_token(self) -> str:
        """Return a token; raises ``NeedsSignIn``, ``Offline`` or ``Retryable``."""
        ...


class ChannelState:
    """How a channel stands, as words: ``JOINED``, ``REFUSED`` (do not retry with this token), ``LOST``."""

    JOINED = "joined"
    REFUSED = "refused"
    LOST = "lost"


FrameListener = Callable[[RemoteChange | Ephemeral], None]
ChannelListener = Callable[[str, str, str | None], None]
"""Called with (topic, one of ``ChannelState``, reason)."""


class Feed(Protocol):
    """One websocket and its channels. It is thrown away when broken; nobody repairs it.

    Callbacks run on the event loop, in arrival order, and must only queue.
    """

    async def open(self, token: str) -> None:
        """Connect; raises ``Offline`` or ``NeedsSignIn``."""
        ...

    async def join(self, topic: str) -> None:
        """Join a private channel; the outcome arrives at the channel listener. Raises ``Offline``."""
        ...

    async def leave(self, topic: str) -> None:
        """Leave a channel and wait for the server's word (10 s at most)."""
        ...

    async def renew(self, token: str) -> None:
        """Give every joined channel a fresh token."""
        ...

    async def send(self, topic: str, change: Broadcast) -> None:
        """Broadcast to the other members of a ``...:live`` topic; lost if the link is down."""
        ...

    async def track(self, topic: str, sign: Sign | None) -> None:
        """Show ``sign`` on a joined topic instead of what was shown there, or nothing; lost if the link is
        down. The server allows five calls in 30 s and closes the channel at the sixth. What leaves or dies
        is shown no longer without a call."""
        ...

    async def beat(self) -> None:
        """Ask the server for a sign of life; raises ``Offline`` when none comes in 10 s."""
        ...

    async def close(self) -> None:
        """Close the socket and every task behind it; safe to call twice."""
        ...


class FeedFactory(Protocol):
    """Makes a new feed for every connection, and knows whether there is anybody to connect to."""

    def __call__(self, on_frame: FrameListener, on_channel: ChannelListener) -> Feed: ...

    async def reachable(self) -> bool:
        """Tell within 2 s whether something listens at the address; nothing is asked of it. Never raises."""
        ...
