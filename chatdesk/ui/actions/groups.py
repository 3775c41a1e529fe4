"""The actions of the table under headings, for the shortcut sheet, the settings and the README."""

from __future__ import annotations

from collections.abc import Iterator

from chatdesk.language.door import N_
from chatdesk.ui.actions.table import ACTIONS, ActionId, ActionRow

GROUPS = {
    "chat": N_("Chats"),
    "search": N_("Search"),
    "composer": N_("Writing"),
    "message": N_("Messages"),
    "reply": N_("Replies"),
    "view": N_("View"),
    "window": N_("Windows"),
    "account": N_("Account"),
    "app": N_("ChatDesk"),
}
"""The first part of an action's id and what it stands under; the order is the order on screen."""

FIELD_KEYS = (
    (N_("Send the message"), "Enter"),
    (N_("Start a new line"), "Shift+Enter"),
)
"""What the composer does with keys of its own; which is which is an option."""


def group_of(which: ActionId) -> str:
    """Return the heading of an action."""
    return GROUPS[which.value.partition(".")[0]]


def grouped() -> Iterator[tuple[str, list[ActionRow]]]:
    """Yield each heading with its actions, in the order of the tables; headings without any are left out."""
    for title in GROUPS.values():
        rows = [row for row in ACTIONS.values() if group_of(row.id) == title]
        if rows:
            yield title, rows


def plain(text: str) -> str:
    """Return an action's text without the dots that announce a question in menus."""
    return text.removesuffix("…")
