"""How long the engine waits before it tries again."""

from __future__ import annotations

from random import Random

from chatdesk.sync.retry import HOPEFUL, Backoff


def test_the_ceiling_doubles_up_to_thirty_seconds() -> None:
    waits = [Backoff(Random(seed)) for seed in range(500)]
    ceilings = [max(backoff.next() for backoff in waits) for _ in range(9)]
    for ceiling, limit in zip(ceilings, [1, 2, 4, 8, 16, 30, 30, 30, 30], strict=True):
        assert limit * 0.9 < ceiling <= limit


def test_trouble_that_comes_and_goes_never_waits_long() -> None:
    waits = [Backoff(Random(seed), HOPEFUL) for seed in range(500)]
    ceilings = [max(backoff.next() for backoff in waits) for _ in range(11)]
    for ceiling, limit in zip(ceilings, [1, 2, 4, 8, 8, 8, 8, 8, 16, 30, 30], strict=True):
        assert limit * 0.9 < ceiling <= limit


def test_the_whole_range_is_used() -> None:
    draws = [Backoff(Random(seed)).next() for seed in range(500)]
    assert min(draws) < 0.05
    assert 0.4 < sum(draws) / len(draws) < 0.6


def test_there_is_no_last_attempt() -> None:
    backoff = Backoff(Random(1))
    assert all(0 <= backoff.next() <= 30 for _ in range(100_000))


def test_the_servers_wish_is_honoured_within_reason() -> None:
    assert 7 <= Backoff(Random(1)).next(7.0) <= 8
    assert 300 <= Backoff(Random(1)).next(10_000_000.0) <= 301


def test_reset_starts_again() -> None:
    backoff = Backoff(Random(1))
    for _ in range(10):
        backoff.next()
    backoff.reset()
    assert backoff.next() <= 1
