"""The driver: ``python -m benchmarks [measure ...]`` measures and writes ``docs/performance.md``;
``python -m benchmarks check`` measures less and compares the ratios with ``budget.toml``;
``python -m benchmarks budget`` writes that file from the last figures.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import machine, report
from benchmarks.budget import BUDGET, proposed, read_budget, verdicts
from benchmarks.figures import Figure
from benchmarks.plan import Plan, say

MEASURES = ("delivery", "start", "window", "fanout", "catch_up", "idle")
DOCS = Path(__file__).parents[1] / "docs"


def arguments() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    options.add_argument("measures", nargs="*", help=f"check, budget, or any of {', '.join(MEASURES)}")
    options.add_argument("--quick", action="store_true", help="half of the rounds")
    options.add_argument("--frozen", type=Path, help="the executable of a frozen build to start as well")
    return options.parse_args()


async def run(names: list[str], plan: Plan) -> list[Figure]:
    """Measure one thing after the other and tell how it went."""
    figures: list[Figure] = []
    for name in names:
        begun = time.monotonic()
        module = importlib.import_module(f"benchmarks.measures.{name}")
        for figure in await module.measure(plan):
            figures.append(figure)
            ratios = ", ".join(f"{figure.ratio(arm):.2f}x {arm}" for arm in figure.others)
            short = "".join(f"  ! {each}" for each in figure.shortfalls())
            say(f"{figure.key:16}{figure.middle():10.2f} {figure.unit:4}{ratios}{short}")
        say(f"  {name}: {time.monotonic() - begun:.0f} s")
    return figures


def merged(earlier: list[Figure], fresh: list[Figure]) -> list[Figure]:
    """Return earlier figures with those measured anew in their places, new ones behind their neighbours."""
    made = list(earlier)
    place = len(made)
    for figure in fresh:
        found = next((at for at, each in enumerate(made) if each.key == figure.key), None)
        if found is None:
            made.insert(place, figure)
            place += 1
        else:
            made[found] = figure
            place = found + 1
    return made


def check(names: list[str]) -> int:
    """Fail when a ratio is above its budget in two runs; returns the exit status."""
    budget = read_budget()
    broken: list[str] = []
    for name in names:
        found = [each for each in verdicts(asyncio.run(run([name], Plan(quick=True))), budget)]
        if not all(each.kept for each in found):
            say(f"  {name}: once more, to be sure")
            again = verdicts(asyncio.run(run([name], Plan(quick=True))), budget)
            found = [min(pair, key=lambda each: each.ratio) for pair in zip(found, again, strict=True)]
        for each in found:
            say(str(each))
        broken += [str(each) for each in found if not each.kept]
    say(f"{len(broken)} ratios above their budget" if broken else "All ratios are within their budget.")
    return 1 if broken else 0


def main() -> int:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # No user compiles everything at every start.
    options = arguments()
    names = [name for name in options.measures if name in MEASURES] or list(MEASURES)
    if "check" in options.measures:
        return check(names)
    if "budget" in options.measures:
        BUDGET.write_text(proposed(report.read(DOCS / "performance.json")), "utf-8")
        return 0
    facts = {"date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"), **machine.description()}
    figures = asyncio.run(run(names, Plan(options.quick, options.frozen)))
    if set(names) != set(MEASURES) and (DOCS / "performance.json").exists():
        figures = merged(report.read(DOCS / "performance.json"), figures)
    report.write(figures, facts, DOCS, DOCS.parent / "README.md")
    say(f"Written: {DOCS / 'performance.md'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
