"""Sums of very many heights."""

from __future__ import annotations

import random
from itertools import accumulate

import pytest

from chatdesk.ui.timeline.heights import Heights
from chatdesk.ui.timeline.placement import BOTTOM_ROOM, TOP_ROOM, Anchor, place


def check(heights: Heights, truth: list[int]) -> None:
    assert len(heights) == len(truth)
    assert heights.total() == sum(truth)
    tops = [0, *accumulate(truth)]
    for row in {0, len(truth) // 3, len(truth) - 1} if truth else set():
        assert heights[row] == truth[row]
        assert heights.top(row) == tops[row]
        assert heights.row_at(tops[row] + truth[row] // 2) == (row, truth[row] // 2)


def test_random_operations_agree_with_a_list() -> None:
    chance = random.Random(5)
    heights, truth = Heights(), [10] * 3_000
    heights.fill(3_000, 10)
    for _ in range(600):
        row = chance.randrange(len(truth))
        match chance.randrange(5):
            case 0:
                heights[row] = truth[row] = chance.randint(1, 300)
            case 1:
                count = chance.choice([1, 2, 50, 700])
                heights.insert(row, count, 7)
                truth[row:row] = [7] * count
            case 2:
                count = min(chance.choice([1, 3, 600]), len(truth) - row)
                heights.remove(row, count)
                del truth[row : row + count]
            case 3:
                target = chance.randrange(len(truth) + 1)
                if target not in (row, row + 1):
                    heights.move(row, target)
                    truth.insert(target - 1 if target > row else target, truth.pop(row))
            case 4:
                values = [chance.randint(1, 90) for _ in range(min(900, len(truth) - row))]
                heights.assign(row, values)
                truth[row : row + len(values)] = values
        check(heights, truth)
        if len(truth) < 1_000:
            heights.insert(len(truth), 1_000, 5)
            truth += [5] * 1_000
    assert heights.top(len(truth)) == sum(truth)


def test_beyond_the_ends() -> None:
    heights = Heights()
    heights.fill(2, 10)
    assert heights.row_at(-5) == (0, -5)
    assert heights.row_at(99)[0] == 1
    with pytest.raises(IndexError):
        heights[3]


@pytest.mark.parametrize("anchor", [None, Anchor(500, 30), Anchor(0, 200), Anchor(999, -5), Anchor(3, 590)])
def test_only_rows_in_sight_are_measured(anchor: Anchor | None) -> None:
    measured: list[int] = []

    def measure(row: int) -> int:
        measured.append(row)
        return 40

    placed, _ = place(1_000, 600, anchor, measure)
    assert len(set(measured)) <= 18
    assert all(spot.bottom > 0 and spot.y < 600 for spot in placed)
    tops = [spot.y for spot in placed]
    assert tops == [tops[0] + 40 * n for n in range(len(tops))]


def test_few_rows_stand_at_the_top() -> None:
    placed, at_end = place(2, 600, None, lambda _row: 40)
    assert at_end
    assert [spot.y for spot in placed] == [TOP_ROOM, TOP_ROOM + 40]


def test_reaching_the_end_stands_at_the_end() -> None:
    placed, at_end = place(100, 600, Anchor(99, 100), lambda _row: 40)
    assert at_end
    assert placed[-1].bottom == 600 - BOTTOM_ROOM
