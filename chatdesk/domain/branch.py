"""Versions of messages, and which of them a window shows.

Messages are a tree by ``parent_id``, but siblings are of two kinds. A message that names another one in
``replaces`` (an edit, or one more reply to the same question) is a **version** of it: of all versions
exactly one is shown, and what hangs below the others is not. Siblings that replace nothing are people who
wrote at the same moment: they are all shown, one after the other. So nothing disappears from a screen unless
somebody asked for a version.

What is shown stands in the order of the conversation (``Message.order``), never in the order of the tree: a
message that comes is below what was there before.

Everything here is total: rows may be missing, doubled or wrong. An edge counts only when it leads back to an
earlier message, so there are no cycles; a parent that is not known hides nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from chatdesk.domain.message import Message

Order = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Node:
    """A message without its text; ``order`` as ``Message.order``."""

    id: str
    parent_id: str | None
    replaces: str | None
    order: Order
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions of a message, oldest first, and the place of the shown one among them, from 0."""

    ids: tuple[str, ...]
    place: int

    def neighbour(self, step: int) -> str | None:
        """Return the version ``step`` places on, None beyond the ends."""
        place = self.place + step
        return self.ids[place] if 0 <= place < len(self.ids) else None


@dataclass(frozen=True, slots=True)
class Reshaped:
    """Messages that a change took off the screen, and that it brought there."""

    hidden: frozenset[str] = frozenset()
    revealed: frozenset[str] = frozenset()


def node_of(message: Message) -> Node:
    """Return a message's place in the tree."""
    return Node(
        message.id, message.parent_id, message.replaces, message.order, message.deleted_at is not None
    )


def shown_path(nodes: Iterable[Node], choices: Mapping[str, str]) -> tuple[str, ...]:
    """Return the ids of the messages shown under ``choices`` (family -> version), in their order."""
    tree = Branches(nodes, choices)
    shown = (node for node in tree.nodes.values() if not tree.is_hidden(node.id))
    return tuple(node.id for node in sorted(shown, key=lambda node: node.order))


