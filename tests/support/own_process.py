"""A program in a process of its own: what it imports is not mixed with what the tests have imported."""

from __future__ import annotations

import os
import subprocess
import sys


def printed_by(program: str) -> str:
    """Run a program that finds the project's directory in ``sys.argv[1]``; return what it prints.

    Isolated, so that nothing is imported that an environment wishes for; without a display.
    """
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, os.getcwd()],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    return done.stdout
