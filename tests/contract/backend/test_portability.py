"""Export and import between real accounts on the embedded back end, by the service that the window uses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
import pytest_asyncio

from chatdesk.backend.base import ImportReply
from chatdesk.domain.errors import Offline
from chatdesk.domain.mutation import MutationKind
from chatdesk.services.portability.reports import ExportFormat, Progress
from tests.contract.backend.office import DEADLINE, Office, anything, content, office, write
from tests.contract.backend.rig import Street
from tests.unit.portability.files import line_of, put

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]


@pytest_asyncio.fixture(loop_scope="module", name="one")
async def _one(street: Street, tmp_path: Path) -> AsyncIterator[Office]:
    async with office(await street.person(), tmp_path, "one") as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module", name="two")
async def _two(street: Street, tmp_path: Path) -> AsyncIterator[Office]:
    async with office(await street.person(), tmp_path, "two") as made:
        yield made


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_exported_imported_and_exported_again_is_the_same(
    one: Office, two: Office, tmp_path: Path, seed: int
) -> None:
    random = Random(seed)
    source = write(tmp_path / "source.jsonl", [anything(random, number) for number in range(25)])
    report = await one.bring(source)
    assert (report.imported, report.here, report.problems.count) == (25, 0, 0)
    first = await one.export(tmp_path / "first.jsonl")
    assert (first.conversations, first.messages, first.missing) == (25, report.messages, 0)
    assert content(first.path) == content(source)
    assert (await two.bring(first.path)).imported == 25
    second = await two.export(tmp_path / "second.jsonl")
    assert content(second.path) == content(source)
    assert await two.store.outbox_counts() == (0, 0), "an import does not go through the outbox"


async def test_what_others_wrote_says_their_names(
    one: Office, two: Office, street: Street, tmp_path: Path
) -> None:
    friend = await street.person()
    await friend.push(MutationKind.UPDATE_PROFILE, p_updates={"display_name": "Ben"})
    talk = one.realtime.create_conversation("Trip", None)
    one.realtime.send_message(talk, "user", "mine")
    await one.delivered(talk, 1)
    await one.window.row.add(talk, friend.row)
    await friend.say(talk, "his")
    await one.delivered(talk, 2)
    everything = await one.export(tmp_path / "all.jsonl")
    (messages,) = [[line for line in talk if "role" in line] for talk in content(everything.path)]
    assert [row.get("author") for row in messages] == [None, "Ben"]
    assert (await two.bring(everything.path)).imported == 1
    (entry,) = await two.store.entries()
    for desk, place, names in ((one, talk, ("You", "Ben")), (two, entry.id, ("You", "Ben (copied)"))):
        desk.service.export_conversation(place, tmp_path / f"{names[1]}.md", ExportFormat.MARKDOWN)
        await desk.end()
        lines = (tmp_path / f"{names[1]}.md").read_text("utf-8").splitlines()
        heads = [line for line in lines if line.startswith("**")]
        assert [head.removeprefix("**").partition(" · ")[0] for head in heads] == list(names)


async def test_a_second_import_doubles_and_overwrites_nothing(one: Office, tmp_path: Path) -> None:
    source = put(tmp_path / "c.json", [line_of("1", "2"), line_of("3") | {"conversation_id": "c-2"}])
    assert (await one.bring(source)).imported == 2
    chosen = next(entry.id for entry in await one.store.entries())
    one.realtime.rename_conversation(chosen, "My own name")
    await one.sent()
    before = await one.store.entries()
    again = await one.bring(source)
    assert (again.imported, again.messages, again.here) == (0, 0, 2)
    after = await one.store.entries()
    assert {entry.conversation.title for entry in after} == {"Bridges", "My own name"}
    assert len(after) == len(before) == 2


async def test_the_other_window_and_a_new_one_see_it(one: Office, street: Street, tmp_path: Path) -> None:
    async with office(await street.second_window(one.window), tmp_path, "other") as other:
        source = put(
            tmp_path / "c.json",
            [line_of("1", "2") | {"conversation_id": f"c-{number}"} for number in range(250)],
        )
        assert (await one.bring(source)).imported == 250
        seen: set[str] = set()

        async def look() -> None:
            while len(seen) < 250:
                other.changed.clear()
                seen.update(entry.id for entry in await other.store.entries())
                if len(seen) < 250:
                    await other.changed.wait()

        await asyncio.wait_for(look(), DEADLINE)
        report = await other.export(tmp_path / "all.jsonl")
        assert (report.conversations, report.messages, report.missing) == (250, 500, 0)


async def test_what_was_deleted_can_be_imported_again(one: Office, tmp_path: Path) -> None:
    source = put(tmp_path / "c.json", [line_of(*(str(number) for number in range(450)))])
    for _ in range(3):
        report = await one.bring(source)
        assert (report.imported, report.messages, report.here) == (1, 450, 0)
        (entry,) = await one.store.entries()
        assert entry.conversation.last_seq == 450
        one.realtime.delete_conversation(entry.id)
        await one.sent()
        assert await one.store.entries() == ()


async def test_a_conversation_that_is_refused_is_named_and_the_rest_comes(
    one: Office, tmp_path: Path
) -> None:
    too_long = line_of("1") | {"conversation_id": "bad", "title": "Too long"}
    source = put(tmp_path / "c.json", [line_of("1"), too_long, line_of("2") | {"conversation_id": "c-2"}])

    class Strict:
        async def import_conversations(self, conversations: Sequence[Mapping[str, Any]]) -> ImportReply:
            changed = [
                {**each, "title": "x" * 301} if each["title"] == "Too long" else each
                for each in conversations
            ]
            return await one.window.remote.import_conversations(changed)

        async def put_file(self, path: str, content: bytes, media_type: str) -> None:
            raise AssertionError("No file is in this import.")

    one.service._importer = Strict()
    report = await one.bring(source)
    assert (report.imported, report.problems.count) == (2, 1)
    (problem,) = report.problems.named
    assert (problem.name, problem.reason) == ("Too long", "The title is longer than 300 characters.")


async def test_a_lost_answer_is_asked_for_again(one: Office, tmp_path: Path) -> None:
    one.gate.fault = Offline("Nothing answers.")
    report = await one.bring(put(tmp_path / "c.json", [line_of("1")]))
    assert report.imported == 1
    assert one.gate.calls == 2


async def test_an_import_that_was_cut_off_goes_on_where_it_was(one: Office, tmp_path: Path) -> None:
    count = 420
    source = put(
        tmp_path / "c.json",
        [line_of("1", "2") | {"conversation_id": f"c-{number}"} for number in range(count)],
    )
    one.gate.held_from = 3
    one.service.import_file(source, count)
    await asyncio.wait_for(one.gate.reached.wait(), DEADLINE)
    await one.stop()
    assert await one.end() == "cancelled"
    one.gate.held_from = None
    one.gate.calls = 0
    await one.start()
    await one.until(lambda: bool(one.interrupted))
    (found,) = one.interrupted
    assert (found.path, found.done, found.total) == (source, 199, count)
    one.service.import_file(found.path, found.total, found.done)
    report = await one.end()
    assert (report.imported, report.here, report.done) == (count - 200, 1, count)
    assert one.gate.calls == 3, "what was done is not sent again"
    assert len(await one.store.entries()) == count
    await one.stop()
    one.interrupted.clear()
    await one.start()
    assert one.interrupted == []


async def test_cancelling_keeps_what_came(one: Office, tmp_path: Path) -> None:
    source = put(
        tmp_path / "c.json", [line_of("1") | {"conversation_id": f"c-{number}"} for number in range(300)]
    )

    def stop_after_the_first(progress: Progress) -> None:
        if progress.done:
            one.service.cancel()

    one.service.progressed.connect(stop_after_the_first)
    report = await one.bring(source)
    assert report.cancelled
    assert 0 < report.imported < 300
    assert len(await one.store.entries()) == report.imported
    one.service.progressed.disconnect(stop_after_the_first)
    report = await one.bring(source)
    assert report.imported + report.here == 300
