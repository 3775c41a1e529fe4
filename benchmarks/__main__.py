"""The driver: ``python -m benchmarks [measure ...]`` measures and writes ``docs/performance.md``; ``python
-m benchmarks check`` measures less and compares the ratios with ``budget.toml``; ``python -m benchmarks
budget`` writes that file from the last figures; ``python -m benchmarks selftest`` slows ChatDesk down on
purpose and fails unless the budget notices.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import machine, report
from benchmarks.browser import WANTED, chromium
from benchmarks.budget import BUDGET, Verdict, better, proposed, read_budget, verdicts
from benchmarks.figures import Figure
from benchmarks.plan import Plan, say

MEASURES = (
    "delivery",
    "hosted",
    "start",
    "ready",
    "window",
    "pace",
    "growth",
    "insert",
    "fanout",
    "flood",
    "throughput",
    "catch_up",
    "reconnect",
    "idle",
)
"""In the order of the page."""

CHECKED = ("delivery", "start", "ready", "window", "insert", "fanout", "catch_up", "reconnect", "idle")
"""Those with a floor or a peer, which a budget is for; the others take their minute to say one number."""

LONGEST = 240.0
"""Seconds after which a measure that hangs is given up."""

DOCS = Path(__file__).parents[1] / "docs"


def arguments() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    options.add_argument(
        "measures", nargs="*", help=f"check, budget, selftest, or any of {', '.join(MEASURES)}"
    )
    options.add_argument("--quick", action="store_true", help="half of the rounds")
    options.add_argument("--frozen", type=Path, help="the executable of a frozen build to start as well")
    return options.parse_args()


async def attempt(name: str, plan: Plan, failed: dict[str, str]) -> list[Figure]:
    """Measure one thing; what cannot be measured is tried once more without a browser, then noted."""
    module = importlib.import_module(f"benchmarks.measures.{name}")
    for wanted in ["on", "off"] if chromium() else ["off"]:
        os.environ[WANTED] = wanted
        try:
            async with asyncio.timeout(LONGEST):
                found: list[Figure] = await module.measure(plan)
            for figure in found:
                figure.as_json()  # Without samples it has no ratio, and is none.
                figure.high()
        except Exception as failure:  # Whatever it is, the other measures are worth having.
            reason = " ".join(f"{type(failure).__name__}: {failure}".split())[:300]
            say(f"  {name}: not measured: {reason}")
            failed[name] = reason
        else:
            failed.pop(name, None)
            return found
        finally:
            os.environ.pop(WANTED)
    return []


async def run(names: list[str], plan: Plan) -> tuple[list[Figure], Mapping[str, str]]:
    """Measure one thing after the other and tell how it went; returns what failed as well."""
    figures: list[Figure] = []
    failed: dict[str, str] = {}
    for name in names:
        begun = time.monotonic()
        for figure in await attempt(name, plan, failed):
            figures.append(figure)
            ratios = ", ".join(f"{figure.ratio(arm):.2f}x {arm}" for arm in figure.others)
            short = "".join(f"  ! {each}" for each in figure.shortfalls())
            say(f"{figure.key:16}{figure.middle():10.2f} {figure.unit:4}{ratios}{short}")
        say(f"  {name}: {time.monotonic() - begun:.0f} s")
    return figures, failed


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

    def judged(name: str) -> tuple[list[Verdict], Mapping[str, str]]:
        figures, failed = asyncio.run(run([name], Plan(quick=True)))
        return verdicts(figures, budget), failed

    broken: list[str] = []
    for name in names:
        found, failed = judged(name)
        if failed or not all(each.kept for each in found):
            say(f"  {name}: once more, to be sure")
            again, failed = judged(name)
            found = better(found, again)
        for each in found:
            say(str(each))
        broken += [str(each) for each in found if not each.kept]
        broken += [f"{each} was not measured: {reason}" for each, reason in failed.items()]
    for line in broken:
        say(line)
    say(f"{len(broken)} ratios above their budget" if broken else "All ratios are within their budget.")
    return 1 if broken else 0


def allow_many_sockets() -> None:
    """500 clients and the 500 of the floor are more open files than some systems allow at first."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main() -> int:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # No user compiles everything at every start.
    allow_many_sockets()
    options = arguments()
    names = [name for name in options.measures if name in MEASURES]
    if "check" in options.measures:
        return check(names or list(CHECKED))
    if "selftest" in options.measures:
        from benchmarks.selftest import selftest

        return asyncio.run(selftest())
    if "budget" in options.measures:
        BUDGET.write_text(proposed(report.read(DOCS / "performance.json")), "utf-8")
        return 0
    names = names or list(MEASURES)
    facts = {"date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"), **machine.description()}
    figures, failed = asyncio.run(run(names, Plan(options.quick, options.frozen)))
    if set(names) != set(MEASURES) and (DOCS / "performance.json").exists():
        figures = merged(report.read(DOCS / "performance.json"), figures)
    report.write(figures, facts, DOCS, DOCS.parent / "README.md", failed)
    say(f"Written: {DOCS / 'performance.md'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
