"""Writes down what a Qt model says, in order."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, QModelIndex


class ModelSpy:
    """Collects the signals of a model as short tuples: ("insert", first, last), ("move", from, before)."""

    def __init__(self, model: QAbstractItemModel) -> None:
        self.seen: list[tuple[object, ...]] = []
        model.rowsInserted.connect(self._inserted)
        model.rowsRemoved.connect(self._removed)
        model.rowsMoved.connect(self._moved)
        model.dataChanged.connect(self._changed)
        model.modelReset.connect(lambda: self.seen.append(("reset",)))
        model.layoutChanged.connect(lambda: self.seen.append(("layout",)))

    def take(self) -> list[tuple[object, ...]]:
        """Return what was seen since the last time."""
        seen, self.seen = self.seen, []
        return seen

    def _inserted(self, _parent: QModelIndex, first: int, last: int) -> None:
        self.seen.append(("insert", first, last))

    def _removed(self, _parent: QModelIndex, first: int, last: int) -> None:
        self.seen.append(("remove", first, last))

    def _moved(self, _parent: QModelIndex, first: int, _last: int, _to: QModelIndex, before: int) -> None:
        self.seen.append(("move", first, before))

    def _changed(self, first: QModelIndex, last: QModelIndex, roles: list[int]) -> None:
        self.seen.append(("change", first.row(), last.row(), frozenset(roles)))
