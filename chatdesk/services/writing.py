"""From what a person wrote to a change that is safe on the disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chatdesk.domain.attachment import NewFile, attach, check_together, described
from chatdesk.domain.errors import BadInput
from chatdesk.domain.message import Role
from chatdesk.domain.mutation import Mutation
from chatdesk.domain.text import MAX_CONTENT, title_from
from chatdesk.services.mutations import NEW_TITLE, MutationMaker
from chatdesk.services.shown_pages import ShownPages
from chatdesk.store.store import Store
from chatdesk.sync.engine import SyncEngine

Files = Sequence[NewFile]


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to be sent: after ``after``, the last one its author saw, or as a version of ``replaces``.

    ``wants_reply``: the wish for a model's answer is as durable as the message.
    """

    id: str
    conversation_id: str
    role: Role
    content: str
    after: str | None = None
    replaces: str | None = None
    files: tuple[NewFile, ...] = ()
    wants_reply: bool = False


class MessageWriter:
    """Finds the place of a message among what its author sees, and hands it to the outbox."""

    def __init__(self, store: Store, engine: SyncEngine, make: MutationMaker, pages: ShownPages) -> None:
        self._store = store
        self._engine = engine
        self._make = make
        self._pages = pages

    async def write(self, letter: Letter) -> bool:
        """Submit a message, which is on the disk then; tell whether it is the conversation's first.

        Raises ``BadInput`` for what cannot be a message, ``ChatDeskError`` when the disk is full.
        """
        if not letter.content.strip() and not letter.files:
            raise BadInput("The message is empty.", "Write something first.")
        if len(letter.content) > MAX_CONTENT:
            raise BadInput(f"The message is longer than {MAX_CONTENT:,} characters.", "Send it in parts.")
        check_together([len(file.content) for file in letter.files])
        parent, first_version = await self._place(letter)
        placed = attach(letter.files, letter.conversation_id, letter.id)
        await self._engine.submit(
            self._make.send_message(
                letter.id,
                letter.conversation_id,
                parent,
                letter.role.value,
                letter.content,
                first_version,
                [described(path, file) for path, file in placed.items()],
                letter.wants_reply,
            ),
            {path: file.content for path, file in placed.items()},
        )
        return parent is None and first_version is None

    async def entitle(self, letter: Letter) -> Mutation | None:
        """Name a conversation that has no name yet after its first message; None when it has one."""
        entry = await self._store.entry(letter.conversation_id)
        if entry is None or entry.conversation.title != NEW_TITLE:
            return None
        title = title_from(letter.content) or letter.files[0].name
        return self._make.update_conversation(letter.conversation_id, {"title": title})

    async def _place(self, letter: Letter) -> tuple[str | None, str | None]:
        """Return what the message answers and which first version it replaces."""
        if letter.replaces is None:
            choices = await self._pages.choices(letter.conversation_id)
            return await self._store.tip(letter.conversation_id, choices, letter.after), None
        replaced = await self._store.message(letter.replaces)
        if replaced is None or replaced.conversation_id != letter.conversation_id:
            raise BadInput("The message to edit is not here any more.", "Send the text as a new message.")
        return replaced.parent_id, replaced.replaces or replaced.id
