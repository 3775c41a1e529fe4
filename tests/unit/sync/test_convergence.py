"""Several instances, one seeded schedule of faults, an end: heal, quiet, compare.

A failing seed prints its schedule and replays exactly.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.sync.acts import Schedule
from tests.unit.sync.desk import Room

STEPS = 200
SEEDS = (1, 2, 3, 5, 8, 13)


@pytest.mark.parametrize("seed", SEEDS)
async def test_all_instances_show_what_the_server_holds(room_of: Callable[[int], Room], seed: int) -> None:
    schedule = Schedule(room_of(seed), seed)
    await schedule.begin()
    for _ in range(STEPS):
        await schedule.step()
    await schedule.heal()
    print(f"seed {seed}", *schedule.log, sep="\n")  # noqa: T201  # shown by pytest when the test fails
    await schedule.converged()
    await schedule.room.close()
