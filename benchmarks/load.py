"""What ChatDesk asks of a Supabase project, by the number of its users: plain arithmetic on stated habits.

Every number of ``Habit`` is an assumption and every number of ``Shape`` a fact of the program;
``docs/scale.md`` shows both beside what follows from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True)
class Habit:
    """What people do. ``online``: the share of users who are there in the busiest minute."""

    online: float = 0.1
    devices: float = 1.5
    turns_a_minute: float = 1 / 3
    """A question and its answer, by each of those online."""

    answer_seconds: float = 20.0
    watching: float = 1.2
    """Devices of a user that have the conversation open; the others only hear that something came."""

    switches_a_minute: float = 1.0
    turns_a_day: float = 10.0
    """By every user, over the day; what is stored grows with it."""

    message_kilobytes: float = 4.0
    """The row with its indexes; an answer is longer than a question."""


@dataclass(frozen=True)
class Shape:
    """What the program does for one turn and one device."""

    rows: int = 3
    """Question, claimed answer, finished answer: a frame on the conversation's topic each."""

    hints: int = 5
    """The same three and a read mark per speaker, on the user's topic."""

    checkpoint_seconds: float = 2.0
    delta_seconds: float = 0.25
    channels: int = 3
    joins_per_switch: int = 2
    backoff_seconds: float = 8.0
    """Over which clients spread their return after a short outage; after a long one it is 30."""


@dataclass(frozen=True)
class Demand:
    """What so many users ask for in the busiest minute, and what they leave behind."""

    users: int
    connections: int
    messages: float
    """Realtime messages a second, as they are counted: each sent and each delivered."""

    deltas: float
    """How many of them are pieces of answers that are being written."""

    joins: float
    rush: float
    """Joins a second after everybody lost the connection at once."""

    writes: float
    """Transactions a second."""

    gigabytes_a_year: float


def per_turn(habit: Habit, shape: Shape) -> tuple[float, float]:
    """Return the messages of one turn that carry rows, and those that carry pieces of the answer."""
    checkpoints = habit.answer_seconds / shape.checkpoint_seconds
    deltas = habit.answer_seconds / shape.delta_seconds
    rows = (shape.rows + checkpoints) * (1 + habit.watching) + shape.hints * (1 + habit.devices)
    return rows, deltas * (1 + (habit.watching - 1))


def demand(users: int, habit: Habit | None = None, shape: Shape | None = None) -> Demand:
    """Work out what ``users`` ask for; at least one of them is there."""
    habit, shape = habit or Habit(), shape or Shape()
    online = max(1.0, users * habit.online)
    connections = ceil(online * habit.devices)
    turns = online * habit.turns_a_minute / 60
    rows, deltas = per_turn(habit, shape)
    writes = turns * (shape.rows + habit.answer_seconds / shape.checkpoint_seconds + 2)
    return Demand(
        users=users,
        connections=connections,
        messages=turns * (rows + deltas),
        deltas=turns * deltas,
        joins=online * habit.switches_a_minute / 60 * shape.joins_per_switch,
        rush=connections * shape.channels / shape.backoff_seconds,
        writes=writes,
        gigabytes_a_year=users * habit.turns_a_day * 365 * 2 * habit.message_kilobytes / 1e6,
    )


@dataclass(frozen=True)
class Plan:
    """The published limits of a plan (supabase.com/docs/guides/realtime/limits)."""

    name: str
    connections: int
    messages: int
    joins: int
    gigabytes: float
    """Of database that are part of it."""


PLANS: Sequence[Plan] = (
    Plan("Free", 200, 100, 100, 0.5),
    Plan("Pro", 500, 500, 500, 8),
    Plan("Pro without a spend cap, Team", 10_000, 2_500, 2_500, 8),
)


def lacks(plan: Plan, wanted: Demand) -> list[str]:
    """Name what a plan has too little of in the busiest minute; the rush is only slower then."""
    return [
        name
        for name, has, needs in (
            ("connections", plan.connections, wanted.connections),
            ("messages a second", plan.messages, wanted.messages),
            ("joins a second", plan.joins, wanted.joins),
        )
        if needs > has
    ]


def days_until_full(plan: Plan, wanted: Demand) -> float:
    """Return after how many days the database that is part of a plan is full."""
    return plan.gigabytes / wanted.gigabytes_a_year * 365


def smallest(wanted: Demand) -> Plan | None:
    """Return the first plan that has enough of everything, None when all have too little."""
    return next((plan for plan in PLANS if not lacks(plan, wanted)), None)
