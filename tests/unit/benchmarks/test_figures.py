"""The arithmetic of the benchmarks: what a ratio is, when a budget is broken, what the report says."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.__main__ import merged
from benchmarks.budget import BUDGET, proposed, read_budget, verdicts
from benchmarks.chart import HIGH, LEFT, LOW, WIDTH, chart, place
from benchmarks.figures import CHATDESK, FLOOR, PEER, Figure, figure_from, percentile, round_ratios
from benchmarks.load import PLANS, Habit, Shape, days_until_full, demand, lacks, per_turn, smallest
from benchmarks.plan import Plan, order

MACHINE = {
    "date": "today",
    "processor": "a processor",
    "cores": 2,
    "memory_gb": 24,
    "system": "Linux",
    "python": "3.11",
    "load": 0.1,
    "spin_ms": 10,
}


def figure(mine: float = 2.0, **fields: object) -> Figure:
    arms = {
        CHATDESK: [[mine, mine, 9.0], [4 * mine] * 3],
        FLOOR: [[1.0] * 3, [4.0] * 3],
        PEER: [[4.0], [16.0]],
    }
    return Figure("some", "Something & more", "ms", arms, **fields)  # type: ignore[arg-type]  # several kinds


def test_a_percentile_is_a_sample() -> None:
    assert percentile([3, 1, 2], 0.5) == 2
    assert percentile([3, 1, 2], 0.95) == 3
    assert percentile([5], 0.99) == 5
    with pytest.raises(ValueError, match="no samples"):
        percentile([], 0.5)


def test_a_machine_that_slows_down_between_rounds_changes_no_ratio() -> None:
    steady = round_ratios([[2.0], [2.0]], [[1.0], [1.0]])
    drifting = round_ratios([[2.0], [8.0]], [[1.0], [4.0]])
    assert steady == drifting == [2.0, 2.0]
    assert figure().ratio(FLOOR) == 2.0
    assert figure().ratio(PEER) == 0.5
    assert figure().spread(FLOOR) == (2.0, 2.0)


def test_rounds_that_do_not_match_are_an_error() -> None:
    with pytest.raises(ValueError, match="zip"):
        round_ratios([[1.0]], [[1.0], [1.0]])


def test_a_goal_is_missed_by_ratio_or_by_its_95th_percentile() -> None:
    assert figure(goals={FLOOR: 2.0}).shortfalls() == []
    assert len(figure(goals={FLOOR: 1.9, PEER: 0.4}).shortfalls()) == 2
    assert figure(limit=9.0).shortfalls() == []
    assert "p95" in figure(limit=8.9).shortfalls()[0]
    assert figure(goals={"nobody": 1.0}).shortfalls() == []


def test_a_ratio_that_got_worse_breaks_its_budget() -> None:
    budget = {"some": {FLOOR: 2.5, PEER: 1.0}, "other": {FLOOR: 1.0}}
    assert [each.kept for each in verdicts([figure(2.0)], budget)] == [True, True]
    worse = verdicts([figure(3.0)], budget)
    assert [each.kept for each in worse] == [False, True]
    assert "BROKEN" in str(worse[0])
    assert verdicts([figure()], {}) == []


def test_a_proposed_budget_is_kept_by_the_figures_it_was_made_of(tmp_path: Path) -> None:
    path = tmp_path / "budget.toml"
    path.write_text(proposed([figure()]), "utf-8")
    budget = read_budget(path)
    assert budget == {"some": {FLOOR: 3.0, PEER: 0.75}}
    assert all(each.kept for each in verdicts([figure()], budget))
    assert not all(each.kept for each in verdicts([figure(3.5)], budget))


def test_a_budget_of_anything_but_positive_numbers_is_refused(tmp_path: Path) -> None:
    for text in ("floor = 2", "[some]\nfloor = 0", '[some]\nfloor = "2"'):
        path = tmp_path / "budget.toml"
        path.write_text(text, "utf-8")
        with pytest.raises(ValueError, match="positive"):
            read_budget(path)
    assert read_budget(BUDGET)


def test_figures_come_back_from_their_file() -> None:
    plain = json.loads(json.dumps(figure(goals={FLOOR: 2.0}).as_json()))
    assert plain["ratios"] == {FLOOR: 2.0, PEER: 0.5}
    again = figure_from(plain)
    assert again.ratio(FLOOR) == 2.0
    assert again.goals == {FLOOR: 2.0}


def test_the_page_is_rewritten_between_its_two_lines(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    page = tmp_path / "performance.md"
    page.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n", "utf-8")
    made = figure(goals={FLOOR: 1.5}, stages={CHATDESK: {"store": 1.0}})
    for _ in range(2):
        report.write([made], MACHINE, tmp_path)
    text = page.read_text("utf-8")
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    assert text.count("| Something & more |") == 1
    assert "not met: ≤ 1.5× floor" in text
    assert "store 1.00" in text
    assert report.read(tmp_path / "performance.json")[0].key == "some"


def test_the_chart_is_whole_xml_with_a_bar_for_each_ratio() -> None:
    root = ElementTree.fromstring(chart([figure()]))
    bars = [each for each in root.iter("{http://www.w3.org/2000/svg}rect") if each.get("rx")]
    assert len(bars) == 2
    assert place(2.0**LOW) == LEFT
    assert place(2.0**HIGH * 99) == LEFT + WIDTH
    assert place(1.0) == LEFT + WIDTH / 2


def test_every_arm_comes_first_as_often_as_the_others() -> None:
    assert [order(number, ["a", "b", "c"])[0] for number in range(6)] == ["a", "b", "c"] * 2
    assert Plan(quick=True).rounds(8) == 4
    assert Plan(quick=True).rounds(3) == 3
    assert Plan().rounds(8) == 8


def test_what_many_users_ask_for_is_plain_arithmetic() -> None:
    rows, deltas = per_turn(Habit(), Shape())
    assert rows == pytest.approx(13 * 2.2 + 5 * 2.5)
    assert deltas == pytest.approx(96)
    wanted = demand(1_000)
    assert wanted.connections == 150
    assert wanted.messages == pytest.approx(100 / 180 * (rows + deltas))
    assert wanted.rush == pytest.approx(150 * 3 / 8)
    assert demand(1).connections == 2, "one who is there is there"


def test_the_smallest_plan_has_enough_of_everything() -> None:
    assert smallest(demand(1)) == PLANS[0]
    plans = [smallest(demand(users)) for users in (100, 1_000, 10_000, 100_000)]
    sizes = [len(PLANS) if plan is None else PLANS.index(plan) for plan in plans]
    assert sizes == sorted(sizes)
    assert lacks(PLANS[-1], demand(1_000_000)) == ["connections", "messages a second", "joins a second"]


def test_what_is_measured_anew_takes_its_old_place() -> None:
    old = [replace(figure(), key=key) for key in "abc"]
    fresh = [replace(figure(3.0), key=key) for key in ("b", "new")]
    made = merged(old, fresh)
    assert [each.key for each in made] == ["a", "b", "new", "c"]
    assert made[1].ratio(FLOOR) == 3.0


def test_a_plans_database_is_full_the_sooner_the_more_people_write() -> None:
    assert days_until_full(PLANS[0], demand(100)) == pytest.approx(0.5 / 2.92 * 365)
    assert days_until_full(PLANS[1], demand(1_000)) == pytest.approx(8 / 29.2 * 365)
