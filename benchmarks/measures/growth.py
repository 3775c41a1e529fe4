"""Whether a window that is used for long grows: a long history, many answers, many conversations."""

from __future__ import annotations

import asyncio
import json

from benchmarks.figures import CHATDESK, Figure
from benchmarks.place import place
from benchmarks.plan import Plan

PAGES, ANSWERS, SWITCHES = 1_000, 100, 2_000
PATIENCE = 230.0


async def measure(plan: Plan) -> list[Figure]:
    """One window, from its first conversation to its last."""
    part = 4 if plan.quick else 1
    pages, answers, switches = PAGES // part, ANSWERS // part, SWITCHES // part
    async with place() as here:
        process = await here.process(
            *here.python("wear", str(pages), str(answers), str(switches)),
            environment={"TMPDIR": str(here.directory)},
            errors=True,
        )
        output, errors = await asyncio.wait_for(process.communicate(), PATIENCE)
        if not output:
            raise RuntimeError(errors.decode(errors="replace")[-300:] or "the window has ended")
        held: dict[str, float] = json.loads(output.splitlines()[-1])
    steps = (
        ("at the top of what was scrolled", "far"),
        ("in a short conversation again", "back"),
        ("after the answers", "streamed"),
        ("after the switches", "switched"),
    )
    told = ", ".join(f"{words} {held[name] - held['begun']:+.0f} MB" for words, name in steps)
    return [
        Figure(
            "growth",
            f"Memory gained by scrolling {held['reached']:,.0f} messages, {answers} answers,"
            f" {switches:,} switches",
            "MB",
            {CHATDESK: [[max(0.0, held["switched"] - held["begun"])]]},
            limit=40.0,
            note=f"From {held['begun']:.0f} MB: {told}.",
        ),
        Figure(
            "growth_late",
            "Of that, in the last third of the switches",
            "MB",
            {CHATDESK: [[max(0.0, held["switched"] - held["two_thirds"])]]},
            limit=2.0,
        ),
    ]
