"""Who runs PostgreSQL's programs, and how they reach the cluster's directories."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

LINUX = sys.platform == "linux"
WINDOWS = sys.platform == "win32"


class ClusterFailed(Exception):
    """PostgreSQL could not be made, started or stopped; the text says why in PostgreSQL's own words."""


@dataclass(frozen=True, slots=True)
class Runner:
    """Who runs PostgreSQL: ourselves (``uid`` None), or another user because PostgreSQL refuses root."""

    uid: int | None = None
    gid: int | None = None

    def own(self, path: Path) -> None:
        """Give ``path`` to this user; does nothing when that is ourselves."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def choose_runner(data: Path) -> Runner:
    """Pick who runs the cluster in ``data``: as root the owner of an existing one, else ``nobody``.

    Raises ``ClusterFailed`` when the directory belongs to somebody else and we are not root.
    """
    if WINDOWS:
        return Runner()
    owner = data.stat().st_uid if data.exists() else None
    if os.geteuid() != 0:
        if owner is not None and owner != os.geteuid():
            raise ClusterFailed(f"The database directory {data} belongs to another user (uid {owner}).")
        return Runner()
    import pwd

    try:
        nobody = pwd.getpwnam("nobody")
        uid, gid = nobody.pw_uid, nobody.pw_gid
    except KeyError:
        uid = gid = 65534
    if owner:
        uid, gid = owner, data.stat().st_gid
    return Runner(uid, gid)


def environment() -> dict[str, str]:
    """The environment of every program: nothing of ours on POSIX, so that no PG* variable changes a thing."""
    if WINDOWS:
        return {key: value for key, value in os.environ.items() if not key.upper().startswith("PG")}
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@contextlib.contextmanager
def granted(paths: Sequence[Path], runner: Runner) -> Iterator[tuple[list[str], list[int]]]:
    """Names by which ``runner`` reaches the directories, and the descriptors a child must inherit for it.

    A private home is closed to the unprivileged user. Linux lets a process enter a directory it was handed
    open, by /proc/self/fd, without walking the path to it; elsewhere the path itself has to do.
    """
    if runner.uid is None or not LINUX:
        yield [str(path) for path in paths], []
        return
    descriptors = [os.open(path, os.O_RDONLY | os.O_DIRECTORY) for path in paths]
    try:
        yield [f"/proc/self/fd/{descriptor}" for descriptor in descriptors], descriptors
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def run(command: Sequence[str], runner: Runner, descriptors: Sequence[int], text: str = "") -> None:
    """Run one program to its end with ``text`` as its input; raises ``ClusterFailed`` with its last words."""
    try:
        done = subprocess.run(
            command,
            input=text,
            capture_output=True,
            text=True,
            timeout=120,
            cwd=None if WINDOWS else "/",
            env=environment(),
            user=runner.uid,
            group=runner.gid,
            extra_groups=None if runner.uid is None else [],
            pass_fds=descriptors,
        )
    except (OSError, subprocess.SubprocessError) as failure:
        raise ClusterFailed(f"{Path(command[0]).name} could not run: {failure}") from None
    if done.returncode != 0:
        lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        reason = [line for line in lines if "FATAL:" in line or "error:" in line] or lines or ["no message"]
        raise ClusterFailed(f"{Path(command[0]).name} failed: {reason[-1]}")
