"""The budget: how many times its floor or peer each figure may take before ``make bench-check`` fails.

``budget.toml`` has a table per figure with a number per arm. The numbers lie above the ratios that were
measured last, by as much as these differ between two runs; a better ratio is a reason to lower its number.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import FLOOR, PEER, Figure

BUDGET = Path(__file__).with_name("budget.toml")

ROOM = 1.5
HEAD = """\
# How many times its floor or a web page ChatDesk may take before `make bench-check` fails: the ratios of the
# last `make bench` with room for what two runs differ by, written by `python -m benchmarks budget`. A number
# here only goes down, unless the reason why not is in the commit."""

Budget = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Verdict:
    """One ratio and what it may be."""

    key: str
    arm: str
    ratio: float
    allowed: float

    @property
    def kept(self) -> bool:
        return self.ratio <= self.allowed

    def __str__(self) -> str:
        word = "kept" if self.kept else "BROKEN"
        return f"{word:7}{self.key:24}{self.arm:8}{self.ratio:8.2f} of {self.allowed:g}"


def read_budget(path: Path = BUDGET) -> Budget:
    """Read a budget; raises ``ValueError`` for what is not a table of positive numbers."""
    content = tomllib.loads(path.read_text("utf-8"))
    for key, arms in content.items():
        if not isinstance(arms, dict) or not all(
            isinstance(number, int | float) and number > 0 for number in arms.values()
        ):
            raise ValueError(f"{path.name}: [{key}] must hold positive numbers")
    return content


def proposed(figures: Iterable[Figure], room: float = ROOM) -> str:
    """Write a budget that these figures keep, with ``room`` for what two runs differ by."""
    lines = [HEAD]
    for figure in figures:
        numbers = proposed_for(figure, room)
        if numbers:
            lines += [f"\n[{figure.key}]", *(f"{arm} = {number:g}" for arm, number in numbers.items())]
    return "\n".join(lines) + "\n"


def proposed_for(figure: Figure, room: float = ROOM) -> Mapping[str, float]:
    """Return the numbers of one figure, two digits each."""
    return {arm: float(f"{figure.ratio(arm) * room:.2g}") for arm in (FLOOR, PEER) if arm in figure.arms}


def verdicts(figures: Iterable[Figure], budget: Budget) -> list[Verdict]:
    """Compare figures with their budget; a figure without one is not judged."""
    return [
        Verdict(figure.key, arm, figure.ratio(arm), allowed)
        for figure in figures
        for arm, allowed in budget.get(figure.key, {}).items()
        if arm in figure.arms
    ]


def better(found: Iterable[Verdict], again: Iterable[Verdict]) -> list[Verdict]:
    """Return each verdict in the better of two runs; one that only a single run gave stands as it is."""
    best: dict[tuple[str, str], Verdict] = {}
    for each in (*found, *again):
        place = (each.key, each.arm)
        if place not in best or each.ratio < best[place].ratio:
            best[place] = each
    return list(best.values())
