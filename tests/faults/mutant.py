"""What a planted fault is."""

from __future__ import annotations

from dataclasses import dataclass

FAULTS = "tests/faults"
DATABASE = "tests/contract/database"


@dataclass(frozen=True)
class Mutant:
    """``old`` occurs exactly once in ``file`` and becomes ``new``; the pytest node ``test`` must fail."""

    guarantee: str
    name: str
    file: str
    old: str
    new: str
    test: str
