"""Whether somebody is at it: input in any of this process's windows, or none for a while."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QWindow

from chatdesk.domain.clock import Clock
from chatdesk.domain.presence import Attention

IDLE_SECONDS = 300.0
LOOK_MS = 10_000

_INPUT = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseMove,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.TabletPress,
    }
)


class AttentionWatch(QObject):
    """Signal ``changed(Attention)``.

    Listens to native windows, not to the application: a filter there would see every event of every widget.
    A window that comes to have the focus is listened to from then on.
    """

    changed = Signal(object)

    def __init__(self, application: QGuiApplication, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._last = clock.monotonic()
        self._watched: set[QWindow] = set()
        self.attention = Attention.ONLINE
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.VeryCoarseTimer)
        self._timer.timeout.connect(self.look)
        self._timer.start(LOOK_MS)
        application.focusWindowChanged.connect(self._focused)

    def touch(self) -> None:
        """There was input."""
        self._last = self._clock.monotonic()
        if self.attention is Attention.IDLE:
            self._turn(Attention.ONLINE)

    def look(self, idle_seconds: float = IDLE_SECONDS) -> None:
        """See how long there was none."""
        if self.attention is Attention.ONLINE and self._clock.monotonic() - self._last >= idle_seconds:
            self._turn(Attention.IDLE)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _INPUT:
            self.touch()
        return False

    def _focused(self, window: QWindow | None) -> None:
        if window is None:
            return
        self.touch()
        if window not in self._watched:
            self._watched.add(window)
            window.installEventFilter(self)
            window.destroyed.connect(lambda: self._watched.discard(window))

    def _turn(self, attention: Attention) -> None:
        self.attention = attention
        self.changed.emit(attention)
