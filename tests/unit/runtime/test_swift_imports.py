"""No module's source is read to find out whether it switches Qt's features."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import asyncio, linecache
from PySide6 import QtCore
from chatdesk.runtime.swift_imports import without_reading
if {swift}:
    without_reading()
read = []
whole = linecache.updatecache
linecache.updatecache = lambda name, *rest: read.append(name) or whole(name, *rest)
import chatdesk.domain.search
print(len(read))
"""


def reads(swift: bool) -> int:
    """How many sources were read to import a module and what it imports."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(swift=swift)], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def test_sources_are_not_read() -> None:
    assert reads(swift=False) > 0, "PySide6 does not read sources any more: the module can go"
    assert reads(swift=True) == 0
