"""The limiter: no interval holds more calls than allowed, and nobody waits longer than need be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatdesk.sync.pace import Allowance

_GAPS = st.lists(st.floats(0, 30, allow_nan=False), min_size=1, max_size=80)


def _taken(gaps: list[float], most: int, seconds: float) -> list[float]:
    """The moments of the calls that were allowed when somebody asks after each of the gaps."""
    allowance, now, taken = Allowance(most, seconds), 0.0, []
    for gap in gaps:
        now += gap
        if allowance.take(now):
            taken.append(now)
    return taken


@given(gaps=_GAPS, most=st.integers(1, 6), seconds=st.floats(0.5, 60))
def test_no_interval_holds_more_calls_than_allowed(gaps: list[float], most: int, seconds: float) -> None:
    taken = _taken(gaps, most, seconds)
    for start in taken:
        assert sum(start <= at < start + seconds * (1 - 1e-9) for at in taken) <= most


@given(gaps=_GAPS, most=st.integers(1, 6), seconds=st.floats(0.5, 60))
def test_nobody_waits_longer_than_need_be(gaps: list[float], most: int, seconds: float) -> None:
    allowance, now = Allowance(most, seconds), 0.0
    taken: list[float] = []
    for gap in gaps:
        now += gap
        rest = allowance.wait(now)
        crowd = [at for at in taken if at + seconds > now]
        assert (rest > 0) == (len(crowd) >= most)
        assert rest <= seconds * (1 + 1e-9)
        now += rest * (1 + 1e-9)
        assert allowance.take(now), "after the wait it is allowed"
        taken.append(now)


@given(gaps=_GAPS, most=st.integers(2, 6), seconds=st.floats(0.5, 60), keep=st.integers(0, 1))
def test_what_is_kept_back_is_there(gaps: list[float], most: int, seconds: float, keep: int) -> None:
    allowance, now = Allowance(most, seconds), 0.0
    for gap in gaps:
        now += gap
        used = allowance.used(now)
        assert (allowance.wait(now, keep) > 0) == (used >= most - keep)
        assert (allowance.relief(now) > 0) == (used > 0)
        assert allowance.wait(now) <= allowance.wait(now, keep) <= seconds * (1 + 1e-9)
        later = now + allowance.relief(now) * (1 + 1e-9)
        assert used == 0 or allowance.used(later) < used
        if not allowance.wait(now, keep):
            assert allowance.take(now)


@given(gaps=_GAPS, late=st.lists(st.floats(0, 10), min_size=80, max_size=80))
def test_calls_that_are_late_by_ten_seconds_stay_within_the_servers_limit(
    gaps: list[float], late: list[float]
) -> None:
    from chatdesk.sync.presence import CALL_SECONDS, MOST_CALLS

    arrived = sorted(
        at + delay for at, delay in zip(_taken(gaps, MOST_CALLS, CALL_SECONDS), late, strict=False)
    )
    for start in arrived:
        assert sum(start <= at < start + 30 * (1 - 1e-9) for at in arrived) <= 5
