"""What a user can set, as one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Generic, TypeVar

T = TypeVar("T")

TEXT_SIZE_LEAST = 80
TEXT_SIZE_MOST = 200


class Group(StrEnum):
    """The page of the settings window on which an option is; ``WINDOW`` ones set themselves."""

    GENERAL = "general"
    CHAT = "chat"
    MODELS = "models"
    SHORTCUTS = "shortcuts"
    WINDOW = "window"


class Scope(StrEnum):
    """Where an option holds: in every instance on this computer, or only in the one that set it."""

    DEVICE = "device"
    INSTANCE = "instance"


@dataclass(frozen=True, slots=True)
class Option(Generic[T]):
    """One row: ``key`` in the file, ``kind`` of its value, what holds unless it was set, ``text`` for people.

    ``choices`` are the values allowed with their texts, in order; without any, every value of the kind is
    allowed. ``bounds`` are the smallest and greatest number.
    """

    key: str
    kind: type[T]
    default: T
    text: str
    group: Group
    scope: Scope = Scope.DEVICE
    choices: Mapping[str, str] = field(default_factory=dict)
    bounds: tuple[int, int] | None = None

    def sound(self, value: object) -> bool:
        """Tell whether ``value`` may be a value of this option."""
        if type(value) is not self.kind:
            return False
        if self.choices and value not in self.choices:
            return False
        return self.bounds is None or (isinstance(value, int) and self.bounds[0] <= value <= self.bounds[1])


LANGUAGE = Option("language", str, "system", "Language", Group.GENERAL)
THEME = Option(
    "theme",
    str,
    "system",
    "Look",
    Group.GENERAL,
    choices=MappingProxyType(
        {"system": "As the system", "light": "Light", "dark": "Dark", "contrast": "High contrast"}
    ),
)
TEXT_SIZE = Option(
    "text_size",
    int,
    100,
    "Text size",
    Group.GENERAL,
    bounds=(TEXT_SIZE_LEAST, TEXT_SIZE_MOST),
)
SEND_KEY = Option(
    "send_key",
    str,
    "enter",
    "Send a message with",
    Group.CHAT,
    choices=MappingProxyType({"enter": "Enter", "ctrl_enter": "Ctrl+Enter"}),
)
SHOW_TIMES = Option("show_times", bool, True, "Show the time beside messages", Group.CHAT)
DEFAULT_MODEL = Option("default_model", str, "", "Model of new chats", Group.MODELS)
TITLE_MODEL = Option("title_model", str, "", "Model for titles", Group.MODELS)
MODELS_REVISION = Option("models_revision", str, "", "Last change of keys or built-in model", Group.WINDOW)
BUILT_IN_URL = Option("built_in_url", str, "", "Address of the built-in model", Group.MODELS)
SHORTCUTS: Option[dict[str, Any]] = Option("shortcuts", dict, {}, "Keyboard shortcuts", Group.SHORTCUTS)
HIDE_TO_TRAY = Option(
    "hide_to_tray", bool, False, "Go to the tray when the last window is closed", Group.GENERAL
)
NOTIFY_REPLIES = Option("notify_replies", bool, True, "Notify when a reply is ready", Group.GENERAL)
DEVICE = Option("device", str, "", "What this device is known by", Group.WINDOW)
CHECK_UPDATES = Option("check_updates", bool, True, "Look for a new version once a day", Group.GENERAL)
UPDATE_ASKED = Option("update_asked", int, 0, "When a new version was last looked for", Group.WINDOW)
UPDATE_TOLD = Option("update_told", str, "", "The new version that was told of", Group.WINDOW)
WINDOW = Option("window", str, "", "Place and size of the window", Group.WINDOW, Scope.INSTANCE)

OPTIONS: Mapping[str, Option[Any]] = MappingProxyType(
    {
        option.key: option
        for option in (
            LANGUAGE,
            THEME,
            TEXT_SIZE,
            HIDE_TO_TRAY,
            NOTIFY_REPLIES,
            SEND_KEY,
            SHOW_TIMES,
            DEFAULT_MODEL,
            TITLE_MODEL,
            MODELS_REVISION,
            BUILT_IN_URL,
            SHORTCUTS,
            DEVICE,
            CHECK_UPDATES,
            UPDATE_ASKED,
            UPDATE_TOLD,
            WINDOW,
        )
    }
)
