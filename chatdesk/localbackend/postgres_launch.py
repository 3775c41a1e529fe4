"""Starting the postmaster so that it ends with us, whatever ends us."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from chatdesk.localbackend.postgres_programs import Programs
from chatdesk.localbackend.postgres_runner import LINUX, WINDOWS, ClusterFailed, Runner, environment
from chatdesk.localbackend.postgres_windows import WindowsPostmaster, launch_windows, windows_process_exists

_STOP_SECONDS = 30.0
_POLL_SECONDS = 0.01


class ChildPostmaster:
    """A started postmaster: waits until it is ready, and stops it."""

    def __init__(self, data: Path, process: subprocess.Popen[bytes], leash: IO[bytes] | None = None) -> None:
        self._data = data
        self._process = process
        self._leash = leash

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def wait_ready(self, deadline: float) -> bool:
        """Wait until connections are taken; False when the process ended instead.

        ``deadline`` is a ``time.monotonic`` value; past it the process is ended and ``ClusterFailed`` raised.
        The file postmaster.pid says so: its first line is the process id (a stale file says ready too), its
        eighth the state.
        """
        while self.alive:
            lines = _postmaster_lines(self._data)
            if len(lines) > 7 and lines[0] == str(self.pid) and lines[7].strip() == "ready":
                return True
            if time.monotonic() > deadline:
                self.stop()
                raise ClusterFailed("PostgreSQL started but was not ready in time.")
            time.sleep(_POLL_SECONDS)
        self._let_go()
        return False

    def stop(self) -> None:
        """End it: politely first (fast shutdown), then at once, then by force."""
        for name, seconds in (("SIGINT", _STOP_SECONDS), ("SIGQUIT", 5.0), ("SIGKILL", 5.0)):
            if not self.alive:
                break
            self._process.send_signal(getattr(signal, name, signal.SIGTERM))
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
        self._let_go()

    def _let_go(self) -> None:
        if self._leash is not None:
            self._leash.close()
            self._leash = None


Postmaster = ChildPostmaster | WindowsPostmaster


def launch(
    programs: Programs,
    runner: Runner,
    data: Path,
    arguments: Sequence[str],
    log: Path,
    descriptors: Sequence[int],
) -> Postmaster:
    """Start ``postgres -D arguments``; it is not ready yet. Raises ``ClusterFailed`` when it cannot be run.

    Linux: a direct child that gets SIGINT, PostgreSQL's fast shutdown, when the starting thread ends.
    Other POSIX systems: a shell holds the reading end of our pipe and sends the signal when it closes.
    Windows: the process joins a job that ends everything in it when its last handle closes, ours.
    """
    try:
        if WINDOWS:
            return launch_windows(programs, data, arguments, log)
        with log.open("ab", buffering=0) as output:
            log.chmod(0o600)
            process = subprocess.Popen(
                [programs.path("postgres"), "-D", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env=environment(),
                user=runner.uid,
                group=runner.gid,
                extra_groups=None if runner.uid is None else [],
                pass_fds=descriptors,
                start_new_session=True,  # Ctrl-C in a terminal is for us, we stop the server ourselves
                # It only calls into a library loaded before, so threads of ours cannot deadlock it.
                preexec_fn=_signal_at_parents_death(),
            )
        leash = None if LINUX else _tie(process.pid)
        return ChildPostmaster(data, process, leash)
    except (OSError, subprocess.SubprocessError) as failure:
        raise ClusterFailed(f"PostgreSQL could not be started: {failure}") from failure


def end_orphan(data: Path) -> None:
    """End a postmaster that a killed process left on ``data``, and drop a pid file that names a stranger.

    To be called by the one process that may use ``data``. PostgreSQL itself refuses to start when the old
    file's number is now another program's.
    """
    lines = _postmaster_lines(data)
    if not lines or not lines[0].isdigit():
        return
    pid = int(lines[0])
    if not _process_exists(pid) or not _serves(pid, data):
        with contextlib.suppress(FileNotFoundError):
            (data / "postmaster.pid").unlink()
        return
    for name, seconds in (("SIGINT", _STOP_SECONDS), ("SIGQUIT", 5.0)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, getattr(signal, name, signal.SIGTERM))
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not _process_exists(pid) or not _serves(pid, data):
                return
            time.sleep(_POLL_SECONDS)
    raise ClusterFailed(f"An older PostgreSQL (process {pid}) on {data} does not end.")


def _signal_at_parents_death() -> Callable[[], None] | None:
    if not LINUX:
        return None
    library = ctypes.CDLL(None)
    parent = os.getpid()
    interrupt = int(signal.SIGINT)

    def arrange() -> None:
        library.prctl(1, interrupt)  # PR_SET_PDEATHSIG; runs after the change of user, which would clear it
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return arrange


def _tie(pid: int) -> IO[bytes] | None:
    """A watchdog without Python in it, because a frozen build has no interpreter to start."""
    shell = subprocess.Popen(
        ["/bin/sh", "-c", 'cat >/dev/null; kill -INT "$0"', str(pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    return shell.stdin


def _postmaster_lines(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text("utf-8", "replace").splitlines()
    except OSError:
        return []


def _process_exists(pid: int) -> bool:
    if WINDOWS:
        return windows_process_exists(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _serves(pid: int, data: Path) -> bool:
    """Whether process ``pid`` is a PostgreSQL on ``data`` and not a stranger with the same number."""
    if LINUX:
        try:
            if "Z" in Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[:1]:
                return False
            return os.path.samefile(f"/proc/{pid}/cwd", data)  # a postmaster works in its data directory
        except OSError:
            return False
    if WINDOWS:
        return True
    answer = subprocess.run(
        ["/bin/ps", "-p", str(pid), "-o", "comm="], capture_output=True, text=True, check=False
    )
    return "postgres" in answer.stdout
