"""The one way from any service to the user's eyes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QObject, Signal

from chatdesk.domain.errors import ChatDeskError


class NoticeLevel(StrEnum):
    """How loud a notice is."""

    NEUTRAL = "neutral"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence and the next step."""

    text: str
    next_step: str = ""
    level: NoticeLevel = NoticeLevel.NEUTRAL


class NoticeService(QObject):
    """Collects what the user should be told.

    Signals: ``noticed(Notice)``.
    """

    noticed = Signal(object)

    def tell(self, text: str, next_step: str = "", level: NoticeLevel = NoticeLevel.NEUTRAL) -> None:
        self.noticed.emit(Notice(text, next_step, level))

    def failed(self, failure: ChatDeskError) -> None:
        """Tell of a failure in its own words."""
        self.noticed.emit(Notice(failure.message, failure.next_step, NoticeLevel.ERROR))
