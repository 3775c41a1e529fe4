"""Files of messages go out with an export and come back with an import, whole, once, in their places."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import unquote

import pytest
import pytest_asyncio

from chatdesk.backend import attachments
from chatdesk.domain.attachment import NewFile
from chatdesk.services.portability.reports import ExportFormat, ExportReport
from tests.contract.backend.office import DEADLINE, Office, office
from tests.contract.backend.rig import Street

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

PICTURE = NewFile("a [cat].png", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8_000, 12, 34)
NOTE = NewFile("note.txt", "text/plain", "Grüße\n".encode())
EMPTY = NewFile("nothing.txt", "text/plain", b"")


@pytest_asyncio.fixture(loop_scope="module", name="one")
async def _one(street: Street, tmp_path: Path) -> AsyncIterator[Office]:
    async with office(await street.person(), tmp_path, "one") as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module", name="other")
async def _other(street: Street, tmp_path: Path) -> AsyncIterator[Office]:
    async with office(await street.person(), tmp_path, "other") as made:
        yield made


async def sent(one: Office) -> str:
    """A chat with a message that has files, and one that has none."""
    place = one.realtime.create_conversation("Cats", None)
    one.realtime.send_message(place, "user", "Look.", None, (PICTURE, NOTE, NOTE, EMPTY))
    one.realtime.send_message(place, "user", "Well?", None)
    await one.delivered(place, 2)
    return place


async def kept(one: Office, place: str) -> list[tuple[str, list[NewFile]]]:
    """The messages of a chat with their files."""
    found = []
    for message in await one.store.messages(place):
        files = [
            NewFile(each.name, each.media_type, await one.attachments.read(each), each.width, each.height)
            for each in message.attachments
        ]
        found.append((message.content, files))
    return found


EXPECTED = [("Look.", [PICTURE, NOTE, NOTE, EMPTY]), ("Well?", [])]


@pytest.mark.parametrize(("whole", "author"), [(True, ""), (False, ""), (True, "Ben")])
async def test_files_travel_with_their_messages(
    one: Office, other: Office, tmp_path: Path, whole: bool, author: str
) -> None:
    place = await sent(one)
    path = tmp_path / ("all.jsonl" if whole else "one.json")
    if whole:
        report = await one.export(path)
    else:
        one.service.export_conversation(place, path, ExportFormat.JSON)
        report = await one.end()
    if author:
        # What somebody else wrote, whose files who imports may put there and never replace.
        mark = '"role":"user",'
        path.write_text(path.read_text("utf-8").replace(mark, f'{mark}"author":"{author}",'), "utf-8")
    assert report.lost_files == 0
    assert max(len(line) for line in path.read_bytes().splitlines()) < 4_000_000
    brought = await other.bring(path)
    assert (brought.imported, brought.problems.count) == (1, 0)
    (entry,) = await other.store.entries()
    other.realtime.set_current_conversation(entry.id)
    async with asyncio.timeout(DEADLINE):
        while await kept(other, entry.id) != EXPECTED:
            other.changed.clear()
            await other.changed.wait()
    again = await other.bring(path)
    assert (again.imported, again.here, again.problems.count) == (0, 1, 0)
    assert await kept(other, entry.id) == EXPECTED
    assert [row.author_name for row in await other.store.messages(entry.id)] == [author] * 2


async def test_markdown_leads_to_files_beside_it(one: Office, tmp_path: Path) -> None:
    place = await sent(one)
    (tmp_path / "cats files").mkdir()
    path = tmp_path / "cats.md"
    one.service.export_conversation(place, path, ExportFormat.MARKDOWN)
    assert isinstance(await one.end(), ExportReport)
    text = path.read_text("utf-8")
    assert "![a (cat).png](cats%20files%202/" in text
    links = [line.partition("](")[2].rstrip(")") for line in text.splitlines() if "](" in line]
    found = [(tmp_path / unquote(link)).read_bytes() for link in links]
    assert found == [each.content for each in (PICTURE, NOTE, NOTE, EMPTY)]
    assert list((tmp_path / "cats files").iterdir()) == [], "what was there is as it was"
    assert not list(tmp_path.glob(".*.part"))


async def test_a_file_that_is_gone_is_said_and_the_rest_is_there(
    one: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "FORGET_SECONDS", 30.0)
    place = await sent(one)
    message = (await one.store.messages(place))[0]
    await one.window.remote._files.forget(place, message.id)
    path = tmp_path / "all.jsonl"
    report = await one.export(path)
    assert report.lost_files == 4
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    named = [line["message"].get("attachments", []) for line in lines if "message" in line]
    assert [[each["missing"] for each in files] for files in named] == [[True] * 4, []]
