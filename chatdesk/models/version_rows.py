"""Which of the loaded messages are rows, and which wait beside because another version is shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from chatdesk.domain.branch import Branches, Reshaped, Versions, node_of
from chatdesk.domain.message import Message, MessageStatus


@dataclass(slots=True)
class Turnover:
    """What a change means for the rows: those that go, those that come, and whose versions are others now."""

    hidden: set[str] = field(default_factory=set)
    revealed: set[str] = field(default_factory=set)
    recounted: set[str] = field(default_factory=set)
    arrived: list[tuple[str, str]] = field(default_factory=list)
    """(the version shown, the one that came): written elsewhere, and left for the reader to look at."""

    def take(self, reshaped: Reshaped) -> None:
        """Add what one change of the tree did."""
        for each in reshaped.hidden:
            self.revealed.discard(each)
            self.hidden.add(each)
        for each in reshaped.revealed:
            self.hidden.discard(each)
            self.revealed.add(each)


class VersionRows:
    """The tree of the open conversation and its loaded messages that are not shown.

    A conversation in which nothing was ever edited or answered twice costs nothing here: its tree is empty
    until the first version comes.

    What comes from elsewhere never takes away what is being read: the version on screen stays, unless it is
    the newest and last thing on screen and the reader is at the end (``following``). A version that this
    window asked for (``expected``) is shown as it comes.
    """

    def __init__(self) -> None:
        self.tree = Branches()
        self.aside: dict[str, Message] = {}
        self.expected: set[str] = set()
        self.following = True
        self.streaming: set[str] = set()
        self.newest_seq = 0

    def start(self, tree: Branches | None, messages: Sequence[Message]) -> list[Message]:
        """Begin with other messages; returns those that are shown."""
        self.tree = tree if tree is not None else Branches()
        self.aside.clear()
        self.expected.clear()
        self.streaming.clear()
        self.newest_seq = 0
        self.note(messages, ())
        return self.sort_out(messages)

    def sort_out(self, messages: Iterable[Message]) -> list[Message]:
        """Return the messages that are shown and keep the others."""
        shown = []
        for message in messages:
            if self.tree.is_hidden(message.id):
                self.aside[message.id] = message
            else:
                shown.append(message)
        return shown

    def note(self, messages: Sequence[Message], rows: Iterable[Message]) -> Turnover:
        """Take loaded messages into the tree; ``rows`` are all that are shown now."""
        turnover = Turnover()
        for message in messages:
            self._track(message)
        if self._wakes(messages, rows):
            before = self._counts(messages)
            turnover.take(self.tree.put(map(node_of, messages)))
            self._recount(turnover, before)
        return turnover

    def arrive(self, messages: Sequence[Message], rows: Iterable[Message], last: str | None) -> Turnover:
        """Take in what came or changed while the conversation is open; ``last`` is the id of the last row."""
        turnover = Turnover()
        for message in messages:
            self._track(message)
        if not self._wakes(messages, rows):
            return turnover
        before = self._counts(messages)
        fresh = [m for m in messages if m.replaces is not None and m.id not in self.tree.nodes]
        shown_before = {message.id: self._shown_before(message) for message in fresh}
        turnover.take(self.tree.put(map(node_of, messages)))
        for message in fresh:
            shown, newest = shown_before[message.id]
            if message.id in self.expected:
                self.expected.discard(message.id)
                turnover.take(self.tree.reveal(message.id))
            elif (
                last is not None and message.replaces is not None and message.replaces not in self.tree.nodes
            ):
                # What it replaces lies before the loaded part, and what is on screen may hang below that.
                self.tree.choices.setdefault(message.replaces, message.replaces)
                turnover.arrived.append((message.replaces, message.id))
            elif shown is None:
                continue
            elif self.following and shown == last and newest:
                turnover.take(self.tree.choose(message.id))
                turnover.arrived.append((message.id, message.id))
            else:
                turnover.take(self.tree.choose(shown))
                if not self.tree.is_hidden(shown):
                    turnover.arrived.append((shown, message.id))
        self._recount(turnover, before)
        return turnover

    def drop(self, message_id: str) -> Turnover:
        """Forget a message that was never sent."""
        turnover = Turnover()
        node = self.tree.nodes.get(message_id)
        before = self._probe([] if node is None else [node.parent_id, node.replaces])
        self.aside.pop(message_id, None)
        self.streaming.discard(message_id)
        turnover.take(self.tree.drop(message_id))
        self._recount(turnover, before)
        return turnover

    def show(self, message_id: str) -> Turnover:
        """Choose whatever versions it takes to show a message."""
        turnover = Turnover()
        before = self._probe([message_id])
        turnover.take(self.tree.reveal(message_id))
        self._recount(turnover, before)
        return turnover

    def versions(self, message_id: str) -> Versions | None:
        """Return the versions of a shown message, None when there is only this one."""
        return self.tree.versions(message_id)

    def _wakes(self, messages: Sequence[Message], rows: Iterable[Message]) -> bool:
        """Whether the tree is in use; the first version makes it so, with everything loaded before."""
        if self.tree.nodes:
            return True
        if all(message.replaces is None for message in messages):
            return False
        new = {message.id for message in messages}
        self.tree.put(node_of(row) for row in rows if row.id not in new)
        return True

    def _shown_before(self, message: Message) -> tuple[str | None, bool]:
        """The version on screen, unless it is newer than the one that comes; whether it is the newest."""
        shown = self.tree.shown_version(message.replaces or message.id)
        node = self.tree.nodes.get(shown or "")
        if shown is None or node is None or node.order > message.order:
            return None, False
        versions = self.tree.versions(shown)
        return shown, versions is None or versions.ids[-1] == shown

    def _counts(self, messages: Iterable[Message]) -> dict[str, Versions | None]:
        """The versions of everything that these messages may add to or take from."""
        found: list[str | None] = []
        for message in messages:
            if self.tree.nodes.get(message.id) != node_of(message):
                # A deleted version counts while something hangs below it, so parents may be concerned.
                found += [message.id, message.parent_id, message.replaces]
        return self._probe(found)

    def _probe(self, ids: Iterable[str | None]) -> dict[str, Versions | None]:
        return {each: self._shown_versions(each) for each in ids if each is not None}

    def _shown_versions(self, message_id: str) -> Versions | None:
        shown = self.tree.shown_version(message_id)
        return None if shown is None else self.tree.versions(shown)

    def _recount(self, turnover: Turnover, before: dict[str, Versions | None]) -> None:
        for message_id, versions in before.items():
            shown = self.tree.shown_version(message_id)
            if shown is not None and self._shown_versions(message_id) != versions:
                turnover.recounted.add(shown)

    def _track(self, message: Message) -> None:
        self.newest_seq = max(self.newest_seq, message.seq or 0)
        if message.status is MessageStatus.STREAMING and message.deleted_at is None:
            self.streaming.add(message.id)
        else:
            self.streaming.discard(message.id)
