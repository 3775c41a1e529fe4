"""Menus made from the table; they open by ``popup`` and delete themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from chatdesk.language.door import _
from chatdesk.ui.actions.table import ACTIONS, ActionId, MenuRows
from chatdesk.ui.round_corners import RoundCorners
from chatdesk.ui.theme.icons import icon
from chatdesk.ui.theme.tokens import Tokens


def _empty_menu(parent: QWidget, name: str) -> QMenu:
    menu = QMenu(parent)
    menu.setAccessibleName(name)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    RoundCorners(menu, 8)
    return menu


def open_action_menu(actions: Iterable[QAction | None], parent: QWidget, name: str, above: QPoint) -> QMenu:
    """Open a menu of the window's own actions, its lower left corner at ``above`` (global)."""
    menu = _empty_menu(parent, name)
    for action in actions:
        if action is None:
            menu.addSeparator()
        else:
            menu.addAction(action)
    menu.popup(above - QPoint(0, menu.sizeHint().height()))
    return menu


def open_target_menu(
    rows: MenuRows,
    tokens: Tokens,
    chosen: Callable[[ActionId], object],
    parent: QWidget,
    name: str,
    at: QPoint,
) -> QMenu:
    """Open a menu about one thing, such as a row of the list, at ``at`` (global).

    ``chosen`` is called with the action that was picked. Its entries are copies, because the window's own
    actions speak about the open conversation.
    """
    menu = _empty_menu(parent, name)
    for which in rows:
        if which is None:
            menu.addSeparator()
            continue
        row = ACTIONS[which]
        text = _(row.text)
        colour = tokens.danger if which is ActionId.DELETE_CHAT else tokens.text_muted
        action = QAction(icon(row.icon, colour), text, menu) if row.icon else QAction(text, menu)
        own = parent.findChild(QAction, which.value)
        if isinstance(own, QAction) and not own.shortcut().isEmpty():
            # Shown only: two enabled actions with one shortcut would make it ambiguous.
            keys = own.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            action.setText(f"{text}\t{keys}")
        action.triggered.connect(lambda _checked=False, which=which: chosen(which))
        menu.addAction(action)
    menu.popup(at)
    return menu
