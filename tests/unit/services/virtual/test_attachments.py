"""The files of messages: brought once, kept on this computer, asked for again when there is a connection."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from chatdesk.domain.attachment import Attachment, NewFile
from chatdesk.domain.errors import Refused
from chatdesk.services.attachments import AttachmentService
from chatdesk.services.file_cache import FileCache
from tests.unit.services.virtual.world import World

NOTE = NewFile("note.txt", "text/plain", b"a note")


class Room:
    """A signed-in instance with its service for files."""

    def __init__(self, world: World, files: AttachmentService, directory: Path) -> None:
        self.world = world
        self.files = files
        self.directory = directory
        self.brought: list[bytes] = []

    async def sent(self, *files: NewFile) -> tuple[Attachment, ...]:
        """Send a message with files; returns what it says of them."""
        conversation, _ = await self.world.talk()
        realtime = self.world.realtime
        message_id = realtime.send_message(conversation, "user", "", files=files)
        await self.world.clock.until(lambda: message_id in self.world.server.messages)
        await self.world.clock.until(lambda: not realtime.engine.state.pending)
        return self.world.server.messages[message_id].attachments

    def want(self, attachment: Attachment, *, patient: bool = False) -> None:
        self.files.prepare(attachment, bytes, self.brought.append, patient=patient)


async def in_step(work: Callable[..., Any], *args: Any) -> Any:
    """Run in place what would run in a thread: virtual time does not wait for threads."""
    return work(*args)


@pytest.fixture
async def room(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Room]:
    monkeypatch.setattr(asyncio, "to_thread", in_step)
    files = AttachmentService(world.realtime.shared, world.told)
    files.attach(world.client.remote, tmp_path / "files")
    yield Room(world, files, tmp_path / "files")
    await world.clock.finish(files.detach())


async def test_a_file_is_fetched_once_and_then_kept_here(room: Room) -> None:
    (note,) = await room.sent(NOTE)
    room.want(note)
    await room.world.clock.until(lambda: room.brought == [b"a note"])
    assert room.world.network.requests["get_file"] == 1
    room.world.network.down = True
    room.want(note)
    await room.world.clock.until(lambda: len(room.brought) == 2)
    assert room.world.network.requests["get_file"] == 1
    (kept,) = room.directory.iterdir()
    assert kept.stat().st_mode & 0o077 == 0


async def test_what_waits_to_be_sent_can_be_shown_offline(room: Room) -> None:
    room.world.network.down = True
    conversation = room.world.realtime.create_conversation("Talk", None)
    message_id = room.world.realtime.send_message(conversation, "user", "", files=[NOTE])
    await room.world.clock.until(lambda: bool(room.world.changes))
    await room.world.clock.advance(1)
    message = await room.world.store.message(message_id)
    assert message is not None
    room.want(message.attachments[0])
    await room.world.clock.until(lambda: room.brought == [b"a note"])


async def test_a_patient_wish_waits_for_the_connection(room: Room) -> None:
    (note,) = await room.sent(NOTE)
    room.world.network.down = True
    room.world.network.feed.kill()
    room.want(note, patient=True)
    await room.world.clock.advance(20)
    assert (room.brought, room.world.notices) == ([], [])
    room.world.network.down = False
    await room.world.clock.until(lambda: room.brought == [b"a note"], within=120)


async def test_an_impatient_one_says_that_there_is_none(room: Room) -> None:
    (note,) = await room.sent(NOTE)
    room.world.network.down = True
    room.want(note)
    await room.world.clock.until(lambda: bool(room.world.notices))
    assert room.brought == []


async def test_files_are_gathered_to_be_attached_anew(room: Room) -> None:
    picture = NewFile("a.png", "image/png", b"picture", 2, 3)
    attachments = await room.sent(NOTE, picture)
    found: list[tuple[NewFile, ...]] = []
    room.files.gather(attachments, found.append)
    await room.world.clock.until(lambda: bool(found))
    assert found == [(NOTE, picture)]
    room.files.gather((), found.append)
    assert found[1] == ()


async def test_an_edited_message_has_its_files_under_a_path_of_its_own(room: Room) -> None:
    (note,) = await room.sent(NOTE)
    realtime, server = room.world.realtime, room.world.server
    await room.world.clock.until(lambda: bool(realtime.current_conversation))
    edited: list[str] = []
    question = note.path.split("/")[1]
    room.files.gather((note,), lambda files: edited.append(realtime.edit_message(question, "Why?", files)))
    await room.world.clock.until(lambda: bool(edited) and edited[0] in server.messages)
    version = server.messages[edited[0]]
    assert (version.replaces, version.content) == (question, "Why?")
    assert [one.name for one in version.attachments] == ["note.txt"]
    assert version.attachments[0].path != note.path
    assert server.files[version.attachments[0].path] == b"a note"


async def test_a_message_of_nothing_is_refused_and_one_of_too_much(room: Room) -> None:
    conversation, _ = await room.world.talk()
    for files in ((), [NOTE] * 11):
        room.world.realtime.send_message(conversation, "user", " ", files=files)
    await room.world.clock.until(lambda: len(room.world.notices) == 2)
    assert "empty" in room.world.notices[0].text
    assert "10 files" in room.world.notices[1].text


async def test_the_files_of_a_deleted_message_leave_this_computer(room: Room) -> None:
    (note,) = await room.sent(NOTE)
    room.want(note)
    await room.world.clock.until(lambda: room.brought == [b"a note"])
    assert list(room.directory.iterdir())
    conversation, message_id, _ = note.path.split("/")
    room.world.realtime.change(lambda make: make.delete_message(conversation, message_id))
    await room.world.clock.until(lambda: not list(room.directory.iterdir()))


async def test_other_bytes_than_the_message_names_are_not_used(room: Room) -> None:
    (note,) = await room.sent(NOTE)
    room.world.server.files[note.path] = b"something else"
    with pytest.raises(Refused):
        await room.world.clock.finish(room.files.read(note))
    assert not room.directory.exists() or not list(room.directory.iterdir())


def test_the_longest_unused_files_make_room(tmp_path: Path) -> None:
    cache = FileCache(tmp_path / "kept", most_bytes=25)
    for place, path in enumerate(("a", "b", "c")):
        cache.write(path, bytes(10))
        for kept in (tmp_path / "kept").iterdir():
            if kept.stat().st_mtime > 1_000_000:
                os.utime(kept, (place, place))
    assert cache.read("a") is None
    assert cache.read("b") == bytes(10)
    assert cache.read("c") == bytes(10)


def test_a_disk_that_takes_nothing_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file stands where the folder should be")
    cache = FileCache(tmp_path / "kept")
    cache.write("a", b"1")
    assert cache.read("a") is None
