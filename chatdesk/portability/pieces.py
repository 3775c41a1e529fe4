"""Messages as they come out of a file, put in order: every reference leads to an earlier message."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from chatdesk.portability.limits import PIECE_CHARACTERS, PIECE_FILES, PIECE_MESSAGES
from chatdesk.portability.records import ConversationRecord, MessageRecord, Piece


class PieceMaker:
    """Takes the messages of one conversation and hands them on in pieces.

    A message whose parent is not there hangs below the one before it, so that no text is lost; a version
    that does not stand where the other one stands is a message like any other; of two with one key the first
    counts.
    """

    def __init__(self, conversation: ConversationRecord) -> None:
        self._conversation = conversation
        self._places: dict[str, tuple[str | None, str | None]] = {}
        """Key -> (parent, the first version of it)."""
        self._last: str | None = None
        self._waiting: list[MessageRecord] = []
        self._characters = 0
        self._bytes = 0
        self._begun = False

    @property
    def title(self) -> str:
        """What the conversation is called."""
        return self._conversation.title

    def take(self, message: MessageRecord) -> Iterator[Piece]:
        """Take one message; yields a piece when there is enough for one."""
        if message.key in self._places:
            return
        parent = message.parent
        if parent is not None and parent not in self._places:
            parent = self._last
        first = None
        if message.replaces in self._places and message.replaces is not None:
            place, root = self._places[message.replaces]
            first = (root or message.replaces) if place == parent else None
        self._places[message.key] = (parent, first)
        self._last = message.key
        if self._characters and self._characters + len(message.content) > PIECE_CHARACTERS:
            yield self._piece()
        self._waiting.append(replace(message, parent=parent, replaces=first))
        self._characters += len(message.content)
        self._bytes += sum(len(file.content or b"") for file in message.files)
        if len(self._waiting) >= PIECE_MESSAGES or self._bytes >= PIECE_FILES:
            yield self._piece()

    def end(self) -> Iterator[Piece]:
        """Yield what is left; a conversation without messages is one piece as well."""
        if self._waiting or not self._begun:
            yield self._piece()

    def _piece(self) -> Piece:
        made = Piece(self._conversation, tuple(self._waiting), first=not self._begun)
        self._begun = True
        self._waiting = []
        self._characters = self._bytes = 0
        return made
