"""What speaks to the network comes once, first things first, and costs nobody anything afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache

import pytest

from chatdesk.app.slow_import import Part, imported, window_painted

CEILING = 440
"""Modules of others and of Python's own for a connection. 423 when this was written; 650 before, with httpx's
own transport and its command line, and a keyring for those who have none. Each takes 0.7 ms and 60 KB."""

LIBRARIES = {
    Part.LAUNCHER: {"websockets"},
    Part.SESSION: {
        *("httpx", "idna", "certifi"),
        *("httpx_aiohttp", "aiohttp", "aiohappyeyeballs", "aiosignal", "attr", "frozenlist", "multidict"),
        *("propcache", "yarl", "backports", "typing_extensions"),
    },
    Part.FEED: {
        *("realtime", "pydantic", "pydantic_core", "annotated_types", "typing_inspection"),
        *("postgrest", "deprecation", "packaging"),
    },
    Part.REQUESTS: {
        *("supabase", "supabase_auth", "supabase_functions", "storage3"),
        *("jwt", "cryptography"),  # supabase_auth reads tokens
    },
}
"""Who brings what; nobody waits for what is further down."""

PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
from chatdesk.cli import ready_to_import
ready_to_import()
import chatdesk.app.application
from importlib import import_module
from chatdesk.app.slow_import import Part
told = {"before": sorted(sys.modules)}
for part in Part:
    for name in part.value:
        import_module(name)
    told[part.name] = sorted(sys.modules)
print(json.dumps(told))
"""


@cache
def modules() -> dict[str, frozenset[str]]:
    """Return what a process has imported before and after each part."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", PROGRAM, os.getcwd()],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return {name: frozenset(names) for name, names in json.loads(done.stdout).items()}


def outside(part: Part) -> set[str]:
    """Return the libraries that are there after ``part`` and were not before."""
    roots = {name.partition(".")[0] for name in modules()[part.name] - modules()["before"]}
    # Compiled modules leave names of their own: of Cython's run time, of cffi's and of build data.
    return {
        root
        for root in roots
        if root not in sys.stdlib_module_names
        and not root.startswith(("_", "chatdesk", "cython"))
        and root not in {"PySide6", "shiboken6"}
    }


@pytest.mark.parametrize("part", Part)
def test_each_part_brings_its_own_libraries_only(part: Part) -> None:
    parts = list(Part)
    allowed = set().union(*(LIBRARIES[each] for each in parts[: parts.index(part) + 1]))
    assert outside(part) <= allowed


@pytest.mark.parametrize("library", ["supabase", "realtime", "aiohttp", "websockets"])
def test_in_the_end_everything_is_there(library: str) -> None:
    assert library in modules()[Part.REQUESTS.name]


def test_no_more_modules_than_a_connection_needs() -> None:
    new = modules()[Part.REQUESTS.name] - modules()["before"]
    assert 300 < sum(not name.startswith("chatdesk") for name in new) <= CEILING


def test_httpx_has_no_command_line_and_works() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import chatdesk.backend.lean_httpx, httpx;"
        "assert 'httpx._main' not in sys.modules and 'rich' not in sys.modules;"
        "print(httpx.Request('GET', 'http://a/b').url.path)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, os.getcwd()],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert done.stdout.strip() == "/b"


async def test_only_the_first_who_needs_a_part_waits() -> None:
    window_painted()
    await imported(Part.REQUESTS)
    for part in Part:
        again = imported(part)
        # Every request asks: not even one turn of the loop may go by.
        with pytest.raises(StopIteration):
            again.send(None)
