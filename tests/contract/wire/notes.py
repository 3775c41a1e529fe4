"""Somebody with four notes, for the tests of the tables."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from tests.support.server import Person, Wire

ROWS: list[dict[str, Any]] = [
    {
        "title": "alpha",
        "number": 1,
        "price": 1.5,
        "flag": True,
        "body": "one, two",
        "at": "2026-01-01T00:00:00Z",
    },
    {
        "title": "beta",
        "number": 2,
        "price": 2.5,
        "flag": False,
        "body": 'say "hi"',
        "at": "2026-02-01T00:00:00Z",
    },
    {"title": "Gamma", "number": 3, "price": None, "flag": None, "body": "back\\slash", "at": None},
    {
        "title": "delta%",
        "number": None,
        "price": 4,
        "flag": True,
        "body": "(paren)",
        "at": "2026-04-01T00:00:00Z",
    },
]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def ada(wire: Wire) -> AsyncIterator[Person]:
    """A person with four notes; tests that change notes clean up after themselves."""
    person = await wire.person("ada")
    await person.client.table("notes").insert(ROWS).execute()
    yield person


async def rows(query: Any) -> list[dict[str, Any]]:
    """The rows of an answer, which the library types as any JSON."""
    found: list[dict[str, Any]] = (await query.execute()).data
    return found


async def titles(query: Any) -> list[str]:
    return [row["title"] for row in await rows(query)]
