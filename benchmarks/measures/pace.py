"""A model that writes 200 tokens a second for a minute: frames, echoes of keys, and computing."""

from __future__ import annotations

import asyncio
import json

from benchmarks.figures import CHATDESK, Figure
from benchmarks.place import place
from benchmarks.plan import Plan

SECONDS, SLICE = 60.0, 10.0
QUICK_SECONDS = 20.0
FRAME = 16.7


async def measure(plan: Plan) -> list[Figure]:
    """One answer in a whole window on the embedded back end, looked at in slices of ten seconds."""
    seconds = QUICK_SECONDS if plan.quick else SECONDS
    async with place() as here:
        await here.puppet("filling")
        await here.puppets[0].quit()
        await here.serve()
        process = await here.process(
            *here.python("streaming", str(seconds), str(SLICE)),
            environment={"CHATDESK_DATA": str(here.data), "CHATDESK_BUILT_IN": "off"},
            errors=True,
        )
        output, errors = await asyncio.wait_for(process.communicate(), seconds + 90)
        if not output:
            raise RuntimeError(errors.decode(errors="replace")[-300:] or "the window has ended")
        told = json.loads(output.splitlines()[-1])
    pace = sum(told["tokens"]) / len(told["tokens"])
    count = sum(len(each) for each in told["frames"])
    note = f"{pace:.0f} tokens/s came, {count / seconds:.0f} frames/s were painted."
    return [
        Figure(
            "pace_frame",
            f"A reply of 200 tokens/s for {seconds:.0f} s: one frame, laid out and painted",
            "ms",
            {CHATDESK: told["frames"]},
            limit=FRAME,
            note=note,
        ),
        Figure(
            "pace_echo",
            "Meanwhile: a key → painted in the composer",
            "ms",
            {CHATDESK: told["echoes"]},
            limit=FRAME,
        ),
        Figure(
            "pace_computing",
            "Meanwhile: computing of the window's process",
            "% of a core",
            {CHATDESK: [[each] for each in told["busy"]]},
            usual=25.0,
        ),
    ]
