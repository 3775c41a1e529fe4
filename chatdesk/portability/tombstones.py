"""Deleted messages are left out of files, and what hung below them is hung up elsewhere."""

from __future__ import annotations

from collections.abc import Iterable

from chatdesk.domain.branch import Node


class Pruning:
    """Tells for every message that is left which one it answers and which one it is a version of.

    ``nodes``: the whole tree of a conversation. What answered a deleted message answers the one before it.
    The first answer to a deleted version takes that version's place, and what else answered it follows: so
    all of it stays out of sight where another version is shown.
    """

    def __init__(self, nodes: Iterable[Node]) -> None:
        ordered = sorted(nodes, key=lambda node: node.order)
        self._replaced = {node.replaces for node in ordered if node.replaces is not None}
        self._left: dict[str, tuple[str | None, str | None]] = {}
        self._gone: dict[str, tuple[str | None, str | None]] = {}
        """Id -> (parent, key of the family) of those left out, both as they hang now."""
        self._heirs: dict[str, str] = {}
        """Id of a deleted version -> the message that took its place."""
        self._keys: dict[str, str] = {}
        """Id of a message -> the key of the family it has come into."""
        self._roots: dict[str, str] = {}
        """Key of a family -> its first message that is left."""
        for node in ordered:
            self._take(node)

    def place(self, message_id: str) -> tuple[str | None, str | None]:
        """Return the parent and the first version of a message that is left."""
        return self._left.get(message_id, (None, None))

    def is_left(self, message_id: str) -> bool:
        return message_id in self._left

    def _take(self, node: Node) -> None:
        key = node.replaces or (node.id if node.id in self._replaced else None)
        key = self._keys.get(key, key) if key is not None else None
        parent = node.parent_id
        if parent is not None and parent in self._gone:
            parent, key = self._below_gone(parent, node, key)
        elif parent not in self._left:
            parent = None
        if key is not None:
            self._keys[node.id] = key
        if node.deleted:
            self._gone[node.id] = (parent, key)
            return
        root = None if key is None else self._roots.setdefault(key, node.id)
        is_version = root is not None and root != node.id and self._left[root][0] == parent
        self._left[node.id] = (parent, root if is_version else None)

    def _below_gone(self, gone: str, node: Node, key: str | None) -> tuple[str | None, str | None]:
        parent, family = self._gone[gone]
        if family is None:
            return parent, key
        heir = self._heirs.setdefault(gone, node.id)
        if heir == node.id or key == family:
            # Versions of the heir find the same key by ``_keys``.
            return parent, family
        return (heir if heir in self._left else parent), key
