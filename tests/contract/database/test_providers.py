"""Providers: the same on all devices of a person, nobody else's, and gone for good when removed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.contract.database.test_messages import refused, snapshot
from tests.support.postgres import Database, Person, new_id

SETTINGS = {"kind": "custom", "name": "Mine", "base_url": "http://localhost:1/v1", "models": ["a", "b"]}


async def saved(person: Person, provider_id: str, **changes: object) -> dict[str, Any]:
    answer = await person.call("save_provider", p_id=provider_id, p_settings=SETTINGS | changes)
    row: dict[str, Any] = answer["provider"]
    return row


async def test_a_provider_is_told_and_pulled(any_database: Database) -> None:
    person = await any_database.sign_up()
    start = (await person.call("pull_changes", p_after=0))["cursor"]
    await any_database.forget_frames()
    provider_id = new_id()
    row = await saved(person, provider_id)
    assert (row["id"], row["models"], row["revision"]) == (provider_id, ["a", "b"], 1)
    (change,) = (await person.call("pull_changes", p_after=start))["changes"]
    assert (change["kind"], change["entity_id"], change["record"]) == ("provider", provider_id, row)
    assert provider_id in str(await any_database.frames())
    row = await saved(person, provider_id, name="Other")
    assert (row["name"], row["revision"]) == ("Other", 2)
    (change,) = (await person.call("pull_changes", p_after=change["user_revision"]))["changes"]
    assert change["record"] == row


async def test_what_changes_nothing_takes_no_number(any_database: Database) -> None:
    person = await any_database.sign_up()
    provider_id = new_id()
    first = await saved(person, provider_id)
    before = await snapshot(any_database)
    assert await saved(person, provider_id) == first
    assert await snapshot(any_database) == before


async def test_a_removed_one_stays_removed(any_database: Database) -> None:
    person = await any_database.sign_up()
    provider_id = new_id()
    await saved(person, provider_id)
    gone = (await person.call("delete_provider", p_id=provider_id))["provider"]
    assert gone["deleted_at"] is not None
    assert gone["models"] == []
    assert (await person.call("delete_provider", p_id=provider_id))["provider"] == gone
    assert await saved(person, provider_id, name="Late") == gone
    changes = (await person.call("pull_changes", p_after=0))["changes"]
    assert [change["record"] for change in changes if change["kind"] == "provider"] == [gone]


async def test_nobody_else_sees_or_removes_it(any_database: Database) -> None:
    person, other = await any_database.sign_up(), await any_database.sign_up()
    provider_id = new_id()
    row = await saved(person, provider_id)
    await refused(other, "42501", "delete_provider", p_id=provider_id)
    theirs = await saved(other, provider_id, name="Theirs")
    assert theirs["name"] == "Theirs", "an id is one's own, so nobody learns which ones are taken"
    assert await saved(person, provider_id) == row
    pulled = (await other.call("pull_changes", p_after=0))["changes"]
    assert [c["record"]["name"] for c in pulled if c["kind"] == "provider"] == ["Theirs"]


async def test_two_devices_at_once_make_one(any_database: Database) -> None:
    person = await any_database.sign_up()
    provider_id = new_id()
    rows = await asyncio.gather(*(saved(person, provider_id, name=name) for name in ("A", "B")))
    assert sorted(row["revision"] for row in rows) == [1, 2]


@pytest.mark.parametrize(
    "bad",
    [
        {"name": ""},
        {"name": "x" * 81},
        {"name": None},
        {"kind": "Not A Key"},
        {"base_url": "x" * 501},
        {"base_url": 5},
        {"models": "m"},
        {"models": [""]},
        {"models": [5]},
        {"models": ["x" * 161]},
        {"models": ["m"] * 501},
        {"api_key": "secret"},
    ],
)
async def test_bad_values_are_refused(any_database: Database, bad: dict[str, object]) -> None:
    person = await any_database.sign_up()
    await refused(person, "22023", "save_provider", p_id=new_id(), p_settings=SETTINGS | bad)
