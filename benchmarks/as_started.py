"""Prepares the interpreter as the program does before it imports its window; importing this does it.

It has to come before whatever imports Qt. Otherwise PySide6 reads the source of every module that follows,
and the lines, some 20 MB, stay in memory or go again in the midst of a measure.
"""

from __future__ import annotations

from chatdesk.cli import ready_to_import

ready_to_import()
