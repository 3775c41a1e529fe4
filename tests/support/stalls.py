"""What the stall probe found in the journeys: kept in ``build/stalls``, told at the end of a test run.

Nothing is failed for it here: a test machine is shared, and a number is only worth as much as its rest.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

BUILD = Path(__file__).parents[2] / "build" / "stalls"


def note(instance: str, phase: str, taken: dict[str, Any]) -> None:
    """Keep what an instance measured in a phase of the test module that runs now."""
    journey = Path(os.environ.get("PYTEST_CURRENT_TEST", "elsewhere").partition("::")[0]).stem
    name = re.sub(r"\W+", "-", f"{journey}-{instance}-{phase}")
    BUILD.mkdir(parents=True, exist_ok=True)
    told = {"journey": journey, "instance": instance, "phase": phase, **taken}
    path, number = BUILD / f"{name}.json", 2
    while path.exists():
        path, number = BUILD / f"{name}-{number}.json", number + 1
    path.write_text(json.dumps(told, indent=1), "utf-8")


def clear() -> None:
    """Forget what an earlier run measured."""
    for path in BUILD.glob("*.json"):
        path.unlink(missing_ok=True)


def table() -> list[str]:
    """Return one line per instance and phase, and one for each of the longest gaps with what was done."""
    runs = [json.loads(path.read_text("utf-8")) for path in sorted(BUILD.glob("*.json"))]
    if not runs:
        return []
    lines = [f"{'journey':32}{'window':10}{'phase':10}{'beats':>7}{'p50':>8}{'p99':>8}{'max':>8}{'busy':>8}"]
    for run in runs:
        names = f"{run['journey'][:31]:32}{run['instance'][:9]:10}{run['phase']:10}"
        numbers = f"{run['p50']:8.1f}{run['p99']:8.1f}{run['max']:8.1f}{run['busy_max']:8.1f}"
        lines.append(f"{names}{run['beats']:7}{numbers}")
    gaps = [
        (*gap, run["journey"], run["phase"]) for run in runs if run["phase"] != "start" for gap in run["slow"]
    ]
    for ms, busy, *doing, journey, _phase in sorted(gaps, key=lambda gap: -int(gap[0]))[:8]:
        lines.append(f"  {ms} ms ({busy} ms computing) in {journey}: {' < '.join(doing) or 'unknown'}")
    return lines
