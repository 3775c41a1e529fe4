"""Invitations that wait for an answer, above the list of chats."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from chatdesk.domain.sharing import Invitation
from chatdesk.language.door import _
from chatdesk.models.conversation_list import NEW_TITLE
from chatdesk.ui.sharing.people import role_words, time_left
from chatdesk.ui.theme.fonts import sized

MOST = 3
"""How many are shown at once; the next one comes when one was answered."""


class InvitationCard(QFrame):
    """Who invites to what; ``accepted(id)``, ``declined(id)``."""

    accepted = Signal(str)
    declined = Signal(str)

    def __init__(self, invitation: Invitation) -> None:
        super().__init__()
        self.setProperty("look", "notice")
        who = invitation.inviter or _("Somebody")
        title = invitation.title or _(NEW_TITLE)
        self.words = _("{name} invites you to “{title}”").format(name=who, title=title)
        self.setAccessibleName(self.words)
        said = QLabel(self.words)
        said.setTextFormat(Qt.TextFormat.PlainText)
        said.setWordWrap(True)
        more = QLabel(f"{role_words(invitation.role)} · {time_left(invitation.expires_at)}")
        more.setProperty("look", "muted")
        sized(more, 0.9)
        self.accept_button = QPushButton(_("Accept"))
        self.accept_button.setProperty("look", "primary")
        self.decline_button = QPushButton(_("Decline"))
        self.decline_button.setProperty("look", "quiet")
        for button, signal in ((self.accept_button, self.accepted), (self.decline_button, self.declined)):
            button.setAccessibleDescription(self.words)
            button.clicked.connect(lambda _on=False, signal=signal: signal.emit(invitation.id))
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        buttons.addWidget(self.accept_button)
        buttons.addWidget(self.decline_button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(6)
        column.addWidget(said)
        column.addWidget(more)
        column.addLayout(buttons)


class InvitationList(QWidget):
    """The cards, oldest first; hidden without any. ``accepted(id)``, ``declined(id)``."""

    accepted = Signal(str)
    declined = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cards: dict[str, InvitationCard] = {}
        self._known: set[str] = set()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(8, 2, 8, 6)
        self._column.setSpacing(6)
        self.hide()

    def show_invitations(self, invitations: Sequence[Invitation]) -> None:
        """Show what waits; a new one is announced to screen readers."""
        for card in self.cards.values():
            self._column.removeWidget(card)
            card.hide()
            card.deleteLater()
        self.cards.clear()
        for invitation in invitations[:MOST]:
            card = InvitationCard(invitation)
            card.accepted.connect(self.accepted)
            card.declined.connect(self.declined)
            self.cards[invitation.id] = card
            self._column.addWidget(card)
            if invitation.id not in self._known:
                QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, card.words))
        self._known = {invitation.id for invitation in invitations}
        self.setVisible(bool(self.cards))
