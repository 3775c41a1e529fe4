"""How long a proof runs: the short form belongs to every test run, the long one has the reference's numbers.

``CHATDESK_FAULTS=long`` chooses the long form. ``CHATDESK_FAULTS_REPORT`` names a file to which each proof
adds one JSON line with what it counted.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

LONG = os.environ.get("CHATDESK_FAULTS") == "long"


def extent(short: T, long: T) -> T:
    """Return the number, or whatever else, that fits this run."""
    return long if LONG else short


def limit(short: float, long: float) -> float:
    """Return the seconds a test of this run may take, for ``pytest.mark.timeout``."""
    return extent(short, long)


def report(guarantee: str, **counted: Any) -> None:
    """Add what a proof counted to the report, if there is one."""
    place = os.environ.get("CHATDESK_FAULTS_REPORT")
    if place:
        with Path(place).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"guarantee": guarantee, **counted}) + "\n")
