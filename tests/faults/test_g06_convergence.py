"""G6: all instances show the same after faults, and it is what the server holds."""

from __future__ import annotations

import pytest

from tests.faults.driver import Convergence, Plan
from tests.faults.rig import rig
from tests.faults.schedule import Regression, Schedule, regressions
from tests.support.postgres import Database, clusters, database

__all__ = ["clusters", "database"]

SEEDS = (1,)


# Runs that failed once come first.
PLANS = [Plan(r.seed, r.instances, seconds=r.seconds) for r in regressions()] + [Plan(seed) for seed in SEEDS]


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: f"seed-{plan.seed}")
async def test_all_instances_converge_after_a_storm(database: Database, plan: Plan) -> None:
    async with rig(database, Schedule(plan.seed)) as made:
        outcome = await Convergence(made, plan).run()
    print(outcome)  # noqa: T201  # shown by pytest when the test fails
    if not outcome.good:
        Regression(plan.seed, plan.instances, plan.seconds, outcome.complaint()).save()
    assert outcome.good, outcome.complaint()
    assert outcome.accepted > 20
    assert sum(outcome.injected.values()) > 20
    assert outcome.stall < 45
    assert outcome.watchdog == 0
