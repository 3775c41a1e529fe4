"""What a store must show, as plain dictionaries: the server's rows that came, and the own changes."""

from __future__ import annotations

from dataclasses import dataclass, field

from chatdesk.domain.change import RowBatch
from chatdesk.domain.conversation import Conversation
from chatdesk.domain.message import DeliveryState, Message
from chatdesk.domain.mutation import Mutation, MutationKind
from tests.unit.store.rows import at, conversation, message, sent

CHATS = ("a", "b")


@dataclass
class Change:
    """One own change in the model."""

    mutation: Mutation
    state: str = "waiting"


@dataclass
class Chat:
    """One conversation on the model's server."""

    title: str
    revision: int = 1
    messages: list[Message] = field(default_factory=list)
    delivered: dict[str, Message] = field(default_factory=dict)
    known: Conversation | None = None
    renames: list[Conversation] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    """The revisions that messages took."""


class StoreModel:
    """The server's life, and what this instance has done."""

    def __init__(self) -> None:
        self.chats = {name: Chat(f"Title {name}", known=conversation(name)) for name in CHATS}
        self.changes: list[Change] = []
        self.serial = 0

    def next(self) -> int:
        self.serial += 1
        return self.serial

    def know(self, row: Conversation) -> None:
        known = self.chats[row.id].known
        if known is None or known.revision < row.revision:
            self.chats[row.id].known = row

    def lane(self, name: str) -> list[Change]:
        return [change for change in self.changes if change.mutation.lane == name]

    def heads(self) -> list[Change]:
        found = []
        for name in CHATS:
            stuck: set[str] = set()
            for change in self.lane(name):
                if change.state == "failed" or change.mutation.args.get("p_parent_id") in stuck:
                    stuck.add(change.mutation.entity_id)
                else:
                    found += [change] if change.state == "waiting" else []
                    break
        return sorted(found, key=self.changes.index)

    def shown(self, name: str) -> set[tuple[str, str, str | None, str | None, str]]:
        words = {
            "waiting": DeliveryState.PENDING,
            "sending": DeliveryState.SENDING,
            "failed": DeliveryState.FAILED,
        }
        rows = {
            row.id: (row.id, row.content, row.parent_id, row.error, DeliveryState.SENT.value)
            for row in self.chats[name].delivered.values()
        }
        for change in self.lane(name):
            mutation = change.mutation
            if mutation.kind is MutationKind.SEND_MESSAGE:
                state = words[change.state].value
                args = mutation.args
                optimistic = (mutation.entity_id, args["p_content"], args["p_parent_id"], None, "")
                rows[mutation.entity_id] = (*rows.get(mutation.entity_id, optimistic)[:4], state)
        return set(rows.values())

    def accept(self, name: str, message_id: str, text: str) -> Message:
        chat = self.chats[name]
        chat.revision += 1
        chat.numbers.append(chat.revision)
        seq = len(chat.messages) + 1
        row = message(name, seq, chat.revision, id=message_id, content=text, author_id="stranger")
        chat.messages.append(row)
        return row

    def carry_out(self, mutation: Mutation) -> RowBatch:
        """What the server does: once per id, whatever is repeated."""
        chat = self.chats[mutation.lane]
        if mutation.kind is MutationKind.UPDATE_CONVERSATION:
            chat.revision += 1
            chat.title = mutation.args["p_updates"]["title"]
            chat.renames.append(self.server_row(mutation.lane))
            return RowBatch(conversations=(chat.renames[-1],))
        there = [row for row in chat.messages if row.id == mutation.entity_id]
        if not there:
            chat.revision += 1
            chat.numbers.append(chat.revision)
            there = [sent(mutation, len(chat.messages) + 1, chat.revision)]
            chat.messages += there
        return RowBatch(messages=(there[0],))

    def server_row(self, name: str) -> Conversation:
        chat = self.chats[name]
        return conversation(
            name, chat.revision, title=chat.title, last_seq=len(chat.messages), updated_at=at(chat.revision)
        )
