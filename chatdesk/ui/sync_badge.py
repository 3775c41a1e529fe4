"""The badge at the bottom of the sidebar that says whether everything is in sync."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget

from chatdesk.domain.session import LinkState, SyncState
from chatdesk.language.door import _
from chatdesk.ui.sync_face import sync_face
from chatdesk.ui.theme.icons import icon
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import retell


class SyncBadge(QToolButton):
    """Icon and a few words for a ``SyncState``; a click (``clicked``) asks for the panel with the rest."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._state = SyncState(LinkState.STARTING)
        self.setProperty("look", "quiet")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        theme.changed.connect(self._refresh)
        retell(self._refresh)
        self._refresh()

    @property
    def state(self) -> SyncState:
        """The state shown."""
        return self._state

    def set_state(self, state: SyncState) -> None:
        """Show another state."""
        self._state = state
        self._refresh()

    def _refresh(self) -> None:
        face = sync_face(self._state)
        side = self._theme.px(16)
        self.setIconSize(QSize(side, side))
        self.setIcon(icon(face.icon, str(getattr(self._theme.tokens, face.colour))))
        self.setText(face.text)
        self.setToolTip(face.sentence)
        self.setAccessibleName(_("Sync: {state}").format(state=face.text))
        self.setAccessibleDescription(face.sentence)
