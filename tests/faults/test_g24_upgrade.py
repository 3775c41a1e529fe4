"""G24: an upgrade loses nothing: files of the release before, upgrades cut off anywhere, newer servers."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from chatdesk.backend import answers
from chatdesk.backend.wire import Quarantine
from chatdesk.domain.conversation import MemberRole
from chatdesk.domain.message import DeliveryState, MessageStatus, Role
from chatdesk.domain.mutation import OutboxState
from chatdesk.store import connection as store_connection
from chatdesk.store.connection import create_database, open_database
from chatdesk.store.outbox import Outbox
from chatdesk.store.schema import CACHE, OUTBOX
from tests.faults import migrating, released
from tests.faults.core import Core
from tests.faults.extent import limit, report
from tests.faults.process import ROOT
from tests.faults.rig import Rig, rig, until
from tests.support.postgres import Database, clusters, database
from tests.unit.backend import rows
from tests.unit.store.rows import opened
from tests.unit.sync.conftest import room, room_of
from tests.unit.sync.desk import ANNA, Room, texts

__all__ = ["clusters", "database", "room", "room_of"]

pytestmark = pytest.mark.timeout(limit(120, 600))


# The outbox of the release before -----------------------------------------------------------------------


def test_the_first_schema_is_the_one_that_was_released() -> None:
    """A step that was released never changes: files made by it are out there."""
    with closing(sqlite3.connect(released.OUTBOX_1)) as kept:
        tables = [row[0] for row in kept.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")]
        application = kept.execute("PRAGMA application_id").fetchone()[0]
        assert kept.execute("PRAGMA user_version").fetchone()[0] == 1
    assert tables == list(OUTBOX.steps[0])
    assert application == OUTBOX.application_id


def test_the_kept_file_is_what_its_maker_makes(tmp_path: Path) -> None:
    released.make_outbox_1(tmp_path / "made.db")
    with (
        closing(sqlite3.connect(released.OUTBOX_1)) as kept,
        closing(sqlite3.connect(tmp_path / "made.db")) as made,
    ):
        assert list(kept.iterdump()) == list(made.iterdump())


async def test_what_waited_before_the_upgrade_is_sent_after_it(room: Room, tmp_path: Path) -> None:
    slot = tmp_path / "1" / "old" / ANNA / "slot-0"
    slot.mkdir(parents=True)
    shutil.copy(released.OUTBOX_1, slot / "outbox.db")
    room.server.poison.add("poison")
    desk = await room.desk(ANNA, home="old")
    assert desk.store.recovered == ()
    before = await desk.store.outbox()
    assert [entry.mutation.id for entry in before] == [entry["id"] for entry in released.entries()]
    assert [dict(entry.mutation.args) for entry in before] == [e["args"] for e in released.entries()]
    refused = [entry for entry in before if entry.state is OutboxState.FAILED]
    assert [(entry.mutation.entity_id, entry.reason) for entry in refused] == [
        (released.REFUSED, released.REASON)
    ]
    assert await desk.store.draft(released.TALK) == released.DRAFT

    await desk.engine.start()
    await room.clock.advance(30)
    left = await desk.store.outbox()
    assert [entry.mutation.entity_id for entry in left] == [released.REFUSED]
    assert await texts(desk, released.TALK) == [released.TEXT, "second", "poison"]
    talk = room.server.conversations[released.TALK]
    assert talk.title == "Renamed before the upgrade"
    assert room.server.memberships[released.TALK, ANNA].pinned
    assert room.server.profiles[ANNA].display_name == "Anna of version 1"
    report("G24", kept_entries=len(before), lost=0)


# Upgrades that are cut off ------------------------------------------------------------------------------


def cut_off(file: Path, role: str, directory: Path) -> int:
    """Kill an upgrade of ``file`` at each of its statements; return how many copies that gave."""
    command = [sys.executable, "-m", "tests.faults.migrating", str(file), role, str(directory)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    return int(done.stdout)


def test_an_upgrade_of_the_outbox_may_be_killed_at_any_statement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = cut_off(released.OUTBOX_1, OUTBOX.role, tmp_path)
    steps = migrating.NEXT[OUTBOX.role]
    assert copies > sum(len(step) for step in steps) + len(steps) * 4
    wanted = [entry["id"] for entry in released.entries()]
    for number in range(1, copies + 1):
        path = tmp_path / str(number) / released.OUTBOX_1.name
        again = open_database(path, migrating.newer(OUTBOX))
        try:
            outbox = Outbox(again)
            assert outbox.load() == 0, number
            assert [entry.mutation.id for entry in outbox.entries()] == wanted, number
            assert again.rows("SELECT DISTINCT wish FROM entries") == [("soon",)], number
            notes = again.rows("SELECT body, kind FROM notes")
            assert notes == [(json.dumps(released.DRAFT), "draft")], number
        finally:
            again.close()
    report("G24", upgrade_kills=copies - 1, lost=0)


def test_an_upgrade_of_the_cache_may_be_killed_at_any_statement(tmp_path: Path) -> None:
    file = tmp_path / "cache.db"
    create_database(file, CACHE)
    with closing(store_connection.connect(file)) as connection:
        connection.execute("INSERT INTO settings VALUES ('a', '\"b\"')")
        connection.execute("UPDATE progress SET user_revision = 7")
    copies = cut_off(file, CACHE.role, tmp_path / "copies")
    for number in range(1, copies + 1):
        again = open_database(tmp_path / "copies" / str(number) / file.name, migrating.newer(CACHE))
        try:
            assert again.rows("SELECT user_revision FROM progress") == [(0,)], number
            assert again.rows("SELECT body FROM settings") == [('"b"',)], number
        finally:
            again.close()


async def test_a_killed_upgrade_is_no_loss_for_the_release_before(tmp_path: Path) -> None:
    """Whoever goes back to the old release after a broken upgrade still has every entry, and is told."""
    copies = cut_off(released.OUTBOX_1, OUTBOX.role, tmp_path / "copies")
    for number in (1, copies // 2, copies):
        slot = tmp_path / str(number) / "account" / "slot-0"
        slot.mkdir(parents=True)
        for path in (tmp_path / "copies" / str(number)).iterdir():
            shutil.copy(path, slot / path.name.replace(released.OUTBOX_1.name, "outbox.db"))
        async with opened(tmp_path / str(number)) as store:
            assert len(await store.outbox()) == len(released.entries()), number
            assert (number == copies) == bool(store.recovered)


# A server that is newer than this release ---------------------------------------------------------------

_NEWER_SERVER = """
alter function private.record_of(public.messages) rename to old_record_of;
create function private.record_of(m public.messages) returns jsonb
language sql stable set search_path = '' as $$
    select private.old_record_of(m)
        || jsonb_build_object('reactions', '[{"by": "somebody"}]'::jsonb, 'mood', 'calm')
        || case when m.deleted_at is null and m.role = 'user'
            then jsonb_build_object('status', 'reviewed') else '{}' end
        || case when m.content like '%tool%' then jsonb_build_object('role', 'tool') else '{}' end
