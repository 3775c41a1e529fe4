"""The account at the bottom of the sidebar: picture, name, where it lives."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from chatdesk.domain.session import Account
from chatdesk.language.door import _
from chatdesk.ui.avatar import Avatar
from chatdesk.ui.elided_label import ElidedLabel
from chatdesk.ui.theme.fonts import sized
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import retell


def account_line(account: Account | None) -> str:
    """Say in a few words where an account lives."""
    if account is None:
        return ""
    if account.is_owner:
        return _("On this computer")
    return account.email or account.url


class ProfileButton(QPushButton):
    """Shows who is signed in; a click (``clicked``) asks for the account menu."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("look", "quiet")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._avatar = Avatar(theme, 34)
        self._name = ElidedLabel()
        self._name.setProperty("look", "title")
        self._line = ElidedLabel()
        self._line.setProperty("look", "muted")
        sized(self._line, 0.86)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 6, 8, 6)
        row.setSpacing(10)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self._name)
        words.addWidget(self._line)
        row.addWidget(self._avatar)
        row.addLayout(words, 1)
        for child in (self._avatar, self._name, self._line):
            child.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._label = ""
        self._account: Account | None = None
        retell(self._retell)
        theme.changed.connect(self.updateGeometry)
        self.show_person("", None)

    def sizeHint(self) -> QSize:
        return QSize(160, self._tall())

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self._tall())

    def show_person(self, label: str, image: QImage | None) -> None:
        """Show a name and, if it is known, a picture."""
        self._label = label
        self._name.setText(label or _("Your account"))
        self._avatar.show_person(label, image)
        self._speak()

    def show_account(self, account: Account | None) -> None:
        """Show where the account lives."""
        self._account = account
        line = account_line(account)
        self._line.setText(line)
        self._line.setVisible(bool(line))
        self._speak()

    def _tall(self) -> int:
        both = self._name.fontMetrics().height() + self._line.fontMetrics().height()
        return max(52, both + 14)

    def _retell(self) -> None:
        self._name.setText(self._label or _("Your account"))
        self.show_account(self._account)

    def _speak(self) -> None:
        line = self._line.text()
        spoken = _("Account: {name}").format(name=self._name.text())
        self.setAccessibleName(f"{spoken}, {line}" if line else spoken)
