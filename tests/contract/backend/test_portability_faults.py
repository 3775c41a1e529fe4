"""Exports and imports while something is wrong: no server, a cancellation, a bad file."""

from __future__ import annotations

import json
import zipfile
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from chatdesk.backend.base import ImportReply
from chatdesk.domain.errors import Offline, Retryable
from chatdesk.domain.session import LinkState
from chatdesk.portability.reading import Preview
from chatdesk.services.portability.reports import Phase, Progress
from tests.contract.backend.office import Office, office
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


async def test_an_export_without_the_server_says_what_is_missing(
    one: Office, street: Street, tmp_path: Path
) -> None:
    source = put(tmp_path / "c.json", [line_of("1", "2", "3")])
    await one.bring(source)
    async with office(await street.second_window(one.window), tmp_path, "other") as other:
        await other.until(lambda: other.realtime.engine.state.link is LinkState.CONNECTED)

        async def nothing(*_args: object, **_kwargs: object) -> None:
            raise Offline("Nothing answered at this address.", "Check the network.")

        other.window.remote.page_messages = nothing  # type: ignore[method-assign,assignment]  # a dead network
        report = await other.export(tmp_path / "all.jsonl")
    assert (report.conversations, report.messages, report.missing) == (1, 0, 3)
    assert report.reason == "Nothing answered at this address."
    assert json.loads(report.path.read_text().splitlines()[0])["missing_messages"] == 3


async def test_a_cancelled_export_leaves_no_file(one: Office, tmp_path: Path) -> None:
    await one.bring(put(tmp_path / "c.json", [line_of("1")]))
    folder = tmp_path / "out"
    folder.mkdir()
    one.service.progressed.connect(lambda _progress: one.service.cancel())
    one.service.export_everything(folder / "all.jsonl")
    assert await one.end() == "cancelled"
    assert list(folder.iterdir()) == []


async def test_one_job_at_a_time_and_faults_are_told(one: Office, tmp_path: Path) -> None:
    source = put(tmp_path / "c.json", [line_of("1")])
    one.service.examine(source)
    one.service.examine(source)
    failure = await one.end()
    assert failure.message == "Another export or import is under way."
    preview = await one.end()
    assert isinstance(preview, Preview)
    assert (preview.conversations, preview.here) == (1, 0)
    one.service.examine(tmp_path / "none")
    assert (await one.end()).message == "The file cannot be read."
    one.service.export_everything(tmp_path / "none" / "all.jsonl")
    assert (await one.end()).message == "The file could not be written."
    assert not one.service.busy
    sizes: list[Any] = []
    one.service.measured.connect(sizes.append)
    one.service.measured.connect(lambda _sizes: one.changed.set())
    one.service.measure()
    await one.until(lambda: bool(sizes))


async def test_a_file_that_turns_out_bad_is_not_offered_again(one: Office, tmp_path: Path) -> None:
    source = put(tmp_path / "c.json", [line_of("1")])
    archive = tmp_path / "c.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        made.write(source, "conversations.json")
    raw = bytearray(archive.read_bytes())
    raw[60:90] = b"\xff" * 30
    archive.write_bytes(raw)
    one.service.import_file(archive)
    failure = await one.end()
    assert failure.message == "The archive is damaged or protected by a password."
    assert await one.store.setting("import_under_way") == ""


async def test_waiting_for_the_server_can_be_cancelled(one: Office, tmp_path: Path) -> None:
    class Dead:
        async def import_conversations(self, conversations: Sequence[Mapping[str, Any]]) -> ImportReply:
            raise Offline("Nothing answers.")

        async def put_file(self, path: str, content: bytes, media_type: str) -> None:
            raise AssertionError("No file is in this import.")

    one.service._importer = Dead()

    def stop_waiting(progress: Progress) -> None:
        if progress.phase is Phase.WAITING:
            one.service.cancel()

    one.service.progressed.connect(stop_waiting)
    one.service.import_file(put(tmp_path / "c.json", [line_of("1")]))
    assert await one.end() == "cancelled"


async def test_a_server_without_the_call_is_said_at_once(one: Office, tmp_path: Path) -> None:
    class Old:
        async def import_conversations(self, conversations: Sequence[Mapping[str, Any]]) -> ImportReply:
            raise Retryable("The server does not have ChatDesk's tables.", code="PGRST202")

        async def put_file(self, path: str, content: bytes, media_type: str) -> None:
            raise AssertionError("No file is in this import.")

    one.service._importer = Old()
    one.service.import_file(put(tmp_path / "c.json", [line_of("1")]))
    assert (await one.end()).message == "The server does not have ChatDesk's tables."
