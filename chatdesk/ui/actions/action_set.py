"""The window's own QActions, made from the table."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from chatdesk.language.door import _
from chatdesk.ui.actions.bindings import Bindings
from chatdesk.ui.actions.table import ACTIONS, ActionId, MenuRows, Need
from chatdesk.ui.theme.icons import icon
from chatdesk.ui.theme.theme import Theme


class ActionSet(QObject):
    """One QAction per row of the table, living on a window so that its shortcuts work there.

    ``chosen(ActionId)`` is emitted when one is triggered by key or menu.
    """

    chosen = Signal(object)

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window)
        self._actions: dict[ActionId, QAction] = {}
        self._pictured: set[ActionId] = set()
        """Those that were in a menu: nobody sees the pictures of the others."""
        self._theme = theme
        self._holds: Need | None = None
        for row in ACTIONS.values():
            action = QAction(window)
            action.setObjectName(row.id.value)
            action.setCheckable(row.checkable)
            action.triggered.connect(lambda _checked=False, which=row.id: self.chosen.emit(which))
            window.addAction(action)
            self._actions[row.id] = action
        theme.changed.connect(self._colour)
        self._colour()
        self._name()
        self.bind(Bindings())
        self.enable(Need.NOTHING)

    def __getitem__(self, which: ActionId) -> QAction:
        return self._actions[which]

    def rows(self, menu: MenuRows) -> list[QAction | None]:
        """Return the QActions of a menu, with their pictures; None is a line between them."""
        for which in menu:
            if which is not None:
                self._pictured.add(which)
        self._colour()
        return [None if which is None else self._actions[which] for which in menu]

    def enable(self, holds: Need) -> None:
        """Enable the actions whose needs hold now."""
        if holds == self._holds:
            return
        self._holds = holds
        for which, action in self._actions.items():
            action.setEnabled(ACTIONS[which].needs in holds)

    def bind(self, bindings: Bindings) -> None:
        """Give the actions these shortcuts."""
        for which, action in self._actions.items():
            action.setShortcuts([QKeySequence(keys) for keys in bindings.keys(which)])

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LanguageChange:
            self._name()
        return super().event(event)

    def _name(self) -> None:
        for which, action in self._actions.items():
            action.setText(_(ACTIONS[which].text))
        self._tick()

    def _tick(self) -> None:
        for which, action in self._actions.items():
            if ACTIONS[which].checkable:
                action.setChecked(which.value == f"view.theme.{self._theme.mode}")

    def _colour(self) -> None:
        self._tick()
        for which in self._pictured:
            if name := ACTIONS[which].icon:
                self._actions[which].setIcon(icon(name, self._theme.tokens.text_muted))
