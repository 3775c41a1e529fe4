"""What a model is given of the files that messages carry."""

from __future__ import annotations

from dataclasses import replace

from chatdesk.domain.attachment import Attachment
from chatdesk.domain.change import RowBatch
from chatdesk.domain.errors import Refused
from chatdesk.domain.message import Message, Role
from chatdesk.providers.base import TurnPicture
from chatdesk.services import attached_context
from chatdesk.services.attached_context import MOST_PICTURES, MOST_TEXT, AttachedFiles, fenced
from chatdesk.services.context import reading_for
from tests.support.messages import message
from tests.unit.services.virtual.test_context import stored
from tests.unit.services.virtual.world import World

PICTURE = Attachment("plan.png", "c/m/0.png", "image/png", 3, 1, 1)
NOTE = Attachment("note.md", "c/m/1.txt", "text/plain", 5)
CONTENTS = {PICTURE.path: b"png", NOTE.path: "grün\n".encode()}


async def read(attachment: Attachment) -> bytes:
    if attachment.path not in CONTENTS:
        raise Refused("This file is not there.")
    return CONTENTS[attachment.path]


def asked(content: str = "Look", *files: Attachment, role: Role = Role.USER) -> Message:
    return replace(message(1, content, role=role), content=content, attachments=files)


async def test_texts_come_behind_the_question_and_pictures_beside_it() -> None:
    turn = await AttachedFiles(read).turn(asked("Look", PICTURE, NOTE))
    assert turn.content == 'Look\n\nAttached file "note.md":\n```\ngrün\n```'
    assert turn.pictures == (TurnPicture("plan.png", "image/png", b"png"),)


async def test_files_without_words_are_a_turn_all_the_same(world: World) -> None:
    row = message(1)
    conversation = await stored(world, row)
    attachment = replace(NOTE, path=f"{conversation}/{row.id}/0.txt")
    kept = replace(
        row, conversation_id=conversation, content="", attachments=(attachment,), revision=row.revision + 9
    )
    await world.store.apply(RowBatch(messages=(kept,)))
    entry = await world.store.entry(conversation)
    assert entry is not None

    async def one(_: Attachment) -> bytes:
        return b"text"

    (turn,) = (await reading_for(world.store, entry.conversation, row.id, {}, 100_000, read=one)).turns
    assert turn.content == 'Attached file "note.md":\n```\ntext\n```'
    (unread,) = (await reading_for(world.store, entry.conversation, row.id, {}, 100_000)).turns
    assert "could not be read" in unread.content


async def test_what_cannot_be_read_is_said() -> None:
    gone = replace(NOTE, path="c/m/7.txt")
    turn = await AttachedFiles(read).turn(asked("Look", gone))
    assert turn.content == 'Look\n\n[The file "note.md" was attached here; it could not be read.]'


async def test_only_the_newest_pictures_are_given() -> None:
    files = AttachedFiles(read)
    newest = await files.turn(asked("new", *([PICTURE] * MOST_PICTURES)))
    older = await files.turn(asked("old", PICTURE))
    assert (len(newest.pictures), older.pictures) == (MOST_PICTURES, ())
    assert "left out" in older.content


async def test_only_people_show_pictures() -> None:
    turn = await AttachedFiles(read).turn(asked("Look", PICTURE, role=Role.ASSISTANT))
    assert turn.pictures == ()


async def test_a_long_text_is_cut_and_says_so() -> None:
    async def long(_: Attachment) -> bytes:
        return b"x" * (MOST_TEXT + 7)

    turn = await AttachedFiles(long).turn(asked("Look", NOTE))
    assert turn.content.endswith("[7 more characters of this file are left out.]")
    assert len(turn.content) < MOST_TEXT + 200


async def test_the_room_for_texts_is_shared() -> None:
    async def long(_: Attachment) -> bytes:
        return b"x" * MOST_TEXT

    files = AttachedFiles(long)
    rounds = attached_context.MOST_TEXTS // MOST_TEXT
    turns = [await files.turn(asked("Look", NOTE)) for _ in range(rounds + 1)]
    assert ["left out" in turn.content for turn in turns] == [False] * rounds + [True]


def test_no_text_ends_its_own_fence() -> None:
    text = fenced("a.md", "```\ncode\n```\n````", 0)
    assert text.startswith('Attached file "a.md":\n`````\n')
    assert text.endswith("\n`````")
