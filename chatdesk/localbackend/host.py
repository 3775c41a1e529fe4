"""The life of the embedded back end, from the lock to the last client."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from filelock import FileLock, Timeout

from chatdesk.config.paths import private_directory
from chatdesk.localbackend.libraries import load_service, load_serving
from chatdesk.localbackend.log_file import log_to_stderr, redirect_output
from chatdesk.localbackend.port_file import remove_port_file
from chatdesk.localbackend.postgres import Cluster, ClusterFailed
from chatdesk.localbackend.secrets import Secrets

__all__ = ["EXIT_FAILED", "EXIT_LOCK_TAKEN", "Options", "run"]

EXIT_FAILED = 1
EXIT_LOCK_TAKEN = 3
_LOCK_SECONDS = 10.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Options:
    """``home`` holds everything, ``linger`` is how many seconds the server outlives its last client."""

    home: Path
    linger: float
    secrets: Secrets
    debug: bool = False


class Stages:
    """Says at DEBUG how long each stage of the start took."""

    def __init__(self) -> None:
        self._start = self._last = time.monotonic()

    def passed(self, stage: str) -> None:
        """Log the time since the stage before, and since the start."""
        now = time.monotonic()
        _log.debug(
            "%s: %.0f ms, %.0f ms in all", stage, (now - self._last) * 1000, (now - self._start) * 1000
        )
        self._last = now


def run(options: Options) -> int:
    """Serve until nobody needs it; return the exit code. Call it from the main thread.

    On Linux PostgreSQL is tied to the thread that starts it, so that thread has to be the one that lasts.
    """
    os.umask(0o077)
    private_directory(options.home)
    lock = FileLock(options.home / "server.lock", mode=0o600)
    try:
        # A predecessor may still be stopping.
        lock.acquire(timeout=_LOCK_SECONDS, poll_interval=0.02)
    except Timeout:
        if sys.stderr is not None:
            sys.stderr.write(f"Another back end serves {options.home}.\n")
        return EXIT_LOCK_TAKEN
    try:
        redirect_output(options.home)
        log_to_stderr(options.debug)
        remove_port_file(options.home)
        return _run_locked(options)
    except SystemExit:
        return 0  # a signal while starting
    except ClusterFailed as failure:
        _log.error("%s", failure)
        return EXIT_FAILED
    except Exception as failure:
        _log.exception("The back end failed")
        # Once more without the traceback: the last line of the log is what the app shows.
        _log.error("%s: %s", type(failure).__name__, failure)
        return EXIT_FAILED
    finally:
        lock.release()


def _run_locked(options: Options) -> int:
    stages = Stages()
    cluster = Cluster(options.home / "pg")
    _stop_politely_at_signals()
    try:
        cluster.prepare(options.secrets.passwords)
        stages.passed("Cluster prepared")
        cluster.launch()
        stages.passed("PostgreSQL launched")
        service_type = load_service()
        stages.passed("Door to the database loaded")
        with ThreadPoolExecutor(1, "libraries") as beside:
            # Goes on while PostgreSQL gets ready and starts a process for each of our connections.
            serving = beside.submit(load_serving)
            cluster.wait_ready()
            stages.passed("PostgreSQL ready")
            service = service_type(
                options.home, options.linger, options.secrets, cluster, serving, stages.passed
            )
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                clean = runner.run(service.run())
        return 0 if clean else EXIT_FAILED
    finally:
        remove_port_file(options.home)
        cluster.stop()
        _log.info("Stopped")


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where it exists, the system's own loop elsewhere."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _stop_politely_at_signals() -> None:
    """Until the event loop listens to them itself, a signal unwinds the start."""

    def leave(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise SystemExit(0)

    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        if (number := getattr(signal, name, None)) is not None:
            signal.signal(number, leave)
