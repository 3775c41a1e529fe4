"""Starting the embedded back end so that it outlives the window and the terminal."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

LOG_FILE = "server.log"
_PREFIX = re.compile(r"^\d{4}-\S+ \S+ [A-Z]+ [\w.]+: ")
"""What the server's log format puts before a message; nobody wants it in a sentence."""

# The server outlives us on purpose; until then we are its parent and have to take its exit code.
_started: list[subprocess.Popen[bytes]] = []


def default_command() -> list[str]:
    """The command of the embedded back end: this Python's module, or this program itself once frozen."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "--local-backend"]
    return [sys.executable, "-m", "chatdesk.localbackend"]


def start_local_backend(
    command: Sequence[str], home: Path, linger: float, install_key: str, *, debug: bool = False
) -> subprocess.Popen[bytes]:
    """Start the server in a session of its own, its output in the log; raises ``OSError``.

    The key travels on standard input only: arguments and environment are visible to other processes.
    """
    reap_local_backends()
    arguments = [*command, "--home", str(home), "--linger", f"{linger:g}", "--key-stdin"]
    if debug:
        arguments.append("--debug")
    log = os.open(home / LOG_FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        child = _detached(arguments, home, log)
    finally:
        os.close(log)
    _started.append(child)
    assert child.stdin is not None
    try:
        child.stdin.write(install_key.encode("ascii") + b"\n")
        child.stdin.close()
    except OSError:
        pass  # it ended at once: its exit code and its log tell why
    return child


def reap_local_backends() -> None:
    """Take the exit codes of the servers that we started and that have ended."""
    _started[:] = [child for child in _started if child.poll() is None]


def last_log_line(home: Path) -> str:
    """Return the last message in the server's log, without its time and logger, or an empty string."""
    try:
        with (home / LOG_FILE).open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 8192))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    line = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return _PREFIX.sub("", line)


def _environment() -> dict[str, str]:
    environment = dict(os.environ)
    if getattr(sys, "frozen", False):
        # PyInstaller: the new process is a program of its own, not a part of this one.
        environment["PYINSTALLER_RESET_ENVIRONMENT"] = "1"
    return environment


if sys.platform == "win32":  # written for Windows, not run there yet

    def _detached(arguments: Sequence[str], home: Path, log: int) -> subprocess.Popen[bytes]:
        def start(flags: int) -> subprocess.Popen[bytes]:
            return subprocess.Popen(
                arguments,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=home,
                env=_environment(),
                creationflags=flags,
            )

        apart = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS
        try:
            return start(apart | subprocess.CREATE_BREAKAWAY_FROM_JOB)
        except PermissionError:  # the job that we run in lets nobody out
            return start(apart)

else:

    def _detached(arguments: Sequence[str], home: Path, log: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            arguments,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd=home,
            env=_environment(),
            start_new_session=True,
        )
