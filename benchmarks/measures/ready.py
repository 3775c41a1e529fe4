"""How long the embedded back end takes to be ready, with an existing and with a new data directory."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from benchmarks.figures import CHATDESK, FLOOR, Figure
from benchmarks.place import Place, place
from benchmarks.plan import Plan, order
from chatdesk.backend.local_launcher import LocalLauncher
from chatdesk.localbackend.postgres import Cluster
from tests.support.local_backend import end_backend, new_key

ROUNDS = 4
NEW, EXISTING = "ready_new", "ready_existing"


class Embedded:
    """ChatDesk's: PostgreSQL, schema, accounts and the server, up to an open control connection."""

    def __init__(self, here: Place) -> None:
        self._here = here
        self._key = new_key()
        self._count = 0

    async def existing(self) -> float:
        return await self._start(self._here.directory / "kept")

    async def new(self) -> float:
        self._count += 1
        home = self._here.directory / f"new-{self._count}"
        took = await self._start(home)
        shutil.rmtree(home)
        return took

    async def _start(self, home: Path) -> float:
        home.mkdir(mode=0o700, exist_ok=True)
        launcher = LocalLauncher(home)
        begun = time.monotonic()
        try:
            await launcher.ensure(self._key)
            return (time.monotonic() - begun) * 1000
        finally:
            await launcher.release()
            await end_backend(home)


class Bare:
    """The floor: PostgreSQL alone, and the copy of a directory that was made before."""

    def __init__(self, here: Place) -> None:
        self._here = here
        here.cluster()[0].stop()
        self._kept = here.directory / "floor"

    async def existing(self) -> float:
        begun = time.monotonic()
        return self._start(self._kept, begun)

    async def new(self) -> float:
        begun = time.monotonic()
        copy = self._here.directory / "copy"
        copy_owned(self._kept, copy)
        try:
            return self._start(copy, begun)
        finally:
            shutil.rmtree(copy)

    def _start(self, directory: Path, begun: float) -> float:
        cluster = Cluster(directory)
        cluster.start()
        took = (time.monotonic() - begun) * 1000
        cluster.stop()
        return took


def copy_owned(source: Path, target: Path) -> None:
    """Copy a directory; as root, with its owners, since PostgreSQL runs as somebody else then."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("socket"))
    if os.name == "posix" and os.geteuid() == 0:
        for each in (target, *target.rglob("*")):
            owner = (source / each.relative_to(target)).stat()
            os.chown(each, owner.st_uid, owner.st_gid)


async def measure(plan: Plan) -> list[Figure]:
    """Both kinds of directory with both servers, in turns; the first start of each does not count."""
    async with place() as here:
        arms: dict[str, Embedded | Bare] = {CHATDESK: Embedded(here), FLOOR: Bare(here)}
        found: dict[str, dict[str, list[list[float]]]] = {
            key: {name: [] for name in arms} for key in (EXISTING, NEW)
        }
        for number in range(-1, plan.rounds(ROUNDS)):
            for name in order(number, list(arms)):
                took = {EXISTING: await arms[name].existing(), NEW: await arms[name].new()}
                if number >= 0:
                    for key, ms in took.items():
                        found[key][name].append([ms])
    return [
        Figure(
            EXISTING,
            "Embedded back end ready, its data there",
            "ms",
            found[EXISTING],
            {FLOOR: "PostgreSQL alone, started the same way"},
            {FLOOR: 5.0},
        ),
        Figure(
            NEW,
            "Embedded back end ready, nothing there yet",
            "ms",
            found[NEW],
            {FLOOR: "a made cluster copied and PostgreSQL started"},
            {FLOOR: 6.0},
            note="ChatDesk makes the cluster with initdb and runs its migrations.",
        ),
    ]
