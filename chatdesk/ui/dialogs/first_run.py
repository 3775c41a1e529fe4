"""The page a new user meets: a choice, not a wall."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from chatdesk.language.door import N_, _
from chatdesk.ui.dialogs.connect_form import ConnectForm
from chatdesk.ui.dialogs.known_accounts import KnownAccounts
from chatdesk.ui.picture_label import PictureLabel
from chatdesk.ui.theme.fonts import sized
from chatdesk.ui.theme.icons import icon
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import retell, say

_MIDDLE = Qt.AlignmentFlag.AlignHCenter
_CARD = 372

LOCAL_POINTS = (
    N_("No account, no set-up, no cloud"),
    N_("Every window on this computer is in sync"),
    N_("Your chats stay in a database of your own"),
)


class FirstRunPage(QScrollArea):
    """Two cards: an account on this computer, or one on a Supabase project.

    Signals: ``use_this_computer_requested()``; ``connect_requested(SignInRequest)``;
    ``others_requested()`` for an account on this computer that has a password. The window answers with
    ``set_busy`` and ``show_failure``; what was entered stays. ``known`` offers the accounts there are.
    """

    use_this_computer_requested = Signal()
    connect_requested = Signal(object)
    others_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._frames: list[QFrame] = []
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.form = ConnectForm(theme)
        self.form.submitted.connect(self._connect)
        self.local_button = QPushButton()
        self.local_button.setProperty("look", "primary")
        self.local_button.clicked.connect(self._use_local)
        self.others_button = QPushButton()
        self.others_button.setProperty("look", "link")
        say(self.others_button.setText, "Another account on this computer…")
        self.others_button.clicked.connect(self.others_requested)
        self.local_error = QLabel()
        self.local_error.setProperty("look", "error")
        self.local_error.setWordWrap(True)
        self.local_error.hide()
        self.known = KnownAccounts(theme)
        self._asked_local = False
        self._busy = False
        retell(self._name_button)
        self._name_button()
        self._lay_out()
        theme.changed.connect(self._fit)

    def _lay_out(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(24, 32, 24, 32)
        column.setSpacing(6)
        column.addStretch(1)
        logo = QLabel()
        logo.setPixmap(icon("chatdesk", "").pixmap(QSize(64, 64)))
        title = QLabel()
        say(title.setText, "Welcome to ChatDesk")
        sized(title, 1.7, QFont.Weight.DemiBold)
        tagline = QLabel()
        say(tagline.setText, "AI chats that are the same in every window, at the same moment.")
        tagline.setWordWrap(True)
        tagline.setProperty("look", "muted")
        for label in (logo, title, tagline):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(label)
        column.addSpacing(22)
        column.addWidget(self.known)
        self._cards = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._cards.setSpacing(18)
        self._cards.addWidget(self._local_card())
        self._cards.addWidget(self._connect_card())
        centred = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        centred.addStretch(1)
        centred.addLayout(self._cards)
        centred.addStretch(1)
        column.addLayout(centred)
        column.addStretch(2)
        self.setWidget(page)

    def _local_card(self) -> QFrame:
        card, column = self._card(
            "computer", "Use on this computer", "Ready in a moment, private by default."
        )
        for words in LOCAL_POINTS:
            mark = PictureLabel(self._theme, "check", QSize(18, 18))
            line = QBoxLayout(QBoxLayout.Direction.LeftToRight)
            line.setSpacing(8)
            said = QLabel()
            say(said.setText, words)
            said.setWordWrap(True)
            line.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
            line.addWidget(said, 1)
            column.addLayout(line)
        column.addStretch(2)
        column.addWidget(PictureLabel(self._theme, "two-windows", QSize(280, 132)), 0, _MIDDLE)
        column.addStretch(3)
        later = QLabel()
        say(later.setText, "You can connect to a Supabase project later.")
        later.setProperty("look", "muted")
        later.setWordWrap(True)
        column.addWidget(self.local_error)
        column.addWidget(later)
        column.addWidget(self.local_button)
        column.addWidget(self.others_button, 0, _MIDDLE)
        return card

    def _connect_card(self) -> QFrame:
        card, column = self._card(
            "cloud", "Connect to Supabase", "In sync across computers, on your project."
        )
        column.addWidget(self.form)
        column.addStretch(1)
        return card

    def _card(self, name: str, title: str, line: str) -> tuple[QFrame, QVBoxLayout]:
        card = QFrame()
        card.setProperty("look", "card")
        card.setFixedWidth(self._theme.px(_CARD))
        self._frames.append(card)
        card.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        column = QVBoxLayout(card)
        column.setContentsMargins(24, 22, 24, 24)
        column.setSpacing(8)
        mark = PictureLabel(self._theme, name, QSize(30, 30))
        head = QLabel()
        say(head.setText, title)
        sized(head, 1.2, QFont.Weight.DemiBold)
        said = QLabel()
        say(said.setText, line)
        said.setProperty("look", "muted")
        said.setWordWrap(True)
        for widget in (mark, head, said):
            column.addWidget(widget)
        column.addSpacing(8)
        return card, column

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        direction = QBoxLayout.Direction
        wide = self.viewport().width() >= 2 * self._theme.px(_CARD) + 90
        self._cards.setDirection(direction.LeftToRight if wide else direction.TopToBottom)

    # What the window tells

    def set_busy(self, busy: bool) -> None:
        """Lock both cards while an account is being made or signed in to."""
        self.form.set_busy(busy, connecting=not self._asked_local)
        self.local_button.setEnabled(not busy)
        self.others_button.setEnabled(not busy)
        self.known.setEnabled(not busy)
        self._busy = busy
        self._name_button()

    def _name_button(self) -> None:
        waiting = self._busy and self._asked_local
        self.local_button.setText(_("Getting ready…") if waiting else _("Use on this computer"))

    def _fit(self) -> None:
        for card in self._frames:
            card.setFixedWidth(self._theme.px(_CARD))
        self._arrange()

    def show_failure(self, sentence: str) -> None:
        """Say on the card that was used why it did not work and what to do; unlocks both."""
        self.set_busy(False)
        if self._asked_local:
            self.local_error.setText(sentence)
            self.local_error.show()
        else:
            self.form.show_error(sentence)

    def _use_local(self) -> None:
        self._asked_local = True
        self._clear()
        self.use_this_computer_requested.emit()

    def _connect(self, request: object) -> None:
        self._asked_local = False
        self._clear()
        self.connect_requested.emit(request)

    def forget_failures(self) -> None:
        """Take away what was said about an earlier try."""
        self.local_error.hide()
        self.form.show_error("")

    def _clear(self) -> None:
        self.forget_failures()
        self.set_busy(True)
