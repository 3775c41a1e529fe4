"""What a model is given to read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from chatdesk.domain.attachment import Attachment
from chatdesk.domain.conversation import Conversation
from chatdesk.domain.errors import ChatDeskError, Offline
from chatdesk.domain.message import Message, MessageStatus, Role
from chatdesk.providers.base import Turn
from chatdesk.providers.windows import estimate, fitted
from chatdesk.services.attached_context import AttachedFiles, ReadFile
from chatdesk.store.store import Store

MAX_MESSAGES = 1_000
"""The newest messages that are looked at, however large the model's window is."""

MAX_PAGES = 20
"""The older pages that are fetched for one reply, of a conversation that is not whole on this computer."""

LoadOlder = Callable[[str], Awaitable[bool]]
"""Fetches the page before the oldest message here; raises ``ChatDeskError``."""

STRANGER = "Somebody"
"""How a model is told of a person whose profile is not here."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a model reads: ``turns``, the system prompt first.

    ``left_out`` is how many earlier messages it does not, counted by their numbers where they are not here,
    and ``begins_at`` the oldest message that it does, empty when nothing is left out.
    """

    turns: list[Turn]
    left_out: int = 0
    begins_at: str = ""


async def reading_for(
    store: Store,
    conversation: Conversation,
    message_id: str,
    choices: Mapping[str, str],
    window: int,
    *,
    read: ReadFile | None = None,
    load_older: LoadOlder | None = None,
    more: tuple[Turn, ...] = (),
) -> Reading:
    """Collect what is shown up to ``message_id``, oldest first, as far as ``window`` tokens reach.

    The model reads what the user sees: of each message the chosen version, and what others wrote at the same
    moment. Deleted and unfinished messages are skipped. ``read`` brings the files of messages, ``more`` are
    turns behind the last message. Where several people wrote, each of their messages begins with its author's
    name.
    """
    path = await _path(store, conversation.id, message_id, choices, window, load_older)
    told = await _signed(store, [message for message in path if _is_told(message)])
    files = AttachedFiles(read or _unread)
    turns = [await files.turn(message) for message in reversed(told)]
    turns.reverse()
    head = [Turn(Role.SYSTEM, conversation.system_prompt)] if conversation.system_prompt else []
    kept, cut = fitted([*head, *turns, *more], window)
    before = await _missing(store, conversation.id, path)
    if not before + cut:
        return Reading(kept)
    return Reading(kept, before + cut, told[cut].id if cut < len(told) else "")


async def _path(
    store: Store,
    conversation_id: str,
    message_id: str,
    choices: Mapping[str, str],
    window: int,
    load_older: LoadOlder | None,
) -> tuple[Message, ...]:
    """Return the path to a message; what is not on this computer is fetched while there is room for it."""
    for _page in range(MAX_PAGES):
        path = await store.path(conversation_id, choices, message_id, MAX_MESSAGES)
        if load_older is None or len(path) >= MAX_MESSAGES or _begins(path):
            return path
        if not await store.has_older(conversation_id):
            return path
        if sum(estimate(message.content) for message in path) > window:
            return path
        try:
            if not await load_older(conversation_id):
                return path
        except ChatDeskError:
            return path  # An answer to what is here is better than none; the reply says what was left out.
    return path


async def _missing(store: Store, conversation_id: str, path: tuple[Message, ...]) -> int:
    """Return how many messages are before the first one of ``path``, as far as it does not begin the talk."""
    if _begins(path) or (len(path) < MAX_MESSAGES and not await store.has_older(conversation_id)):
        return 0
    return (path[0].seq or 1) - 1


def _begins(path: tuple[Message, ...]) -> bool:
    """Whether a path begins with the first message of all, or with one that has no number yet."""
    return not path or path[0].seq is None or path[0].seq <= 1


def _is_told(message: Message) -> bool:
    return (
        message.deleted_at is None
        and bool(message.content or message.attachments)
        and message.status is not MessageStatus.STREAMING
    )


async def _signed(store: Store, told: list[Message]) -> list[Message]:
    """Put the author's name before what people wrote, unless only one person did."""
    authors = {(message.author_id, message.author_name) for message in told if message.role is Role.USER}
    if len(authors) < 2:
        return told
    profiles = {author: await store.profile(author) for author, _name in authors if author}
    known = {author: profile.label for author, profile in profiles.items() if profile is not None}
    return [
        replace(message, content=f"{_signature(message, known)}: {message.content}")
        if message.role is Role.USER
        else message
        for message in told
    ]


def _signature(message: Message, known: Mapping[str, str]) -> str:
    return (
        known.get(message.author_id or "")
        or (message.author_name and f"{message.author_name} (copied)")
        or STRANGER
    )


async def _unread(_attachment: Attachment) -> bytes:
    raise Offline("Files are not read here.")
