"""What a screen reader is told of widgets."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QWidget


def nameless(interface: QAccessibleInterface) -> Iterator[str]:
    """Yield what can have the focus and has no name, below ``interface``."""
    for number in range(interface.childCount()):
        child = interface.child(number)
        if child is None or not child.isValid():
            continue
        state = child.state()
        if state.focusable and not state.invisible and not child.text(QAccessible.Text.Name).strip():
            yield f"{child.role()} {child.object()}"
        yield from nameless(child)


def everything_is_named(widget: QWidget) -> list[str]:
    interface = QAccessible.queryAccessibleInterface(widget)
    assert interface is not None
    return list(nameless(interface))
