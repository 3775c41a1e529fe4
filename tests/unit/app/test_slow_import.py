"""What speaks to the network comes once, first things first, and costs nobody anything afterwards."""

from __future__ import annotations

import json
import sys
from functools import cache
from typing import Any

import pytest

from chatdesk.app.slow_import import Part, imported, window_painted
from tests.support.own_process import printed_by

CEILING = 415
"""Modules of others and of Python's own for a connection. 401 when this was written, more before: httpx's own
transport, and a keyring for those who have none. Each takes 0.7 ms and 60 KB."""

LIBRARIES = {
    Part.LAUNCHER: {"websockets"},
    Part.SESSION: {
        *("httpx", "idna"),
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

NOT_SHIPPED = {"click", "rich", "pygments", "markdown_it", "mdurl"}
"""httpx brings its command line where this is installed, as for development; ChatDesk does not ship it."""

WALKED = 40_000
"""Things that a collection may have to look at meanwhile: 24,000 when this was written, 137,000 before, when
nothing was put aside until all was there. That was 46 ms in which the window stood still."""

PROGRAM = """
import asyncio, gc, json, sys
sys.path.insert(0, sys.argv[1])
from chatdesk.cli import ready_to_import
ready_to_import()
import chatdesk.app.application
from chatdesk.app import slow_import
told = {"before": sorted(sys.modules)}
walked = []
bring = slow_import.import_module
def noted(name):
    bring(name)
    walked.append(gc.get_count()[0])
    told[name] = sorted(sys.modules)
slow_import.import_module = noted
slow_import.window_painted()
asyncio.run(slow_import.imported(slow_import.Part.REQUESTS))
print(json.dumps({"modules": told, "walked": walked}))
"""


@cache
def told() -> Any:
    """Let a process import all parts; return what it has to tell."""
    return json.loads(printed_by(PROGRAM))


def modules(part: Part | None) -> set[str]:
    """Return what the process had imported after ``part``, before the first one if that is None."""
    return set(told()["modules"]["before" if part is None else part.value[-1]])


def outside(part: Part) -> set[str]:
    """Return the libraries that are there after ``part`` and were not before."""
    roots = {name.partition(".")[0] for name in modules(part) - modules(None)}
    # Compiled modules leave names of their own: of Cython's run time, of cffi's and of build data.
    return {
        root
        for root in roots
        if root not in sys.stdlib_module_names
        and not root.startswith(("_", "chatdesk", "cython"))
        and root not in {"PySide6", "shiboken6", *NOT_SHIPPED}
    }


@pytest.mark.parametrize("part", Part)
def test_each_part_brings_its_own_libraries_only(part: Part) -> None:
    parts = list(Part)
    allowed = set().union(*(LIBRARIES[each] for each in parts[: parts.index(part) + 1]))
    assert outside(part) <= allowed


@pytest.mark.parametrize("library", ["supabase", "realtime", "aiohttp", "websockets"])
def test_in_the_end_everything_is_there(library: str) -> None:
    assert library in modules(Part.REQUESTS)


def test_no_more_modules_than_a_connection_needs() -> None:
    new = modules(Part.REQUESTS) - modules(None)
    counted = [name for name in new if name.partition(".")[0] not in {"chatdesk", *NOT_SHIPPED}]
    assert 300 < len(counted) <= CEILING


def test_no_collection_walks_over_what_has_come() -> None:
    walked = told()["walked"]
    assert len(walked) == sum(len(part.value) for part in Part)
    assert 1_000 < max(walked) <= WALKED


async def test_only_the_first_who_needs_a_part_waits() -> None:
    window_painted()
    await imported(Part.REQUESTS)
    for part in Part:
        again = imported(part)
        # Every request asks: not even one turn of the loop may go by.
        with pytest.raises(StopIteration):
            again.send(None)
