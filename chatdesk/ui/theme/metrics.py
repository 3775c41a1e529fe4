"""The few lengths that several rooms share, in device-independent pixels."""

from __future__ import annotations

COLUMN = 752
"""Readable width of the conversation's column; the composer keeps to it as well."""

MARGIN = 20
SIDEBAR = 276
SIDEBAR_LEAST = 210
SIDEBAR_MOST = 420
HEADER = 54
ROW = 36
ICON = 20
