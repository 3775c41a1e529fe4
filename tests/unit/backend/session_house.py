"""One session file, an Auth server without mercy and any number of windows, on a clock moved by hand."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chatdesk.backend.auth import SignOutScope
from chatdesk.backend.session_text import decode_session, encode_session
from chatdesk.backend.sessions import SessionKeeper
from chatdesk.domain.errors import ChatDeskError, NeedsSignIn
from chatdesk.domain.session import Session

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


class HandClock:
    """A clock that the test moves; waiting moves it too."""

    def __init__(self) -> None:
        self.wall = NOON
        self.run = 0.0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.run

    async def sleep(self, seconds: float) -> None:
        self.pass_(seconds)
        await asyncio.sleep(0)

    def pass_(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.run += seconds


class Drawer:
    """The session file, with its troubles."""

    def __init__(self, session: Session | None = None) -> None:
        self.content = None if session is None else encode_session(session)
        self.on_load: Exception | None = None
        self.on_save: Exception | None = None
        self.saves = 0

    def load(self) -> Session | None:
        if self.on_load is not None:
            raise self.on_load
        return None if self.content is None else decode_session(self.content)

    def save(self, session: Session, place: int = 0) -> None:
        if self.on_save is not None:
            raise self.on_save
        self.saves += 1
        self.content = encode_session(session)

    def clear(self) -> None:
        self.content = None


class StrictAuth:
    """Auth without mercy: a refresh token works once, a second use ends everything."""

    def __init__(self, clock: HandClock, life: float = 3600) -> None:
        self.clock = clock
        self.life = life
        self.current = 1
        self.calls = 0
        self.trouble: ChatDeskError | None = None
        self.asked = asyncio.Event()
        self.gate: asyncio.Event | None = None
        self.overtaken_by: Callable[[], None] | None = None
        self.dead = False
        self.signed_out: list[str] = []

    def session(self) -> Session:
        claims = {"iat": 1000, "exp": 1000 + self.life, "n": self.current}
        body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
        return Session(
            f"h.{body}.s", f"r{self.current}", self.clock.now() + timedelta(seconds=self.life), "ada", "a@b.c"
        )

    async def refresh(self, refresh_token: str) -> Session:
        self.calls += 1
        self.asked.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.overtaken_by is not None:
            self.overtaken_by()
            self.overtaken_by = None
            raise NeedsSignIn("Spent.", code="refresh_token_already_used")
        if self.trouble is not None:
            raise self.trouble
        if self.dead or refresh_token != f"r{self.current}":
            self.dead = True
            raise NeedsSignIn("Spent.", code="refresh_token_already_used")
        self.current += 1
        return self.session()

    async def sign_out(self, access_token: str, scope: SignOutScope = "local") -> None:
        if self.trouble is not None:
            raise self.trouble
        self.signed_out.append(f"{access_token} {scope}")


class House:
    """One session file, one Auth server, any number of windows."""

    def __init__(self, directory: Path, life: float = 3600) -> None:
        self.clock = HandClock()
        self.auth = StrictAuth(self.clock, life)
        self.drawer = Drawer(self.auth.session())
        self.lock = directory / "session.lock"
        self.keepers: list[SessionKeeper] = []

    async def window(self) -> SessionKeeper:
        keeper = SessionKeeper(self.drawer, self.auth, self.clock, self.lock)
        await keeper.restore()
        self.keepers.append(keeper)
        return keeper
