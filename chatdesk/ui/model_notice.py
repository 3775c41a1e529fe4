"""The card that says why nobody can answer here, and how to change that."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from chatdesk.language.door import N_, _
from chatdesk.ui.picture_label import PictureLabel
from chatdesk.ui.theme.metrics import COLUMN, MARGIN
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import retell, say

NO_MODEL = N_(
    "Messages are saved and in sync, but nobody answers yet. Add a provider such as OpenAI or OpenRouter, "
    "or a model that runs on this computer."
)


NO_KEY = N_("Enter the key here, or choose another model. What you write is kept and in sync either way.")


class ModelNotice(QWidget):
    """A card in the width of the composer; hidden while there is nothing to say.

    ``set_up_requested()`` when the user wants to set one up.
    """

    set_up_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = self._provider = ""
        self._title = QLabel()
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._title.setProperty("look", "title")
        self._title.setWordWrap(True)
        self._words = QLabel()
        self._words.setWordWrap(True)
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        # Reachable by keyboard, so that the names can be copied without a mouse.
        flags = Qt.TextInteractionFlag
        self._words.setTextInteractionFlags(flags.TextSelectableByMouse | flags.TextSelectableByKeyboard)
        say(self._words.setAccessibleName, "How to set up a model")
        card = QFrame()
        card.setProperty("look", "notice")
        card.setMaximumWidth(COLUMN)
        words = QVBoxLayout()
        words.setSpacing(3)
        words.addWidget(self._title)
        words.addWidget(self._words)
        row = QHBoxLayout(card)
        row.setContentsMargins(14, 12, 16, 12)
        row.setSpacing(12)
        row.addWidget(PictureLabel(theme, "sparkle", QSize(22, 22)), 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        self.button = QPushButton()
        self.button.setProperty("look", "primary")
        self.button.clicked.connect(self.set_up_requested)
        words.addSpacing(6)
        words.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(MARGIN, 0, MARGIN, 4)
        outer.addStretch(1)
        outer.addWidget(card, 1000)
        outer.addStretch(1)
        retell(self._tell)
        self._tell()

    def say(self, text: str | None) -> None:
        """Show that no model is set up and under it the translation of ``text``, or with None nothing."""
        self._text, self._provider = text or "", ""
        self._tell()

    def say_key_missing(self, provider: str) -> None:
        """Show that this provider, which is to answer in the open chat, cannot be asked from this device."""
        self._text, self._provider = NO_KEY, provider
        self._tell()

    @property
    def told(self) -> str:
        """The heading on screen, "" for none."""
        return "" if self.isHidden() else self._title.text()

    def _tell(self) -> None:
        provider = self._provider
        missing = _("{name}: key missing on this device.").format(name=provider)
        self._title.setText(missing if provider else _("No model is set up yet"))
        self._words.setText(_(self._text))
        self.button.setText(_("Enter the key…") if provider else _("Set up a model…"))
        self.setVisible(bool(self._text))
