"""The ports cost nothing: the window is painted before the libraries of the wire are imported."""

from __future__ import annotations

import subprocess
import sys


def test_the_ports_import_no_library() -> None:
    code = (
        "import sys, chatdesk.backend.base\n"
        "heavy = {'supabase', 'realtime', 'httpx', 'aiohttp', 'pydantic', 'websockets'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout.strip() == "[]"
