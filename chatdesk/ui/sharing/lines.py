"""The lines above the composer of a shared chat: who answers, and that one may only read."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from chatdesk.domain.conversation import Answers
from chatdesk.domain.mention import MODEL
from chatdesk.language.door import _
from chatdesk.ui.picture_label import PictureLabel
from chatdesk.ui.theme.fonts import sized
from chatdesk.ui.theme.metrics import COLUMN, MARGIN
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import retell


class AnswerLine(QWidget):
    """Says whether a model answers the message being written; ``answers_chosen(Answers)`` changes it."""

    answers_chosen = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._answers = Answers.ALWAYS
        self._mentioned = False
        self.words = QLabel()
        self.words.setProperty("look", "muted")
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setWordWrap(True)
        self.button = QPushButton()
        self.button.setProperty("look", "link")
        self.button.clicked.connect(self._switch)
        sized(self.words, 0.92)
        inside = QWidget()
        inside.setMaximumWidth(COLUMN)
        row = QHBoxLayout(inside)
        row.setContentsMargins(12, 0, 4, 0)
        row.setSpacing(8)
        row.addWidget(PictureLabel(theme, "sparkle", QSize(16, 16)))
        row.addWidget(self.words, 1)
        row.addWidget(self.button)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(MARGIN, 2, MARGIN, 0)
        outer.addStretch(1)
        outer.addWidget(inside, 1000)
        outer.addStretch(1)
        retell(self._say)
        self.hide()

    def show_answers(self, answers: Answers | None) -> None:
        """Show which messages the model of this chat answers; None: the chat is not shared."""
        self.setVisible(answers is not None)
        if answers is not None:
            self._answers = answers
            self._say()

    def show_mention(self, mentioned: bool) -> None:
        """The message being written mentions the model, or not."""
        if mentioned != self._mentioned:
            self._mentioned = mentioned
            self._say()

    def _switch(self) -> None:
        always = self._answers is Answers.ALWAYS
        self.answers_chosen.emit(Answers.MENTIONED if always else Answers.ALWAYS)

    def _say(self) -> None:
        if self._answers is Answers.ALWAYS:
            self.words.setText(_("The model answers every message."))
            self.button.setText(_("Only when mentioned"))
            self.button.setToolTip(_("Let the model answer only messages that mention it"))
        else:
            self.words.setText(
                _("The model answers this message.")
                if self._mentioned
                else _("The model answers only messages that mention it: @{name}").format(name=MODEL)
            )
            self.button.setText(_("Answer every message"))
            self.button.setToolTip(_("Let the model answer every message in this chat"))
        self.button.setAccessibleDescription(self.words.text())


class ReaderLine(QWidget):
    """Stands in the composer's place for somebody who may only read."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._owner = ""
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.words.setProperty("look", "value")
        card = QFrame()
        card.setProperty("look", "notice")
        card.setMaximumWidth(COLUMN)
        row = QHBoxLayout(card)
        row.setContentsMargins(14, 12, 14, 12)
        row.setSpacing(12)
        row.addWidget(PictureLabel(theme, "eye", QSize(20, 20)))
        row.addWidget(self.words, 1)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(MARGIN, 6, MARGIN, 14)
        outer.addStretch(1)
        outer.addWidget(card, 1000)
        outer.addStretch(1)
        retell(self._say)
        self._say()
        self.hide()

    def show_owner(self, name: str) -> None:
        """Name the person who may change it; empty when nobody is known."""
        self._owner = name
        self._say()

    def _say(self) -> None:
        if self._owner:
            words = _("You can read this chat, but not write in it. Ask {name} to let you write.")
            self.words.setText(words.format(name=self._owner))
        else:
            self.words.setText(_("You can read this chat, but not write in it."))
        self.words.setAccessibleName(self.words.text())
