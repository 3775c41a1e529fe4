"""Windows that only keep a session: ``python -m tests.faults.keeper DIRECTORY URL KEY WINDOWS PATIENCE``.

Each window asks for its token again and again, as the parts of an engine do; what came of it is counted and
told at the end. Lines on standard input arm the process: ``before``, ``answered`` and ``write`` make its next
renewal stop (SIGSTOP) before the request, after the answer, or right before the file is replaced; ``kill``
makes it die between answer and file. It ends when its standard input is closed.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
from collections import Counter
from pathlib import Path

from chatdesk.app.session_files import SealedSession
from chatdesk.backend.auth import AuthApi
from chatdesk.backend.client import BackendClient
from chatdesk.backend.sessions import SessionKeeper
from chatdesk.domain.clock import SystemClock
from chatdesk.domain.errors import ChatDeskError, NeedsSignIn
from chatdesk.domain.session import BackendAddress, BackendKind, Session

KEY = b"k" * 32
LOOK = 0.05


class Fate:
    """What the next renewal of this process meets."""

    def __init__(self) -> None:
        self.armed = ""

    def meet(self, place: str) -> None:
        if self.armed == place:
            self.armed = ""
            os.kill(os.getpid(), signal.SIGSTOP)
        if self.armed == "kill" and place == "answered":
            os.kill(os.getpid(), signal.SIGKILL)


class FatefulAuth(AuthApi):
    """Auth that stops or kills the process around a renewal."""

    fate: Fate

    async def refresh(self, refresh_token: str) -> Session:
        self.fate.meet("before")
        answer = await super().refresh(refresh_token)
        self.fate.meet("answered")
        return answer


class FatefulSession(SealedSession):
    """A session file whose writer may be stopped in the last moment."""

    fate: Fate

    def save(self, session: Session, place: int = 0) -> None:
        self.fate.meet("write")
        super().save(session, place)


async def main(directory: Path, url: str, key: str, windows: int, patience: float) -> Counter[str]:
    fate, counted = Fate(), Counter[str]()
    client = BackendClient(BackendAddress(BackendKind.SUPABASE, url, key))
    keepers = []
    for _ in range(windows):
        auth = FatefulAuth(client, SystemClock())
        storage = FatefulSession(directory, KEY)
        auth.fate = storage.fate = fate
        lock = directory / "session.lock"
        keeper = SessionKeeper(storage, auth, SystemClock(), lock, patience=patience)
        assert await keeper.restore() is not None
        keepers.append(keeper)
    over = asyncio.Event()
    loop = asyncio.get_running_loop()

    def read() -> None:
        for line in sys.stdin:
            fate.armed = line.strip()
        loop.call_soon_threadsafe(over.set)

    threading.Thread(target=read, daemon=True).start()

    async def use(keeper: SessionKeeper) -> None:
        while not over.is_set():
            try:
                await keeper.access_token()
                counted["tokens"] += 1
            except NeedsSignIn as failure:
                counted[f"signed out: {failure.code}"] += 1
            except ChatDeskError as failure:
                counted[f"later: {failure.code}"] += 1
            await asyncio.sleep(LOOK)

    print("ready", flush=True)  # noqa: T201  (what the test waits for)
    await asyncio.gather(*(use(keeper) for keeper in keepers))
    for keeper in keepers:
        await keeper.close()
    await client.close()
    return counted


if __name__ == "__main__":
    place, url, key, windows, patience = sys.argv[1:]
    told = asyncio.run(main(Path(place), url, key, int(windows), float(patience)))
    print(json.dumps(told))  # noqa: T201  (what the test reads)
