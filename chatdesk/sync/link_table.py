"""The link as a table: what follows from every event in every state.

The table is total. A word that cannot matter in a state (a late answer of a connection already thrown away, a
second start) has a cell that says so, and nothing is left to chance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from chatdesk.domain.session import LinkState


class LinkEvent(StrEnum):
    """What can happen to the link."""

    STARTED = "started"
    """The engine starts."""

    DUE = "due"
    """The wait before the next attempt is over."""

    JOINED = "joined"
    """The server let us in to the user's own channel."""

    CAUGHT_UP = "caught up"
    """A catch-up that began after the last ``JOINED`` has ended."""

    PULL_FAILED = "pull failed"
    """A pull failed in a way that may pass; it is repeated."""

    BROKEN = "broken"
    """The connection could not be made, was lost, was refused, or is silent."""

    SIGN_IN_NEEDED = "sign-in needed"
    """The session is over and cannot be renewed."""

    SIGNED_IN = "signed in"
    """The user signed in again."""

    WOKEN = "woken"
    """The computer woke up, the network changed, or the user wants to know."""

    STOPPED = "stopped"
    """The engine stops."""


class LinkAction(StrEnum):
    """What the supervisor does on its way to the next state."""

    NOTHING = "-"
    CONNECT = "connect"
    """Throw the feed away, take a fresh token, open a new feed, join the user's channel."""

    CATCH_UP = "catch up"
    """Pull what is newer than the cursors."""

    CHECK = "check"
    """Ask the server for a sign of life and pull, both at once."""

    PROBE = "probe"
    """Ask the server for a sign of life; the pull is repeated when its own wait is over."""

    SETTLE = "settle"
    """Note since when the link is healthy."""

    WAIT = "wait"
    """Throw the feed away and wait, full jitter, 30 seconds at most, less if a server is back."""

    HOLD = "hold"
    """Throw the feed away and wait for the user."""

    END = "end"
    """Throw the feed away for good."""


@dataclass(frozen=True, slots=True)
class Cell:
    """The next state and what to do."""

    state: LinkState
    action: LinkAction


_S, _E, _A = LinkState, LinkEvent, LinkAction


def _row(state: LinkState, **cells: tuple[LinkState, LinkAction]) -> dict[tuple[LinkState, LinkEvent], Cell]:
    """Fill a row: events not named leave the state alone."""
    named = {LinkEvent[name.upper()]: Cell(*cell) for name, cell in cells.items()}
    return {(state, event): named.get(event, Cell(state, _A.NOTHING)) for event in LinkEvent}


_CONNECT = (_S.CONNECTING, _A.CONNECT)
_FALL = (_S.OFFLINE, _A.WAIT)
_HOLD = (_S.NEEDS_SIGN_IN, _A.HOLD)
_BEHIND = (_S.CATCHING_UP, _A.CATCH_UP)
_FAILED_PULL = (_S.CATCHING_UP, _A.PROBE)
_END = (_S.STOPPED, _A.END)

TABLE: Mapping[tuple[LinkState, LinkEvent], Cell] = {
    **_row(_S.STARTING, started=_CONNECT, sign_in_needed=_HOLD, stopped=_END),
    **_row(_S.OFFLINE, due=_CONNECT, signed_in=_CONNECT, woken=_CONNECT, sign_in_needed=_HOLD, stopped=_END),
    **_row(
        _S.CONNECTING,
        joined=_BEHIND,
        broken=_FALL,
        sign_in_needed=_HOLD,
        signed_in=_CONNECT,
        stopped=_END,
    ),
    **_row(
        _S.CATCHING_UP,
        joined=_BEHIND,
        caught_up=(_S.CONNECTED, _A.SETTLE),
        pull_failed=_FAILED_PULL,
        broken=_FALL,
        sign_in_needed=_HOLD,
        signed_in=(_S.CATCHING_UP, _A.CHECK),
        woken=(_S.CATCHING_UP, _A.CHECK),
        stopped=_END,
    ),
    **_row(
        _S.CONNECTED,
        joined=_BEHIND,
        pull_failed=_FAILED_PULL,
        broken=_FALL,
        sign_in_needed=_HOLD,
        signed_in=(_S.CONNECTED, _A.CHECK),
        woken=(_S.CONNECTED, _A.CHECK),
        stopped=_END,
    ),
    **_row(_S.NEEDS_SIGN_IN, signed_in=_CONNECT, stopped=_END),
    **_row(_S.STOPPED),
}


def table_as_markdown() -> str:
    """Write the table as the documentation shows it: rows are states, columns are events."""

    def cell(state: LinkState, event: LinkEvent) -> str:
        found = TABLE[state, event]
        if found.state is state and found.action is LinkAction.NOTHING:
            return "-"
        return f"{found.state.name} / {found.action}"

    lines = [
        "| | " + " | ".join(event.value for event in LinkEvent) + " |",
        "|---" * (len(LinkEvent) + 1) + "|",
    ]
    lines += [
        f"| **{state.name}** | " + " | ".join(cell(state, event) for event in LinkEvent) + " |"
        for state in LinkState
    ]
    return "\n".join(lines)
