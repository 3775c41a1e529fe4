"""Texts on widgets, in the language in use and in the next one as well."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from PySide6.QtCore import QDate, QEvent, QLocale, QObject, Qt, QTime

from chatdesk.language.door import _, language, sentence

_DIRECT = Qt.FindChildOption.FindDirectChildrenOnly


class _Retold(QObject):
    """Sits on a widget and says its texts again when the language changes."""

    def __init__(self, widget: QObject) -> None:
        super().__init__(widget)
        self.calls: dict[str, str | None] = {}

    def event(self, event: QEvent) -> bool:
        # Qt hands a widget's LanguageChange on to everything that belongs to it.
        if event.type() == QEvent.Type.LanguageChange:
            for name, message in self.calls.items():
                call = getattr(self.parent(), name)
                call() if message is None else call(_(message))
        return super().event(event)


def say(put: Callable[[str], object], message: str) -> None:
    """Call a widget's own ``put``, such as ``button.setText``, with the translation, now and ever after."""
    put(_(message))
    _retold(put).calls[put.__name__] = message


def retell(refresh: Callable[[], object]) -> None:
    """Call a widget's own ``refresh`` again whenever the language changes."""
    _retold(refresh).calls[refresh.__name__] = None


def _retold(method: Callable[..., object]) -> _Retold:
    widget = getattr(method, "__self__", None)
    assert isinstance(widget, QObject)
    return widget.findChild(_Retold, "", _DIRECT) or _Retold(widget)


def failure_words(failure: Exception) -> str:
    """Return what a failure says and what to do about it."""
    return sentence(str(failure))


def number(value: float) -> str:
    """Return a number as the language writes it: marks between thousands, one digit of a fraction."""
    locale = QLocale()
    # Programs that chose no language have Qt's C locale, which has no such marks.
    chosen = QLocale(language()) if locale.language() == QLocale.Language.C else locale
    return chosen.toString(value) if isinstance(value, int) else chosen.toString(value, "f", 1)


def time_label(moment: datetime) -> str:
    """Return the time of day as the language writes it, without seconds."""
    shape = QLocale().timeFormat(QLocale.FormatType.ShortFormat).replace(":ss", "")
    return QLocale().toString(QTime(moment.hour, moment.minute), shape)


def moment_label(moment: datetime, today: date) -> str:
    """Return the time of day, before it the day unless that is ``today``; of another year the date alone."""
    local = moment.astimezone()
    if local.date() == today:
        return time_label(local)
    day = QDate(local.year, local.month, local.day)
    if local.year != today.year:
        return QLocale().toString(day, _("d MMM yyyy"))
    return f"{QLocale().toString(day, _('d MMM'))}, {time_label(local)}"


def day_label(day: date, today: date) -> str:
    """Return how a day is called: Today, Yesterday, weekday and date, or date and year when that is past."""
    if day == today:
        return _("Today")
    if day == today - timedelta(days=1):
        return _("Yesterday")
    shape = _("dddd, d MMMM") if day.year == today.year else _("d MMMM yyyy")
    return QLocale().toString(QDate(day.year, day.month, day.day), shape)