class Branches:
    """The tree of one conversation, with the version chosen at each fork.

    A family is all versions of one message; its key is the id of the first. ``choices`` maps keys to
    versions; without a choice, or when the chosen one is not there, the newest version is shown. A deleted
    version counts only while something hangs below it. Changes cost as much as the parts of the tree that
    they show or hide.
    """

    def __init__(self, nodes: Iterable[Node] = (), choices: Mapping[str, str] | None = None) -> None:
        self.nodes: dict[str, Node] = {}
        self.choices: dict[str, str] = dict(choices or {})
        self._children: dict[str, set[str]] = {}
        self._replacing: dict[str, set[str]] = {}
        self._hidden: set[str] = set()
        self.put(nodes)

    @property
    def forked(self) -> bool:
        """Whether any message has versions; without them everything is shown."""
        return bool(self._replacing)

    @property
    def incomplete(self) -> bool:
        """Whether the first version of a message is not here: then it is not known what belongs below it."""
        return any(target not in self.nodes for target in self._replacing)

    def is_hidden(self, message_id: str) -> bool:
        """Whether a message belongs to a version that is not shown; unknown messages are shown."""
        return message_id in self._hidden

    def family(self, message_id: str) -> str:
        """Return the key of the message's family: the first message that it goes back to."""
        node = self.nodes.get(message_id)
        while node is not None and (target := self._target(node)) is not None:
            message_id, node = target, self.nodes.get(target)
        return message_id

    def versions(self, message_id: str) -> Versions | None:
        """Return the versions of a shown message, None when there is only this one."""
        if not self._replacing:
            return None
        members = self._counted(self.family(message_id))
        if len(members) < 2 or message_id not in members:
            return None
        return Versions(members, members.index(message_id))

    def shown_version(self, message_id: str) -> str | None:
        """Return the version shown of a message's family; None when none of them is known."""
        return self._shown(self.family(message_id))

    def last_shown(self) -> Node | None:
        """Return the newest message shown."""
        shown = (node for node in self.nodes.values() if node.id not in self._hidden)
        return max(shown, key=lambda node: node.order, default=None)

    def put(self, nodes: Iterable[Node]) -> Reshaped:
        """Take messages in, or take in what became of them."""
        fresh = [node for node in nodes if self.nodes.get(node.id) != node]
        old = [known for node in fresh if (known := self.nodes.get(node.id)) is not None]
        for node in old:
            self._cut(node)
        for node in fresh:
            self.nodes[node.id] = node
            if node.parent_id is not None:
                self._children.setdefault(node.parent_id, set()).add(node.id)
            if node.replaces is not None:
                self._replacing.setdefault(node.replaces, set()).add(node.id)
        for node in fresh:
            # What was taken for the first version is not: the choice made for it is one for its family.
            if node.id in self.choices and self._target(node) is not None:
                self.choices.setdefault(self.family(node.id), self.choices.pop(node.id))
        if not self._replacing and not self._hidden:
            return Reshaped()
        return self._judge(self._concerned([*fresh, *old]))

    def drop(self, message_id: str) -> Reshaped:
        """Forget a message that never came to be."""
        node = self.nodes.pop(message_id, None)
        if node is None:
            return Reshaped()
        self._cut(node)
        self._hidden.discard(message_id)
        return self._judge(self._concerned([node]))

    def choose(self, version_id: str) -> Reshaped:
        """Show this version of its family."""
        key = self.family(version_id)
        self.choices[key] = version_id
        return self._judge({node.id for node in self._members(key)})

    def reveal(self, message_id: str) -> Reshaped:
        """Choose whatever versions it takes to show a message."""
        concerned: set[str] = set()
        walked = self.nodes.get(message_id)
        while walked is not None:
            key = self.family(walked.id)
            if key != walked.id or key in self._replacing:
                if self._shown(key) != walked.id:
                    self.choices[key] = walked.id
                concerned.update(node.id for node in self._members(key))
            walked = self._parent(walked)
        return self._judge(concerned)

    # Inside -------------------------------------------------------------------------------------------------

    def _target(self, node: Node) -> str | None:
        """The message that ``node`` replaces, if that is an earlier one or not known here."""
        target = None if node.replaces is None else self.nodes.get(node.replaces)
        if target is None or target.order < node.order:
            return node.replaces
        return None

    def _parent(self, node: Node) -> Node | None:
        parent = None if node.parent_id is None else self.nodes.get(node.parent_id)
        return parent if parent is not None and parent.order < node.order else None

    def _members(self, key: str) -> list[Node]:
        found, waiting, seen = [], [key], {key}
        while waiting:
            each = waiting.pop()
            if (node := self.nodes.get(each)) is not None:
                found.append(node)
            for version_id in self._replacing.get(each, ()):
                if version_id not in seen and self._target(self.nodes[version_id]) == each:
                    seen.add(version_id)
                    waiting.append(version_id)
        return sorted(found, key=lambda node: node.order)

    def _counted(self, key: str) -> tuple[str, ...]:
        members = self._members(key)
        alive = [node for node in members if not node.deleted or self._has_children(node)]
        return tuple(node.id for node in alive or members)

    def _has_children(self, node: Node) -> bool:
        return any(self._parent(self.nodes[each]) is node for each in self._children.get(node.id, ()))

    def _shown(self, key: str) -> str | None:
        counted = self._counted(key)
        chosen = self.choices.get(key)
        return chosen if chosen in counted else counted[-1] if counted else None

    def _cut(self, node: Node) -> None:
        for index, key in ((self._children, node.parent_id), (self._replacing, node.replaces)):
            if key is not None and key in index:
                index[key].discard(node.id)
                if not index[key]:
                    del index[key]

    def _concerned(self, nodes: Iterable[Node]) -> set[str]:
        """The messages whose place on screen may depend directly on these having come, gone or changed."""
        found: set[str] = set()
        for node in nodes:
            replacing = self._replacing.get(node.id, ())
            found.update((node.id, *self._children.get(node.id, ())))
            for each in {node.id, node.parent_id, node.replaces, *replacing} - {None}:
                found.update(member.id for member in self._members(self.family(str(each))))
        return {each for each in found if each in self.nodes}

    def _judge(self, concerned: Collection[str]) -> Reshaped:
        """Decide anew about these messages and whatever hangs below those whose fate changed."""
        before: dict[str, bool] = {}
        versions: dict[str, str | None] = {}
        # Earlier messages first, so that a parent's fate is settled before its children are looked at.
        waiting = sorted((self.nodes[each] for each in concerned), key=lambda node: node.order, reverse=True)
        while waiting:
            node = waiting.pop()
            off = self._is_off(node, versions)
            if off == (node.id in self._hidden):
                continue
            before.setdefault(node.id, not off)
            (self._hidden.add if off else self._hidden.discard)(node.id)
            below = (self.nodes[each] for each in self._children.get(node.id, ()))
            waiting.extend(child for child in below if self._parent(child) is node)
        changed = {each for each, was in before.items() if was != (each in self._hidden)}
        return Reshaped(frozenset(changed & self._hidden), frozenset(changed - self._hidden))

    def _is_off(self, node: Node, versions: dict[str, str | None]) -> bool:
        parent = self._parent(node)
        if parent is not None and parent.id in self._hidden:
            return True
        if node.replaces is None and node.id not in self._replacing:
            return False
        key = self.family(node.id)
        if key not in versions:
            versions[key] = self._shown(key)
        return versions[key] not in (None, node.id)
