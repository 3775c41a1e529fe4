"""The gate: twice as slow is noticed, what cannot be measured is said, and nothing of it stops a run."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from benchmarks import __main__ as driver
from benchmarks import report
from benchmarks.browser import WANTED, chromium
from benchmarks.budget import Verdict, better, proposed, read_budget, verdicts
from benchmarks.figures import CHATDESK, FLOOR, PEER, Figure
from benchmarks.plan import Plan
from benchmarks.selftest import judged
from tests.unit.benchmarks.test_figures import MACHINE

DRIFT = (1.0, 1.9, 1.1, 0.8, 1.5, 1.0, 2.1, 0.9)
"""How slow the machine is in each round."""


def figure(times: float, key: str = "append", shake: float = 0.0) -> Figure:
    """ChatDesk takes so many times as long as its floor, on a machine that drifts."""
    floor = [[2.0 * slow * (1 + shake * (number % 3 - 1)) for number in range(9)] for slow in DRIFT]
    mine = [[2.0 * times * slow * (1 + shake * (number % 2)) for number in range(9)] for slow in DRIFT]
    return Figure(key, "Something", "ms", {CHATDESK: mine, FLOOR: floor})


def of(even: float, times: float, twice: float) -> dict[str, Figure]:
    return {"floor_twice": figure(even), "append": figure(times), "append_twice": figure(twice)}


def test_twice_the_work_breaks_a_budget_however_much_the_machine_drifts(tmp_path: Path) -> None:
    path = tmp_path / "budget.toml"
    path.write_text(proposed([figure(3.0, shake=0.05)]), "utf-8")
    budget = read_budget(path)
    assert all(each.kept for each in verdicts([figure(3.0, shake=0.1)], budget))
    assert not any(each.kept for each in verdicts([figure(6.0, shake=0.1)], budget))


def test_the_self_test_wants_an_even_floor_and_a_gate_that_closes() -> None:
    assert judged(of(1.02, 3.0, 6.1)) == []
    assert "reads 1.20" in judged(of(1.2, 3.0, 6.1))[0]
    assert "reads 0.80" in judged(of(0.8, 3.0, 6.1))[0]
    assert judged(of(1.0, 3.0, 3.5)) == ["twice the work kept the budget"]


def test_the_better_of_two_runs_counts_for_each_ratio() -> None:
    first = [Verdict("a", FLOOR, 3.0, 2.0), Verdict("b", FLOOR, 1.0, 2.0)]
    again = [Verdict("a", FLOOR, 1.5, 2.0), Verdict("b", FLOOR, 9.0, 2.0), Verdict("a", PEER, 4.0, 2.0)]
    best = {(each.key, each.arm): each.ratio for each in better(first, again)}
    assert best == {("a", FLOOR): 1.5, ("b", FLOOR): 1.0, ("a", PEER): 4.0}


def test_a_median_can_have_a_goal_of_its_own() -> None:
    made = Figure("some", "Something", "ms", {CHATDESK: [[1.0, 2.0, 30.0]]}, limit=16.7, usual=8.0)
    assert made.verdicts() == ["met: p50 ≤ 8 ms", "not met: p95 ≤ 16.7 ms"]
    slow = Figure("some", "Something", "ms", {CHATDESK: [[9.0]]}, usual=8.0)
    assert slow.shortfalls() == ["p50 9 ms, goal 8"]


def test_an_arm_that_is_missing_is_said_and_not_left_out() -> None:
    made = Figure("some", "Something", "ms", {CHATDESK: [[1.0]]}, {PEER: "a web page"}, {PEER: 0.6})
    assert made.absent == [PEER]
    assert made.verdicts() == ["not measured: ≤ 0.6× peer"]
    [row] = report.table([made])[2:]
    assert row.count("not measured") == 2
    assert "–" in row, "of a floor there was never any talk"


def test_a_measure_that_failed_has_a_row_with_its_reason() -> None:
    page = report.measured([figure(1.0)], MACHINE, {"flood": "TimeoutError: 240 s | too long"})
    assert "| flood |  | – | – | – | – | not measured: TimeoutError: 240 s / too long |" in page


def module(name: str, monkeypatch: pytest.MonkeyPatch, fails: int) -> list[str | None]:
    """Make a measure that fails so often; returns whether a browser was wanted each time."""
    wanted: list[str | None] = []

    async def measure(plan: Plan) -> list[Figure]:
        import os

        del plan
        wanted.append(os.environ.get(WANTED))
        if len(wanted) <= fails:
            raise RuntimeError("the page\nwent away")
        return [figure(1.0)]

    made = ModuleType(name)
    setattr(made, "measure", measure)  # noqa: B010 (a module of types does not know it)
    monkeypatch.setitem(sys.modules, f"benchmarks.measures.{name}", made)
    monkeypatch.setattr(driver, "chromium", lambda: "a browser")
    return wanted


async def test_a_measure_is_tried_again_without_a_browser_and_then_given_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = module("once", monkeypatch, fails=1)
    figures, failed = await driver.run(["once"], Plan())
    assert (len(figures), failed, wanted) == (1, {}, ["on", "off"])
    module("always", monkeypatch, fails=9)
    figures, failed = await driver.run(["always", "once"], Plan())
    assert failed == {"always": "RuntimeError: the page went away"}
    assert len(figures) == 1, "the others are measured all the same"
    assert "not measured" in capsys.readouterr().out


def test_a_browser_can_be_declined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WANTED, "off")
    assert chromium() is None


@pytest.mark.parametrize(("fails", "status"), [(0, 0), (9, 1)])
def test_what_cannot_be_measured_fails_the_check(
    fails: int, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module("some", monkeypatch, fails)
    assert driver.check(["some"]) == status
    assert ("was not measured" in capsys.readouterr().out) is bool(fails)


def test_every_measure_has_a_module() -> None:
    folder = Path(driver.__file__).with_name("measures")
    there = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert set(driver.MEASURES) == there
    assert set(driver.CHECKED) < there
