"""Notices: what happened and what to do, without standing in the way."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from chatdesk.language.door import _
from chatdesk.ui.theme.icons import icon
from chatdesk.ui.theme.theme import Theme

SHOWN_MS = 8_000
_AT_ONCE = 3
_WIDTH = 420
_ICONS = {"neutral": ("check", "success"), "warning": ("alert", "warning"), "error": ("alert", "danger")}


class Toast(QFrame):
    """One notice with its next step, an optional action and a button that closes it; ``closed(Toast)``.

    ``stays``: until it is closed, as errors do.
    """

    closed = Signal(object)

    def __init__(
        self, theme: Theme, text: str, next_step: str, level: str, parent: QWidget, *, stays: bool = False
    ) -> None:
        super().__init__(parent)
        self.setProperty("look", "toast")
        self.setAccessibleName(_("Notice"))
        self.text = text
        tokens = theme.tokens
        name, colour = _ICONS.get(level, _ICONS["neutral"])
        mark = QLabel()
        mark.setPixmap(icon(name, str(getattr(tokens, colour))).pixmap(QSize(20, 20)))
        said = QLabel(text)
        said.setProperty("look", "title")
        close = QToolButton()
        close.setProperty("look", "quiet")
        close.setIcon(icon("close", tokens.text_muted))
        close.setAccessibleName(_("Close the notice"))
        close.clicked.connect(self.dismiss)
        self._words = QVBoxLayout()
        self._words.setSpacing(2)
        for label in (said, QLabel(next_step)):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            if label.text():
                self._words.addWidget(label)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 12, 8, 12)
        row.setSpacing(10)
        row.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(self._words, 1)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.dismiss)
        if level != "error" and not stays:
            self._timer.start(SHOWN_MS)

    def offer(self, words: str, act: Callable[[], None]) -> None:
        """Add a button that does something about it and closes the notice."""
        button = QPushButton(words)
        button.setProperty("look", "link")
        button.clicked.connect(act)
        button.clicked.connect(self.dismiss)
        self._words.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)

    def dismiss(self) -> None:
        """Close it."""
        self._timer.stop()
        self.closed.emit(self)


class NoticeStack(QObject):
    """Shows up to three notices in the upper right corner of ``host``, ``top`` pixels below its edge.

    The newest is on top. Notices go by themselves after 8 seconds, errors only when they are closed. A
    sentence that is still shown is not shown twice. Each is announced to screen readers once.
    """

    def __init__(self, host: QWidget, theme: Theme, top: int = 12) -> None:
        super().__init__(host)
        self._host = host
        self._top = top
        self._theme = theme
        self._shown: list[Toast] = []
        host.installEventFilter(self)

    @property
    def shown(self) -> tuple[str, ...]:
        """The sentences on screen, the newest first."""
        return tuple(toast.text for toast in self._shown)

    @property
    def toasts(self) -> tuple[Toast, ...]:
        """The notices on screen, the newest first."""
        return tuple(self._shown)

    def tell(
        self,
        text: str,
        next_step: str = "",
        level: str = "neutral",
        action: tuple[str, Callable[[], None]] | None = None,
        *,
        again: bool = False,
        stays: bool = False,
    ) -> Toast | None:
        """Show a notice; ``level``: ``neutral``, ``warning`` or ``error``; ``action``: its words and deed.

        ``again``: also when the same words are on screen, because the deed is another one. ``stays``: until
        it is closed, because it is told once and somebody may be away. Returns what is shown, or None when
        the words were on screen already.
        """
        if text in self.shown and not again:
            return None
        toast = Toast(self._theme, text, next_step, level, self._host, stays=stays)
        if action is not None:
            toast.offer(*action)
        toast.closed.connect(self._drop)
        self._shown.insert(0, toast)
        for old in self._shown[_AT_ONCE:]:
            self._drop(old)
        toast.show()
        self._place()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(toast, f"{text} {next_step}".strip()))
        return toast

    def clear(self) -> None:
        """Close them all."""
        for toast in tuple(self._shown):
            self._drop(toast)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._host and event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _drop(self, toast: Toast) -> None:
        if toast in self._shown:
            self._shown.remove(toast)
            toast.hide()
            toast.deleteLater()
            self._place()

    def _place(self) -> None:
        top = self._top
        width = min(_WIDTH, self._host.width() - 24)
        for toast in self._shown:
            toast.setFixedWidth(width)
            toast.setFixedHeight(toast.heightForWidth(width))
            toast.move(self._host.width() - width - 12, top)
            toast.raise_()
            top += toast.height() + 8
