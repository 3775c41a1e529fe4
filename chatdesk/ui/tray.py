"""The icon in the tray, with what is unread on it, and the notifications that come from there."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QAction, QColor, QFont, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from chatdesk.language.door import N_, _, ngettext
from chatdesk.ui.theme.icons import icon
from chatdesk.ui.theme.tokens import LIGHT
from chatdesk.ui.words import number

SHOWN_MS = 10_000
_SIDES = (16, 22, 24, 32, 48, 64)
_MOST_COUNTED = 9

MENU = {"open": N_("Open ChatDesk"), "new_chat": N_("New chat"), "quit": N_("Quit ChatDesk")}


def badged(count: int) -> QIcon:
    """Return ChatDesk's icon, with the number of unread chats on it if there are any."""
    plain = icon("chatdesk", "")
    if not count:
        return plain
    made = QIcon()
    for side in _SIDES:
        made.addPixmap(_with_badge(plain.pixmap(side, side, QIcon.Mode.Normal), side, count))
    return made


class TrayMenu(QMenu):
    """Opens, starts a chat, quits. Signals: ``chosen(str)`` with the row's name; ``retold()``."""

    chosen = Signal(str)
    retold = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("ChatDesk")
        for name in MENU:
            action = QAction(self)
            action.setObjectName(name)
            action.triggered.connect(lambda _checked=False, which=name: self.chosen.emit(which))
            self.addAction(action)
        self._name()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._name()
            self.retold.emit()

    def _name(self) -> None:
        for action, text in zip(self.actions(), MENU.values(), strict=True):
            action.setText(_(text))


class Tray(QObject):
    """Present only while ``show(True)`` and only where the desktop has a tray; without one nothing happens.

    Signals: ``open_requested()``, ``new_chat_requested()``, ``quit_requested()`` from the icon and its menu;
    ``alert_chosen(str)`` with the conversation of the notification that was clicked.
    """

    open_requested = Signal()
    new_chat_requested = Signal()
    quit_requested = Signal()
    alert_chosen = Signal(str)

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        make: Callable[[QObject], QSystemTrayIcon] = QSystemTrayIcon,
        available: Callable[[], bool] = QSystemTrayIcon.isSystemTrayAvailable,
    ) -> None:
        super().__init__(parent)
        self._make = make
        self._available = available
        self._icon: QSystemTrayIcon | None = None
        self._menu: TrayMenu | None = None
        self._unread = 0
        self._told = ""
        """The conversation of the notification on screen."""

    @property
    def available(self) -> bool:
        """Whether this desktop has a tray now."""
        return self._available()

    @property
    def shown(self) -> bool:
        """Whether the icon is there, so that a hidden window can be found again."""
        return self._icon is not None and self._icon.isVisible() and self.available

    @property
    def menu(self) -> TrayMenu | None:
        """What opens at the icon."""
        return self._menu

    def show(self, wanted: bool) -> None:
        """Show the icon where there is a tray, or take it away."""
        if wanted and self.available:
            if self._icon is None:
                self._icon = self._build()
            self._icon.show()
            self._retell()
        elif self._icon is not None:
            self._icon.hide()

    def set_unread(self, count: int) -> None:
        """Show on the icon how many chats are unread."""
        self._unread = count
        if self._icon is not None:
            self._icon.setIcon(badged(count))
            self._retell()

    def alert(self, heading: str, text: str, conversation_id: str) -> bool:
        """Show a notification; False where there is no way to."""
        if self._icon is None or not self.shown or not self._icon.supportsMessages():
            return False
        self._told = conversation_id
        self._icon.showMessage(heading, text, badged(0), SHOWN_MS)
        return True

    def _build(self) -> QSystemTrayIcon:
        made = self._make(self)
        made.activated.connect(self._activated)
        made.messageClicked.connect(lambda: self.alert_chosen.emit(self._told))
        self._menu = TrayMenu()
        self._menu.chosen.connect(self._chosen)
        self._menu.retold.connect(self._retell)
        made.setContextMenu(self._menu)
        made.setIcon(badged(self._unread))
        return made

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in (
            QSystemTrayIcon.ActivationReason.Trigger,
            QSystemTrayIcon.ActivationReason.DoubleClick,
        ):
            self.open_requested.emit()

    def _chosen(self, name: str) -> None:
        match name:
            case "open":
                self.open_requested.emit()
            case "new_chat":
                self.new_chat_requested.emit()
            case _:
                self.quit_requested.emit()

    def _retell(self) -> None:
        if self._icon is not None:
            text = "ChatDesk"
            if self._unread:
                unread = ngettext("{count} unread chat", "{count} unread chats", self._unread)
                text += ": " + unread.format(count=number(self._unread))
            self._icon.setToolTip(text)


def _with_badge(plain: QPixmap, side: int, count: int) -> QPixmap:
    made = QPixmap(side, side)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.drawPixmap(made.rect(), plain)
    across = side * 0.62
    spot = QRectF(side - across, side - across, across, across)
    # A rim, so that the spot stands off the icon and off any panel.
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor("#ffffff"))
    painter.drawEllipse(spot)
    rim = side * 0.045
    painter.setBrush(QColor(LIGHT.danger))
    painter.drawEllipse(spot.adjusted(rim, rim, -rim, -rim))
    if side >= 22:
        font = QFont(painter.font())
        font.setBold(True)
        text = str(count) if count <= _MOST_COUNTED else f"{_MOST_COUNTED}+"
        font.setPixelSize(max(8, round(across * (0.72 if len(text) == 1 else 0.55))))
        painter.setFont(font)
        painter.setPen(QColor(LIGHT.on_danger))
        painter.drawText(spot, Qt.AlignmentFlag.AlignCenter, text)
    painter.end()
    return made
