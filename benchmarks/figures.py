"""The arithmetic of the benchmarks: samples in rounds, medians, ratios.

Machines drift: the same program may run at half its speed a minute later. So the arms of a measure take
turns, a ratio is taken within each round, and what counts is the median of these ratios. Every figure is of
the kind "less is better".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

CHATDESK = "chatdesk"
FLOOR = "floor"
PEER = "peer"

Rounds = Sequence[Sequence[float]]


def percentile(samples: Sequence[float], part: float) -> float:
    """Return the sample below which ``part`` (0 to 1) of them lie; raises ``ValueError`` without samples."""
    if not samples:
        raise ValueError("no samples")
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def everything(rounds: Rounds) -> list[float]:
    """Return the samples of all rounds."""
    return [sample for each in rounds for sample in each]


def round_ratios(mine: Rounds, other: Rounds, part: float = 0.5) -> list[float]:
    """Return one ratio per round: this arm's percentile by that of the ``other``, of the same round."""
    return [
        percentile(ours, part) / percentile(theirs, part)
        for ours, theirs in zip(mine, other, strict=True)
        if ours and theirs and percentile(theirs, part) > 0
    ]


@dataclass(frozen=True)
class Figure:
    """One thing that was measured.

    ``arms`` holds samples by round for ``chatdesk`` and what it is compared with; ``labels`` say what those
    are; one that has a label and no samples could not be measured. ``goals``: how many times the other arm
    ChatDesk may take. ``limit``: the most its p95 may be, ``usual``: the most its median may be. ``stages``:
    by arm, where the time went (medians).
    """

    key: str
    title: str
    unit: str
    arms: Mapping[str, Rounds]
    labels: Mapping[str, str] = field(default_factory=dict)
    goals: Mapping[str, float] = field(default_factory=dict)
    limit: float | None = None
    usual: float | None = None
    stages: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    note: str = ""

    @property
    def others(self) -> list[str]:
        """The arms beside ChatDesk's."""
        return [arm for arm in self.arms if arm != CHATDESK]

    def middle(self, arm: str = CHATDESK) -> float:
        """The median of all samples."""
        return median(everything(self.arms[arm]))

    def high(self, arm: str = CHATDESK) -> float:
        """The 95th percentile of all samples."""
        return percentile(everything(self.arms[arm]), 0.95)

    def best(self, arm: str = CHATDESK) -> float:
        """The median of the best round."""
        return min(median(each) for each in self.arms[arm] if each)

    def ratio(self, arm: str) -> float:
        """How many times that arm ChatDesk takes: the median of the rounds' ratios."""
        return median(round_ratios(self.arms[CHATDESK], self.arms[arm]))

    def spread(self, arm: str) -> tuple[float, float]:
        """The least and the greatest ratio of a round."""
        ratios = round_ratios(self.arms[CHATDESK], self.arms[arm])
        return min(ratios), max(ratios)

    def shortfalls(self) -> list[str]:
        """Which goals do not hold; empty when all do."""
        found = [
            f"{self.ratio(arm):.2f} times {self.labels.get(arm, arm)}, goal {goal:g}"
            for arm, goal in self.goals.items()
            if arm in self.arms and self.ratio(arm) > goal
        ]
        if self.limit is not None and self.high() > self.limit:
            found.append(f"p95 {self.high():.3g} {self.unit}, goal {self.limit:g}")
        if self.usual is not None and self.middle() > self.usual:
            found.append(f"p50 {self.middle():.3g} {self.unit}, goal {self.usual:g}")
        return found

    @property
    def absent(self) -> list[str]:
        """The arms that could not be measured."""
        return [arm for arm in self.labels if arm not in self.arms]

    def verdicts(self) -> list[str]:
        """One for each goal, in words: ``met: ≤ 2× floor``."""
        made = [
            (self.ratio(arm) <= goal, f"≤ {goal:g}× {arm}")
            for arm, goal in self.goals.items()
            if arm in self.arms
        ]
        if self.usual is not None:
            made.append((self.middle() <= self.usual, f"p50 ≤ {self.usual:g} {self.unit}"))
        if self.limit is not None:
            made.append((self.high() <= self.limit, f"p95 ≤ {self.limit:g} {self.unit}"))
        unknown = [f"not measured: ≤ {self.goals[arm]:g}× {arm}" for arm in self.absent if arm in self.goals]
        return [f"{'met' if kept else 'not met'}: {goal}" for kept, goal in made] + unknown

    def as_json(self) -> dict[str, Any]:
        """Plain values, samples rounded to four places, with what follows from them."""
        plain = asdict(self)
        plain["arms"] = {
            arm: [[round(sample, 4) for sample in each] for each in rounds]
            for arm, rounds in self.arms.items()
        }
        plain["ratios"] = {arm: round(self.ratio(arm), 3) for arm in self.others}
        return plain


def figure_from(plain: Mapping[str, Any]) -> Figure:
    """Read what ``as_json`` wrote."""
    return Figure(**{name: value for name, value in plain.items() if name != "ratios"})
