"""Files go before the message that names them, once or again, whatever is lost on the way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chatdesk.domain.attachment import NewFile, as_record, attach, described
from chatdesk.domain.errors import ChatDeskError, Offline, Refused, Retryable
from chatdesk.domain.message import DeliveryState
from chatdesk.domain.mutation import Mutation
from tests.unit.sync.desk import Desk, Room, deliveries

FILES = (NewFile("a.png", "image/png", b"picture" * 100, 4, 3), NewFile("b.txt", "text/plain", b"text"))


def letter(room: Room, conversation: str, text: str = "look") -> tuple[Mutation, dict[str, bytes]]:
    change = room.send(conversation, text)
    placed = attach(FILES, conversation, change.entity_id)
    records = [as_record(described(path, file)) for path, file in placed.items()]
    change = replace(change, args={**change.args, "p_attachments": records})
    return change, {path: file.content for path, file in placed.items()}


async def _idle(room: Room, desk: Desk) -> None:
    await room.clock.until(lambda: desk.mirror.states[-1].pending == 0, within=120)


async def test_the_files_are_there_before_the_message(room: Room) -> None:
    conversation = room.talk()
    desk, other = await room.started(), await room.started()
    other.engine.open_conversation(conversation)
    desk.engine.open_conversation(conversation)
    await room.clock.advance(1)
    change, files = letter(room, conversation)
    await desk.engine.submit(change, files)
    await _idle(room, desk)
    await room.clock.advance(2)
    assert room.server.files == files
    (seen,) = await other.store.messages(conversation)
    assert [one.name for one in seen.attachments] == ["a.png", "b.txt"]
    fetched = [await room.clock.finish(other.client.remote.get_file(one.path)) for one in seen.attachments]
    assert fetched == list(files.values())
    assert await desk.store.unsent_file(next(iter(files))) is None


@pytest.mark.parametrize("lost", [1, 2, 3])
async def test_a_lost_answer_at_any_step_has_one_effect(room: Room, lost: int) -> None:
    conversation = room.talk()
    desk = await room.started()
    await room.clock.advance(1)
    desk.network.lose_next_responses = lost
    change, files = letter(room, conversation)
    await desk.engine.submit(change, files)
    await _idle(room, desk)
    assert len(room.server.by_conversation[conversation]) == 1
    assert room.server.files == files


@pytest.mark.parametrize("failure", [Offline("gone"), Retryable("busy")])
async def test_what_was_uploaded_is_not_uploaded_again_in_this_run(
    room: Room, failure: ChatDeskError
) -> None:
    conversation = room.talk()
    desk = await room.started()
    await room.clock.advance(1)
    change, files = letter(room, conversation)
    desk.network.fail_requests["push"] = [failure, failure]
    await desk.engine.submit(change, files)
    await _idle(room, desk)
    assert room.server.puts == 2
    assert len(room.server.by_conversation[conversation]) == 1


async def test_a_kill_between_upload_and_send_only_repeats_the_upload(room: Room) -> None:
    conversation = room.talk()
    desk = await room.started(home="home")
    await room.clock.advance(1)
    change, files = letter(room, conversation)
    desk.network.fail_requests["push"] = [Retryable("busy")] * 50
    await desk.engine.submit(change, files)
    await room.clock.until(lambda: room.server.puts == 2, within=60)
    await desk.close()
    again = await room.started(home="home")
    await _idle(room, again)
    assert room.server.files == files
    assert room.server.puts == 4
    (held,) = room.server.by_conversation[conversation]
    assert [one.path for one in room.server.messages[held].attachments] == list(files)


async def test_a_refused_file_fails_the_message_which_keeps_text_and_files(room: Room) -> None:
    conversation = room.talk()
    desk = await room.started()
    desk.engine.open_conversation(conversation)
    await room.clock.advance(1)
    change, files = letter(room, conversation)
    desk.network.fail_requests["put_file"] = [Refused("The server does not take this kind of file.")]
    await desk.engine.submit(change, files)
    await room.clock.until(lambda: desk.mirror.states[-1].failed == 1, within=60)
    assert room.server.by_conversation[conversation] == []
    (failed,) = await desk.store.messages(conversation)
    assert (failed.content, failed.failure) == ("look", "The server does not take this kind of file.")
    assert [await desk.store.unsent_file(path) for path in files] == list(files.values())
    await desk.engine.retry(failed.id)
    await _idle(room, desk)
    assert await deliveries(desk, conversation) == [DeliveryState.SENT]


async def test_a_message_whose_file_is_damaged_here_is_not_sent_without_it(room: Room) -> None:
    conversation = room.talk()
    desk = await room.started()
    await room.clock.advance(1)
    change, files = letter(room, conversation)
    del files[next(iter(files))]
    await desk.engine.submit(change, files)
    await room.clock.until(lambda: desk.mirror.states[-1].failed == 1, within=60)
    assert room.server.by_conversation[conversation] == []
