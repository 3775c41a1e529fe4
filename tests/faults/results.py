"""What the runs measured, and the page that tells of it."""

from __future__ import annotations

import math
import os
import platform
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.schedule import Fault

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"


@dataclass
class Result:
    """One guarantee, held against its acceptance number.

    ``times`` are seconds until everybody showed the truth (or until whatever ``time_of`` names);
    ``shown`` is what else was counted.
    """

    guarantee: str
    promise: str
    load: str
    accept: str
    lost: int = 0
    doubled: int = 0
    divergent: int = 0
    broken_rules: int = 0
    times: list[float] = field(default_factory=list)
    time_of: str = "converged"
    injected: Counter[Fault] = field(default_factory=Counter)
    shown: Mapping[str, str] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    @property
    def held(self) -> bool:
        return not (self.lost or self.doubled or self.divergent or self.broken_rules or self.complaints)


def share(values: Iterable[float], part: float) -> float:
    """Return the smallest value that ``part`` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)] if ordered else math.nan


def spread(times: Iterable[float]) -> str:
    """p50 / p95 / max in seconds."""
    values = list(times)
    if not values:
        return ""
    return " / ".join(f"{share(values, part):.2f}" for part in (0.5, 0.95, 1.0))


def page(results: Iterable[Result], *, seeds: str, minutes: float, command: str) -> str:
    """The page ``docs/reliability.md``."""
    rows = list(results)
    faults: Counter[Fault] = Counter()
    for result in rows:
        faults.update(result.injected)
    lines = [
        "# Reliability, as measured",
        "",
        f"Written by `{command}`; {minutes:.1f} minutes on {_machine()}. {seeds}",
        "Every run has a real PostgreSQL, the embedded back end's real wire, the real engine, store and",
        "adapters, and a proxy between them that does the harm. The truth is read as superuser;",
        "what a client accepted is written down outside of it, fsynced line by line. Where it says virtual",
        "time, the server is a model of it and the clock a test's own.",
        "",
        "**Held** means: no violation at the load shown, and times within the acceptance number. The load",
        "that an acceptance number names is reached by a longer run, not by this one, where the two differ.",
        "",
        "## Guarantees",
        "",
        "| G | Guarantee | Load held | Faults | Lost | Doubled | Divergent | Rules broken | Held |",
        "|---|---|---|---:|---:|---:|---:|---:|---|",
    ]
    for row in rows:
        lines.append(
            f"| {row.guarantee} | {row.promise} | {row.load} | {sum(row.injected.values())} | {row.lost} | "
            f"{row.doubled} | {row.divergent} | {row.broken_rules} | {'yes' if row.held else '**no**'} |"
        )
    lines += [
        "",
        "## Time and acceptance",
        "",
        "Seconds, p50 / p95 / max.",
        "",
        "| G | Time | p50 / p95 / max | n | Acceptance number | Also counted |",
        "|---|---|---|---:|---|---|",
    ]
    for row in rows:
        also = "; ".join(f"{name}: {value}" for name, value in row.shown.items())
        timed = row.time_of if row.times else ""
        number = str(len(row.times)) if row.times else ""
        lines.append(
            f"| {row.guarantee} | {timed} | {spread(row.times)} | {number} | {row.accept} | {also} |"
        )
    lines += ["", "## Faults injected", "", "| Fault | Times |", "|---|---:|"]
    lines += [f"| {fault.value} | {count} |" for fault, count in faults.most_common()]
    complaints = [f"- {row.guarantee}: {text}" for row in rows for text in row.complaints]
    if complaints:
        lines += ["", "## What did not hold", "", *complaints]
    return "\n".join(lines) + "\n"


def _machine() -> str:
    python = platform.python_version()
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {python}"