$$;
alter function private.record_of(public.conversations) rename to old_record_of;
create function private.record_of(c public.conversations) returns jsonb
language sql stable set search_path = '' as $$
    select private.old_record_of(c) || jsonb_build_object('folder', jsonb_build_object('id', 7))
$$;
alter function private.record_of(public.conversation_members) rename to old_record_of;
create function private.record_of(m public.conversation_members) returns jsonb
language sql stable set search_path = '' as $$
    select private.old_record_of(m) || jsonb_build_object('role', 'moderator', 'muted', true)
$$;
alter table public.user_changes drop constraint user_changes_kind_check;
"""


@pytest.fixture
async def newer_server(database: Database) -> AsyncIterator[Rig]:
    """The real server, whose rows have new fields and new words."""
    admin = await database.admin()
    await admin.execute(_NEWER_SERVER)
    pull = await admin.fetchval(
        "select pg_get_functiondef('private.changed_record(text, uuid)'::regprocedure)"
    )
    assert pull.count("found_one := null") == 1
    await admin.execute(pull.replace("found_one := null", """found_one := '{"id": 1}'"""))
    async with rig(database) as made:
        yield made


async def test_a_newer_server_is_understood_as_far_as_possible(newer_server: Rig) -> None:
    anna = await newer_server.user("anna")
    first, second = await newer_server.core("a", anna), await newer_server.core("b", anna)
    talk = (await first.create("A talk"))["entity"]
    await first.open(talk)
    one = (await first.send(talk, "one"))["entity"]
    await until(lambda: first.watch.state.pending == 0)
    await until(lambda: second.store.entry(talk))
    await second.open(talk)
    await until(lambda: second.store.message(one))
    two = await newer_server.say(anna, talk, "said by a tool")

    # Something of a kind that this release does not know, and an event it has never heard of.
    admin = await newer_server.wire.database.admin()
    await admin.execute("select private.lock_counters(array[$1::uuid])", anna.id)
    await admin.execute(
        "select private.tell(array[$1::uuid], 'invite', $2::uuid, 1, 'entity',"
        ' \'{"record": {"id": 1}}\'::jsonb)',
        anna.id,
        talk,
    )
    await admin.execute("select realtime.send('{}'::jsonb, 'reaction', $1, true)", f"user:{anna.id}")
    three = await newer_server.say(anna, talk, "three")

    for core in (first, second):
        await until(lambda core=core: _shown(core.watch.shown, one, two, three))
        kept = await core.store.message(one)
        assert kept is not None
        assert (kept.status, kept.delivery) == (MessageStatus.COMPLETE, DeliveryState.SENT)
        said = await core.store.message(two)
        assert said is not None
        assert said.role is Role.SYSTEM
        entry = await core.store.entry(talk)
        assert entry is not None
        assert entry.membership.role is MemberRole.VIEWER, "a role that is not known gives no rights"
        counter = await admin.fetchval(
            "select revision from private.user_counters where user_id = $1", anna.id
        )
        await until(lambda core=core, counter=counter: _reached(core, counter))
        assert await core.store.outbox() == ()
        assert core.watch.faults == []
        assert (await core.report())["watchdog"] == 0
    report("G24", unknown_fields=5, unknown_words=4, crashes=0)


def _shown(shown: Mapping[str, object], *ids: str) -> bool:
    return set(ids) <= set(shown)


async def _reached(core: Core, counter: int) -> bool:
    return await core.store.user_cursor() >= counter


def test_unknown_words_of_a_page_cost_nothing_but_the_word() -> None:
    quarantine = Quarantine()
    page = answers.messages_page(
        {
            "messages": [
                rows.message(status="archived", role="critic", seq=1),
                rows.message(status="complete", seq=2),
            ],
            "conversation": rows.conversation(colour="red"),
            "cursor": 9,
            "more": False,
            "hints": [1],
        },
        0,
        quarantine,
    )
    assert [(row.seq, row.status, row.role) for row in page.rows.messages] == [
        (1, MessageStatus.COMPLETE, Role.SYSTEM),
        (2, MessageStatus.COMPLETE, Role.USER),
    ]
    assert quarantine.count == 0
