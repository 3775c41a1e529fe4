"""The long form: every guarantee for as long as asked, and the page that tells how it went.

``make soak``: ``SOAK_SECONDS`` (default 240) is roughly how long the runs of G1-G10 and G15 take, and the
most that the long form of each other proof may take (three times as long for those of the tokens, which run
beside); ``SOAK_SEED`` is where the seeds begin. A night
(``SOAK_SECONDS=36000``) reaches the loads that the acceptance numbers name.
A convergence run that fails leaves its seed in ``tests/faults/regressions``, from where the next run of the
tests and of this file takes it first.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.faults import results
from tests.faults.results import Result
from tests.faults.soak_proofs import PROOFS, proven
from tests.faults.soak_steps import Soak, g01, g02, g03, g04, g05, g06, g07, g08, g09, g10, g15
from tests.support.postgres import Clusters

AS_LONG = 3
"""All steps together take about this many times their measure."""

Step = Callable[[Soak, float], Awaitable[None]]


async def proofs(soak: Soak, seconds: float) -> None:
    for proof in PROOFS:
        if not proof.beside:
            print(f"  {proof.guarantee} ...", flush=True)  # noqa: T201
            soak.rows[proof.guarantee] = await proven(proof, seconds)


async def beside(soak: Soak, seconds: float) -> None:
    """What waits for tokens most of its time, while everything else runs."""
    chosen = [proof for proof in PROOFS if proof.beside]
    found = await asyncio.gather(*(proven(proof, seconds * AS_LONG) for proof in chosen))
    soak.rows |= {proof.guarantee: row for proof, row in zip(chosen, found, strict=True)}


STEPS: tuple[tuple[float, Step], ...] = (
    (0.12, g01),
    (0.10, g02),
    (0.04, g03),
    (0.03, g04),
    (0.08, g05),
    (0.55, g06),
    (0.01, g07),
    (0.05, g08),
    (0.04, g09),
    (0.15, g10),
    (0.05, g15),
    (1.00, proofs),
)


async def attempted(soak: Soak, step: Step, seconds: float) -> None:
    """Run a step; one that breaks is told on its line and keeps no other from running."""
    try:
        await step(soak, seconds)
    except Exception as failure:
        if step is proofs:  # they tell of themselves
            raise
        traceback.print_exc()
        guarantee = f"G{int(step.__name__[1:])}"
        row = soak.rows.get(guarantee) or soak.row(guarantee, "the run broke off", "")
        row.complaints.append(f"the run broke off: {failure!r}")


async def soak_all(seconds: float, seed: int) -> list[Result]:
    """Run every step and return their lines."""
    with tempfile.TemporaryDirectory(prefix="chatdesk-soak-") as home:
        clusters = Clusters(Path(home))
        soak = Soak(clusters, seed)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(beside(soak, seconds))
                for part, step in STEPS:
                    print(f"{step.__name__} ...", flush=True)  # noqa: T201
                    await attempted(soak, step, seconds * part)
        finally:
            clusters.stop()
    return sorted(soak.rows.values(), key=lambda row: (int(row.guarantee[1:].split()[0]), row.guarantee))


def main() -> int:
    """Run, write the page, and fail when a guarantee did not hold."""
    seconds = float(os.environ.get("SOAK_SECONDS", "240"))
    seed = int(os.environ.get("SOAK_SEED", str(int(time.time()) % 1_000_000)))
    print(f"seed {seed}", flush=True)  # noqa: T201
    began = time.monotonic()
    rows = asyncio.run(soak_all(seconds, seed))
    text = results.page(
        rows,
        seeds=f"The seeds begin at {seed}.",
        minutes=(time.monotonic() - began) / 60,
        command=f"make soak SOAK_SECONDS={seconds:.0f}",
    )
    results.PAGE.write_text(text, encoding="utf-8")
    print(text)  # noqa: T201
    return 0 if all(row.held for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
