"""Files of messages through the real library, the embedded back end and its policies."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest

from chatdesk.domain.attachment import MAX_BYTES, NewFile, as_record, attach, described
from chatdesk.domain.errors import BadInput, Refused
from chatdesk.domain.ids import new_id
from chatdesk.domain.mutation import Mutation, MutationKind
from tests.contract.backend.rig import Street, Window

pytestmark = pytest.mark.asyncio(loop_scope="module")

FILES = (
    NewFile("Brücke & more.png", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(300_000), 40, 30),
    NewFile("note.py", "text/plain", "größe = 1\n".encode()),
    NewFile("empty.txt", "text/plain", b""),
)


async def sent(window: Window, conversation: str) -> list[str]:
    """Upload the files and send the message that names them; return their paths."""
    message = new_id()
    placed = attach(FILES, conversation, message)
    for path, file in placed.items():
        await window.remote.put_file(path, file.content, file.media_type)
    records = [as_record(described(path, file)) for path, file in placed.items()]
    rows = await window.say(conversation, "", p_id=message, p_attachments=records)
    assert [as_record(one) for one in rows.messages[0].attachments] == records
    return list(placed)


async def test_files_and_the_message_that_names_them(street: Street) -> None:
    ada = await street.person()
    conversation = await ada.new_conversation()
    paths = await sent(ada, conversation)
    other = await street.second_window(ada)
    page = await other.remote.pull_messages(conversation, 0)
    (message,) = page.rows.messages
    assert [one.path for one in message.attachments] == paths
    assert [one.name for one in message.attachments] == [file.name for file in FILES]
    for one, file in zip(message.attachments, FILES, strict=True):
        assert await other.remote.get_file(one.path) == file.content


async def test_the_same_upload_again_is_one_file(street: Street) -> None:
    ada = await street.person()
    conversation = await ada.new_conversation()
    paths = await sent(ada, conversation)
    for path, file in zip(paths, FILES, strict=True):
        await ada.remote.put_file(path, file.content, file.media_type)
        assert await ada.remote.get_file(path) == file.content


async def test_strangers_neither_read_nor_write(street: Street) -> None:
    ada, bob = await street.person(), await street.person()
    conversation = await ada.new_conversation()
    path, *_ = await sent(ada, conversation)
    with pytest.raises(Refused):
        await bob.remote.get_file(path)
    for place in (path, f"{conversation}/{new_id()}/0.png"):
        with pytest.raises(Refused, match="not allowed"):
            await bob.remote.put_file(place, b"x", "image/png")
    assert await ada.remote.get_file(path) == FILES[0].content


async def test_a_deleted_message_takes_its_files_from_the_others(street: Street) -> None:
    ada, bob = await street.person(), await street.person()
    conversation = await ada.new_conversation()
    await ada.row.add(conversation, bob.row)
    path, *_ = await sent(ada, conversation)
    assert await bob.remote.get_file(path) == FILES[0].content
    message = path.split("/")[1]
    deletion = Mutation(
        new_id(),
        MutationKind.DELETE_MESSAGE,
        conversation,
        message,
        ada.user_id,
        {"p_id": message},
        datetime.now(UTC),
    )
    rows = await ada.remote.push(deletion)
    assert rows.messages[0].attachments == ()
    with pytest.raises(Refused):
        await bob.remote.get_file(path)
    left = await (await street.wire.admin()).fetch(
        "select name from storage.objects where name like $1", f"{conversation}/%"
    )
    assert left == [], "its author's window removed the files themselves"


async def test_what_cannot_be_a_file_never_leaves(street: Street) -> None:
    ada = await street.person()
    conversation = await ada.new_conversation()
    path = f"{conversation}/{new_id()}/0.txt"
    for bad, kind in ((f"{conversation}/0.txt", "text/plain"), (path, "text/html")):
        with pytest.raises(BadInput):
            await ada.remote.put_file(bad, b"x", kind)
    with pytest.raises(BadInput, match="larger"):
        await ada.remote.put_file(path, bytes(MAX_BYTES + 1), "text/plain")
    for wrong in ("../x", f"{conversation}/{new_id()}/../0.txt"):
        with pytest.raises(Refused):
            await ada.remote.get_file(wrong)


async def test_the_bucket_has_its_own_limits(street: Street) -> None:
    ada = await street.person()
    conversation = await ada.new_conversation()
    files = dataclasses.replace(FILES[1], content=bytes(MAX_BYTES))
    path = f"{conversation}/{new_id()}/0.txt"
    await ada.remote.put_file(path, files.content, files.media_type)
    assert len(await ada.remote.get_file(path)) == MAX_BYTES
