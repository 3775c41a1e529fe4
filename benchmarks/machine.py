"""What the machine did: computing time and memory of processes, and how fast it is just now."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path

SPINS = 200_000


def spin() -> float:
    """Milliseconds that a fixed piece of pure computing takes; the best of three."""
    best = float("inf")
    for _ in range(3):
        begun, total = time.perf_counter(), 0
        for number in range(SPINS):
            total += number * number
        best = min(best, time.perf_counter() - begun)
    return best * 1000


def tree(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    parents: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                fields = Path(f"/proc/{entry}/stat").read_text().rpartition(") ")[2].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(entry))
    found = [pid]
    for each in found:
        found += parents.get(each, [])
    return found


def cpu_seconds(*pids: int) -> float:
    """Seconds of computing of the processes' living threads so far, as the scheduler counts them."""
    total = 0
    for pid in pids:
        try:
            threads = os.listdir(f"/proc/{pid}/task")
        except OSError:
            continue
        for thread in threads:
            try:
                total += int(Path(f"/proc/{pid}/task/{thread}/schedstat").read_text().split()[0])
            except (OSError, IndexError):
                continue
    return total / 1e9


def memory(*pids: int) -> float:
    """Megabytes (10^6) that the processes hold, shared pages divided among those who share them (PSS)."""
    total = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total * 1024 / 1e6


def processor() -> str:
    """The processor's name as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown"
    )


def description() -> dict[str, object]:
    """The machine, as a result file names it."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "processor": processor(),
        "cores": os.cpu_count() or 1,
        "memory_gb": round(pages / 1e9),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "spin_ms": round(spin(), 2),
        "load": round(os.getloadavg()[0], 2),
    }
