"""PostgreSQL on Windows: started by ``pg_ctl``, ended with us by a job object."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from chatdesk.localbackend.postgres_programs import Programs
from chatdesk.localbackend.postgres_runner import ClusterFailed, environment

_SYNCHRONIZE = 0x00100000
_WAIT_TIMEOUT = 0x102
_KILL_ON_JOB_CLOSE = 0x2000
_EXTENDED_LIMIT_INFORMATION = 9
_jobs: list[int] = []


class WindowsPostmaster:
    """A postmaster that ``pg_ctl`` started: that drops an administrator's rights and waits until ready."""

    def __init__(self, pid: int, stop: Callable[[str], object]) -> None:
        self._stop = stop
        self.pid = pid

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return windows_process_exists(self.pid)

    def wait_ready(self, deadline: float) -> bool:
        """Whether it runs; ``pg_ctl`` has waited already."""
        del deadline
        return self.alive

    def stop(self) -> None:
        """End it: politely first (fast shutdown), then at once."""
        for mode in ("fast", "immediate"):
            if self.alive:
                self._stop(mode)


def launch_windows(programs: Programs, data: Path, arguments: Sequence[str], log: Path) -> WindowsPostmaster:
    """Start the server on ``data``; of ``arguments`` the first, the directory's name, is not needed."""
    _join_dying_job()

    def control(*words: str) -> int:
        return subprocess.run(
            [programs.path("pg_ctl"), "-D", str(data), *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # the server inherits it: a pipe here would never end
            stderr=subprocess.DEVNULL,
            check=False,
            env=environment(),
        ).returncode

    options = subprocess.list2cmdline(list(arguments[1:]))
    failed = control("-w", "-t", "30", "-l", str(log), "-o", options, "start")
    pid_file = data / "postmaster.pid"
    if failed or not pid_file.is_file():
        raise ClusterFailed(f"PostgreSQL did not start; its log is {log}.")
    pid = int(pid_file.read_text("utf-8", "replace").splitlines()[0])
    return WindowsPostmaster(pid, lambda mode: control("-w", "-m", mode, "stop"))


def windows_process_exists(pid: int) -> bool:
    """Whether a process with this number runs."""
    kernel = _kernel()
    handle = kernel.OpenProcess(_SYNCHRONIZE, False, pid)
    if not handle:
        return False
    running = bool(kernel.WaitForSingleObject(ctypes.c_void_p(handle), 0) == _WAIT_TIMEOUT)
    kernel.CloseHandle(ctypes.c_void_p(handle))
    return running


def _join_dying_job() -> None:
    """Put this process into a job that ends its members when our handle closes, which is when we end."""
    if _jobs:
        return
    kernel = _kernel()
    job = kernel.CreateJobObjectW(None, None)
    # JOBOBJECT_EXTENDED_LIMIT_INFORMATION on 64 bits: 144 bytes, LimitFlags at offset 16.
    limits = (ctypes.c_byte * 144)()
    ctypes.c_uint32.from_buffer(limits, 16).value = _KILL_ON_JOB_CLOSE
    kernel.SetInformationJobObject(
        ctypes.c_void_p(job), _EXTENDED_LIMIT_INFORMATION, ctypes.byref(limits), ctypes.sizeof(limits)
    )
    kernel.AssignProcessToJobObject(ctypes.c_void_p(job), ctypes.c_void_p(kernel.GetCurrentProcess()))
    _jobs.append(job)


def _kernel() -> Any:
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009  (the attribute exists on Windows only)
    for name in ("OpenProcess", "CreateJobObjectW", "GetCurrentProcess"):
        getattr(kernel, name).restype = ctypes.c_void_p
    return kernel
