"""The feed's channels on the real realtime client: joined, refused, left, ended, and given new tokens."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chatdesk.backend.feed import RealtimeFeed, feed_factory
from tests.contract.backend.ears import JOINED, LOST, REFUSED, Ears
from tests.contract.backend.feeding import (
    LIVE,
    OTHER,
    ROWS,
    TOKEN,
    address,
    changed,
)
from tests.support.phoenix import Phoenix


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ({"reason": "Unauthorized: You do not have permissions to read from this Channel topic"}, REFUSED),
        ({"reason": "InvalidJWTExpiration: Token has expired 3 seconds ago"}, REFUSED),
        ({"reason": "MalformedJWT: The token provided is not a valid JWT"}, REFUSED),
        ({"reason": "ClientJoinRateLimitReached: Too many joins per second"}, LOST),
        ({"reason": "RealtimeRestarting: Realtime is restarting"}, LOST),
        ({}, LOST),
    ],
)
async def test_a_refused_join_is_told_and_not_repeated_by_itself(
    phoenix: Phoenix, feed: RealtimeFeed, ears: Ears, answer: dict[str, str], state: str
) -> None:
    phoenix.refusals[ROWS] = answer
    await feed.join(ROWS)
    await ears.reported(ROWS, state)
    assert ears.reports == [(ROWS, state)]
    del phoenix.refusals[ROWS]
    await feed.join(ROWS)
    await ears.reported(ROWS, JOINED)
    assert [topic for topic, _ in phoenix.joins] == [ROWS, ROWS]


@pytest.mark.parametrize(
    ("message", "state"),
    [
        (None, LOST),
        ("Token has expired 2 seconds ago", REFUSED),
        ("You do not have permissions to read from this Channel topic", REFUSED),
        ("Too many messages per second", LOST),
    ],
)
async def test_a_channel_ended_by_the_server_is_told_once_and_can_be_joined_again(
    phoenix: Phoenix, feed: RealtimeFeed, ears: Ears, message: str | None, state: str
) -> None:
    await feed.join(ROWS)
    await ears.reported(ROWS, JOINED)
    await phoenix.end_channel(ROWS, message)
    await ears.reported(ROWS, state)
    await feed.join(ROWS)
    await ears.reported(ROWS, JOINED, times=2)
    await phoenix.broadcast(ROWS, "message", changed())
    await ears.heard(1)
    assert ears.reports == [(ROWS, JOINED), (ROWS, state), (ROWS, JOINED)]


@pytest.mark.parametrize(
    ("message", "bad"),
    [
        ("Token has expired 2 seconds ago", [TOKEN]),
        ("You do not have permissions to read from this Channel topic", []),
        ("Too many messages per second", []),
    ],
)
async def test_a_token_the_server_calls_bad_is_told(
    phoenix: Phoenix, ears: Ears, message: str, bad: list[str]
) -> None:
    told: list[str] = []
    feed = feed_factory(address(phoenix), on_bad_token=told.append)(ears.on_frame, ears.on_channel)
    await feed.open(TOKEN)
    await feed.join(ROWS)
    await ears.reported(ROWS, JOINED)
    await phoenix.end_channel(ROWS, message)
    await ears.watch.until(lambda: len(ears.reports) == 2)
    await feed.close()
    assert told == bad


async def test_a_crashed_channel_is_told(phoenix: Phoenix, feed: RealtimeFeed, ears: Ears) -> None:
    await feed.join(ROWS)
    await ears.reported(ROWS, JOINED)
    await phoenix.crash_channel(ROWS)
    await ears.reported(ROWS, LOST)
    await feed.join(ROWS)
    await ears.reported(ROWS, JOINED, times=2)


async def test_a_slow_join_is_given_up_left_and_can_be_repeated(
    phoenix: Phoenix, ears: Ears, connect: Callable[..., RealtimeFeed]
) -> None:
    feed = connect(deadline=1.0)
    await feed.open(TOKEN)
    phoenix.held_joins.add(ROWS)
    await feed.join(ROWS)
    await ears.reported(ROWS, LOST)
    phoenix.held_joins.clear()
    await feed.join(ROWS)
    await ears.reported(ROWS, JOINED)
    await phoenix.broadcast(ROWS, "message", changed())
    await ears.heard(1)
    assert phoenix.leaves == [ROWS]


async def test_joining_does_not_wait_for_the_server(phoenix: Phoenix, feed: RealtimeFeed, ears: Ears) -> None:
    phoenix.held_joins.add(ROWS)
    await feed.join(ROWS)
    await feed.join(OTHER)
    await ears.reported(OTHER, JOINED)
    await phoenix.answer_join(ROWS)
    await ears.reported(ROWS, JOINED)


async def test_leaving_and_coming_back_at_once_is_never_deaf(
    phoenix: Phoenix, feed: RealtimeFeed, ears: Ears
) -> None:
    for round_ in range(1, 21):
        await feed.join(ROWS)
        await ears.reported(ROWS, JOINED, times=round_)
        await phoenix.broadcast(ROWS, "message", changed(round_))
        await ears.heard(round_)
        await feed.leave(ROWS)
    assert (ROWS, LOST) not in ears.reports
    assert phoenix.opened == 1


async def test_a_late_close_of_the_last_join_does_not_end_the_next(
    phoenix: Phoenix, feed: RealtimeFeed, ears: Ears
) -> None:
    phoenix.split_leaves.add(ROWS)
    await feed.join(ROWS)
    await ears.reported(ROWS, JOINED)
    await feed.leave(ROWS)
    await feed.join(ROWS)
    await ears.reported(ROWS, JOINED, times=2)
    await phoenix.finish_leave()
    await phoenix.broadcast(ROWS, "message", changed())
    await ears.heard(1)
    assert ears.reports == [(ROWS, JOINED), (ROWS, JOINED)]


async def test_leaving_while_the_join_is_on_its_way(phoenix: Phoenix, feed: RealtimeFeed, ears: Ears) -> None:
    phoenix.held_joins.add(ROWS)
    await feed.join(ROWS)
    await feed.leave(ROWS)
    phoenix.held_joins.clear()
    await feed.join(ROWS)
    await ears.reported(ROWS, JOINED)
    assert ears.reports == [(ROWS, JOINED)]


async def test_a_leave_without_an_answer_ends_at_the_deadline(
    phoenix: Phoenix, ears: Ears, connect: Callable[..., RealtimeFeed]
) -> None:
    feed = connect(deadline=1.0)
    await feed.open(TOKEN)
    await feed.join(ROWS)
    await ears.reported(ROWS, JOINED)
    phoenix.held_leaves.add(ROWS)
    await feed.leave(ROWS)
    assert ears.reports == [(ROWS, JOINED)]


async def test_a_new_token_reaches_every_joined_channel(
    phoenix: Phoenix, feed: RealtimeFeed, ears: Ears
) -> None:
    for topic in (ROWS, OTHER):
        await feed.join(topic)
        await ears.reported(topic, JOINED)
    await feed.renew("a.newer.token")
    await phoenix.watch.until(lambda: len(phoenix.tokens) == 2)
    assert sorted(phoenix.tokens) == sorted([(ROWS, "a.newer.token"), (OTHER, "a.newer.token")])
    await feed.join(LIVE)
    await ears.reported(LIVE, JOINED)
    assert phoenix.joins[-1][1]["access_token"] == "a.newer.token"


async def test_a_token_renewed_during_a_join_reaches_the_channel(
    phoenix: Phoenix, feed: RealtimeFeed, ears: Ears
) -> None:
    phoenix.held_joins.add(ROWS)
    await feed.join(ROWS)
    await phoenix.watch.until(lambda: len(phoenix.joins) == 1)
    await feed.renew("a.newer.token")
    await phoenix.answer_join(ROWS)
    await phoenix.watch.until(lambda: phoenix.tokens == [(ROWS, "a.newer.token")])
