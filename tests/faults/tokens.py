"""A look into the server's accounts: renewals, spent tokens, tokens that came too late, and a wrong clock."""

from __future__ import annotations

import time
import types
from dataclasses import dataclass, field
from typing import Any

import pytest

from chatdesk.localbackend import tokens as token_room
from chatdesk.localbackend.accounts import sessions as session_room
from chatdesk.localbackend.realtime import session as realtime_room
from tests.faults.rig import until


@dataclass
class Ledger:
    """What the server saw; ``expired_joins`` counts tokens that came too late to a channel.

    ``offset`` seconds are added to its clock.
    """

    offset: float = 0.0
    renewals: int = 0
    already_used: int = 0
    expired: int = 0
    expired_joins: int = 0
    times: list[float] = field(default_factory=list)

    async def renewed(self, more: int, within: float = 110.0) -> None:
        """Wait for so many more renewals."""
        goal = self.renewals + more
        await until(lambda: self.renewals >= goal, within=within)


def watch_tokens(monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """Begin to count, in a server that runs in this process."""
    ledger = Ledger()
    clock = types.SimpleNamespace(time=lambda: time.time() + ledger.offset)
    monkeypatch.setattr(token_room, "time", clock)
    monkeypatch.setattr(session_room, "time", clock)
    monkeypatch.setattr(realtime_room, "time", clock)
    renew = session_room.Sessions.renew
    refused = token_room.TokenExpired.__init__

    async def counted(self: Any, connection: Any, token: str, issuer: str) -> Any:
        answer = await renew(self, connection, token, issuer)
        if answer is None:
            ledger.already_used += 1
        else:
            ledger.renewals += 1
            ledger.times.append(time.monotonic())
        return answer

    def expired(self: Any, seconds: int) -> None:
        ledger.expired += 1
        refused(self, seconds)

    confirmed: Any = vars(realtime_room)["confirmed"]

    def confirm(tokens: token_room.Tokens, token: str) -> token_room.Caller:
        before = ledger.expired
        try:
            caller: token_room.Caller = confirmed(tokens, token)
            return caller
        finally:
            ledger.expired_joins += ledger.expired - before

    monkeypatch.setattr(realtime_room, "confirmed", confirm)
    monkeypatch.setattr(session_room.Sessions, "renew", counted)
    monkeypatch.setattr(token_room.TokenExpired, "__init__", expired)
    return ledger
