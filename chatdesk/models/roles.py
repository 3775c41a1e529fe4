"""What the views may ask of a row."""

from __future__ import annotations

from enum import IntEnum

from PySide6.QtCore import Qt


class TimelineRole(IntEnum):
    """Roles of ``MessageListModel``.

    ``MESSAGE`` Message · ``AUTHOR`` the name to show · ``AVATAR`` key of the author's picture, "" for none ·
    ``OWN`` whether this user wrote it · ``TEXT`` the text so far, streamed pieces included · ``DAY_BREAK``
    whether it is the first row of a day · ``GROUPED`` whether it continues the row above (same author, same
    day, minutes apart) · ``DELIVERY`` DeliveryState · ``FAILURE`` str or None · ``STATUS`` MessageStatus ·
    ``VERSIONS`` Versions, None when there is only this one · ``LEAVING`` whether it is about to be deleted ·
    ``UNREAD`` whether the unread messages begin with it · ``READERS`` the others who have read up to it.
    """

    MESSAGE = Qt.ItemDataRole.UserRole + 1
    AUTHOR = Qt.ItemDataRole.UserRole + 2
    AVATAR = Qt.ItemDataRole.UserRole + 3
    OWN = Qt.ItemDataRole.UserRole + 4
    TEXT = Qt.ItemDataRole.UserRole + 5
    DAY_BREAK = Qt.ItemDataRole.UserRole + 6
    GROUPED = Qt.ItemDataRole.UserRole + 7
    DELIVERY = Qt.ItemDataRole.UserRole + 8
    FAILURE = Qt.ItemDataRole.UserRole + 9
    STATUS = Qt.ItemDataRole.UserRole + 10
    VERSIONS = Qt.ItemDataRole.UserRole + 11
    LEAVING = Qt.ItemDataRole.UserRole + 12
    UNREAD = Qt.ItemDataRole.UserRole + 13
    READERS = Qt.ItemDataRole.UserRole + 14


FIELD_ROLES: tuple[tuple[str, tuple[TimelineRole, ...]], ...] = (
    ("content", (TimelineRole.TEXT,)),
    ("deleted_at", (TimelineRole.TEXT, TimelineRole.GROUPED)),
    ("status", (TimelineRole.STATUS,)),
    ("error", (TimelineRole.STATUS,)),
    ("delivery", (TimelineRole.DELIVERY,)),
    ("failure", (TimelineRole.FAILURE,)),
    ("author_id", (TimelineRole.AUTHOR, TimelineRole.AVATAR, TimelineRole.OWN, TimelineRole.GROUPED)),
    ("author_name", (TimelineRole.AUTHOR, TimelineRole.GROUPED)),
    ("role", (TimelineRole.AUTHOR, TimelineRole.AVATAR, TimelineRole.OWN, TimelineRole.GROUPED)),
    ("model", (TimelineRole.AUTHOR, TimelineRole.AVATAR, TimelineRole.GROUPED)),
    ("created_at", (TimelineRole.DAY_BREAK, TimelineRole.GROUPED)),
)
"""What a change of a message's field changes in its row, its text left to be compared as it is shown."""
