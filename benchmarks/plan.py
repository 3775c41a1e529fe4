"""How much is measured."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Plan:
    """``quick`` measures fewer rounds; ``frozen`` is the executable of an installed build."""

    quick: bool = False
    frozen: Path | None = None

    def rounds(self, whole: int) -> int:
        """As many rounds as a full run has, or half of them."""
        return max(3, whole // 2) if self.quick else whole


def order(number: int, arms: list[str]) -> list[str]:
    """The arms in the order of round ``number``: each comes first as often as any other."""
    turn = number % len(arms)
    return arms[turn:] + arms[:turn]


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
