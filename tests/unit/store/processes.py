"""Starting other instances, and ending exactly those."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


@contextmanager
def instance(
    directory: Path, command: str, count: int = 0, before: Sequence[str] = ()
) -> Iterator[subprocess.Popen[str]]:
    """Run ``tests.unit.store.instance``, behind the command line ``before`` if there is one."""
    process = subprocess.Popen(
        [*before, sys.executable, "-m", "tests.unit.store.instance", str(directory), command, str(count)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def line(process: subprocess.Popen[str]) -> str:
    """Return the next line the process prints."""
    assert process.stdout is not None
    return process.stdout.readline().strip()
