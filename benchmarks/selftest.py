"""Whether the measures would notice: a ChatDesk that is made twice as slow has to break the budget.

``python -m benchmarks selftest``: in one window's process, in turns, the floor beside itself (a
hand-painted bubble; must read 0.9 to 1.1), a message more in ChatDesk beside that floor (which gives the
number for the budget), and the same with the work done twice. The last one has to fail by the very rules
of ``make bench-check``, the first must not.
"""

from __future__ import annotations

from benchmarks.budget import proposed_for, verdicts
from benchmarks.figures import CHATDESK, FLOOR, Figure
from benchmarks.measures.window import Child
from benchmarks.place import place
from benchmarks.plan import order, say

ROUNDS = 8
EVEN = (0.9, 1.1)
TASKS = ("floor_twice", "append", "append_twice")


def judged(figures: dict[str, Figure]) -> list[str]:
    """Say what is wrong with the measures; empty when they notice what they have to."""
    wrong = []
    even = figures["floor_twice"].ratio(FLOOR)
    if not EVEN[0] <= even <= EVEN[1]:
        wrong.append(f"the floor beside itself reads {even:.2f}, not {EVEN[0]} to {EVEN[1]}")
    budget = {"append": proposed_for(figures["append"])}
    if not all(each.kept for each in verdicts([figures["append"]], budget)):
        wrong.append("a run breaks the budget that was made from it")
    if all(each.kept for each in verdicts([figures["append_twice"]], budget)):
        wrong.append("twice the work kept the budget")
    return wrong


async def selftest() -> int:
    """Measure the three and judge; returns the exit status."""
    arms: dict[str, dict[str, list[list[float]]]] = {task: {CHATDESK: [], FLOOR: []} for task in TASKS}
    async with place() as here:
        child = Child(await here.module("inside", "--small"))
        await child.told()
        for number in range(-1, ROUNDS):
            for task in order(number, list(TASKS)):
                for arm, samples in (await child.ask(task)).items():
                    if number >= 0:
                        arms[task][arm].append(samples)
    # All three under the one name that the budget has.
    figures = {task: Figure("append", task, "ms", arms[task]) for task in TASKS}
    for task, figure in figures.items():
        low, high = figure.spread(FLOOR)
        say(
            f"{task:14}{figure.middle():8.2f} ms  {figure.ratio(FLOOR):6.2f}x floor ({low:.2f} to {high:.2f})"
        )
    wrong = judged(figures)
    for each in wrong:
        say(f"FAILED: {each}")
    if not wrong:
        say("The measures notice a ChatDesk that is twice as slow.")
    return 1 if wrong else 0
