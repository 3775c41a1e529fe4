"""Which keys belong to which action: the table's, unless the user chose others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QKeySequence

from chatdesk.language.door import N_
from chatdesk.ui.actions.table import ACTIONS, ActionId

_KNOWN = frozenset(which.value for which in ActionId)

RESERVED = (
    QKeySequence.StandardKey.Copy,
    QKeySequence.StandardKey.Cut,
    QKeySequence.StandardKey.Paste,
    QKeySequence.StandardKey.SelectAll,
    QKeySequence.StandardKey.Undo,
    QKeySequence.StandardKey.Redo,
)
"""Text fields need these."""

NEEDS_MODIFIER = N_("Alone, this key writes or moves in texts. Press it together with Ctrl or Alt.")
IN_TEXT_FIELDS = N_("Text fields need this shortcut. Choose another one.")

_MODIFIERS = (
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
)


class Bindings:
    """The table's shortcuts with the user's own on top.

    ``chosen`` is the option's value: action id -> shortcuts in Qt's portable form, an empty list for none.
    What is no action or no shortcut is passed over, so a file of another version does no harm.
    """

    def __init__(self, chosen: Mapping[str, Any] | None = None) -> None:
        self._chosen: dict[ActionId, tuple[str, ...]] = {}
        for name, keys in (chosen or {}).items():
            if name in _KNOWN and isinstance(keys, list):
                known = [portable(each) for each in keys if isinstance(each, str)]
                if all(known) and len(known) == len(keys):
                    self._chosen[ActionId(name)] = tuple(known)

    def keys(self, which: ActionId) -> tuple[str, ...]:
        """Return the shortcuts of an action in the portable form, the one to show first."""
        return self._chosen.get(which, ACTIONS[which].shortcuts)

    def shown(self, which: ActionId) -> str:
        """Return the first shortcut of an action as this system writes it, or nothing."""
        keys = self.keys(which)
        return native(keys[0]) if keys else ""

    def changed(self, which: ActionId) -> bool:
        """Tell whether the user chose the shortcuts of this action."""
        return which in self._chosen

    def user_of(self, keys: str, beside: ActionId) -> ActionId | None:
        """Return the action other than ``beside`` that has this shortcut."""
        wanted = portable(keys)
        for which in ACTIONS:
            if which is not beside and wanted in map(portable, self.keys(which)):
                return which
        return None

    def bound(self, which: ActionId, keys: str) -> dict[str, Any]:
        """Return the option's value after an action got this shortcut (empty: none); nobody else keeps it."""
        chosen = dict(self._chosen)
        chosen[which] = (portable(keys),) if keys else ()
        if keys and (other := self.user_of(keys, which)) is not None:
            left = tuple(each for each in self.keys(other) if portable(each) != portable(keys))
            chosen[other] = left
        return _value(chosen)

    def reset(self, which: ActionId | None = None) -> dict[str, Any]:
        """Return the option's value after one action, or all, got back the table's shortcuts."""
        kept = {each: keys for each, keys in self._chosen.items() if which is not None and each is not which}
        return _value(kept)


def _value(chosen: Mapping[ActionId, tuple[str, ...]]) -> dict[str, Any]:
    return {
        which.value: list(keys)
        for which, keys in chosen.items()
        if tuple(map(portable, keys)) != tuple(map(portable, ACTIONS[which].shortcuts))
    }


def portable(keys: str) -> str:
    """Return a shortcut in Qt's portable form, such as ``Ctrl+Shift+N``; empty for what is none."""
    sequence = QKeySequence(keys, QKeySequence.SequenceFormat.PortableText)
    return sequence.toString(QKeySequence.SequenceFormat.PortableText)


def native(keys: str) -> str:
    """Return a shortcut as this system and language write it."""
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)


def _first(sequence: QKeySequence) -> QKeyCombination:
    return cast(QKeyCombination, sequence[0])  # type: ignore[index]  # the stubs lack it, Qt 6.11.3 has it


def fault(keys: str) -> str:
    """Say why a shortcut cannot be chosen; empty when it can."""
    sequence = QKeySequence(keys)
    for reserved in RESERVED:
        if sequence in QKeySequence.keyBindings(reserved):
            return IN_TEXT_FIELDS
    key = _first(sequence)
    alone = not key.keyboardModifiers() & _MODIFIERS
    function = Qt.Key.Key_F1 <= key.key() <= Qt.Key.Key_F35 or key.key() == Qt.Key.Key_Escape
    return NEEDS_MODIFIER if alone and not function else ""
