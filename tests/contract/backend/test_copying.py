"""Copying the chats of one real account into another: whole, once, whatever cuts it off."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import pytest

from chatdesk.backend.base import ImportReply
from chatdesk.domain.attachment import NewFile, as_record, attach, described
from chatdesk.domain.change import RowBatch
from chatdesk.domain.clock import SystemClock
from chatdesk.domain.errors import Refused
from chatdesk.domain.ids import new_id
from chatdesk.domain.message import Message
from chatdesk.domain.mutation import MutationKind
from chatdesk.domain.provider import model_id
from chatdesk.services.copying import run as copying
from chatdesk.services.copying.patience import Patience
from chatdesk.services.copying.reports import CopyReport
from chatdesk.services.copying.run import CopyRun, CopyTarget
from chatdesk.services.copying.source import CopySource
from tests.contract.backend.rig import Street, Window

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

NOTE = NewFile("note.txt", "text/plain", b"some words")


class Killed(BaseException):
    """The process ended here."""


class Pipe:
    """The target's requests, of which the n-th is the last: before it is sent, or before it is answered."""

    def __init__(self, window: Window, last: int | None = None, *, sent: bool = False) -> None:
        self._window = window
        self._last = last
        self._sent = sent
        self.count = 0

    async def import_conversations(self, conversations: Sequence[Mapping[str, Any]]) -> ImportReply:
        reply: ImportReply = await self._carry(
            lambda: self._window.remote.import_conversations(conversations)
        )
        return reply

    async def put_file(self, path: str, content: bytes, media_type: str) -> None:
        await self._carry(lambda: self._window.remote.put_file(path, content, media_type))

    async def _carry(self, request: Callable[[], Awaitable[Any]]) -> Any:
        self.count += 1
        if self.count == self._last and not self._sent:
            raise Killed
        answer = await request()
        if self.count == self._last:
            raise Killed
        return answer


class Move:
    """Everything that is left of a copy when the process ends: what the record says."""

    def __init__(self, source: Window, target: Window) -> None:
        self.source = source
        self.target = target
        self.record: dict[str, int] = {}
        self.models: dict[str, str] = {}

    async def run(self, pipe: Pipe | None = None) -> CopyReport:
        async def take(_rows: RowBatch, _cursors: Mapping[str, int]) -> None:
            return

        async def keep(done: Mapping[str, int]) -> None:
            self.record |= done

        patience = Patience(SystemClock(), lambda _waiting: None)
        window = self.source
        source = CopySource(window.user_id, window.remote, window.avatars, patience)
        to = CopyTarget(self.target.user_id, pipe or Pipe(self.target), take, keep)
        made = CopyRun(source, to, patience, self.models, lambda _done: None)
        return await made.run(await source.world(), dict(self.record))


async def contents(window: Window) -> list[Any]:
    """Every conversation in words only: ids differ between accounts, what hangs where does not."""
    page = await window.remote.pull_changes(0)
    assert not page.more
    own = {row.conversation_id: row for row in page.rows.memberships}
    told = []
    for row in page.rows.conversations:
        if row.deleted_at is not None:
            continue
        messages = (await window.remote.pull_messages(row.id, 0)).rows.messages
        known = {each.id: each for each in messages}

        def text_of(message_id: str | None, known: dict[str, Message] = known) -> str | None:
            """What was said there, or before it where it was deleted."""
            found = known.get(message_id or "")
            if found is not None and found.deleted_at is not None:
                return text_of(found.parent_id)
            return found.content if found is not None else None

        lines = []
        for each in sorted(messages, key=lambda each: each.seq or 0):
            if each.deleted_at is not None:
                continue
            files = [(one.name, await window.remote.get_file(one.path)) for one in each.attachments]
            mine = each.role == "assistant" or each.author_id == window.user_id
            links = (text_of(each.parent_id), text_of(each.replaces))
            lines.append((each.role, each.content, links, each.created_at, files, mine, each.author_name))
        told.append((row.title, row.created_at, own[row.id].pinned, lines))
    return sorted(told, key=lambda each: str(each[0]))


async def furnished(street: Street) -> Window:
    """Somebody with a chat of every kind."""
    window, friend = await street.person(), await street.person()
    versions = await window.new_conversation("Versions")
    question, edited, gone = new_id(), new_id(), new_id()
    await window.say(versions, "question", p_id=question)
    await window.say(versions, "answer", p_parent_id=question, p_role="assistant")
    await window.say(versions, "question, better", p_id=edited, p_replaces=question)
    await window.say(versions, "to be deleted", p_id=gone, p_parent_id=edited)
    await window.say(versions, "below it", p_parent_id=gone)
    await window.push(MutationKind.DELETE_MESSAGE, p_id=gone)
    pin = {"p_conversation_id": versions, "p_updates": {"pinned": True}}
    await window.push(MutationKind.UPDATE_MEMBERSHIP, **pin)
    await window.new_conversation("Empty")
    files, message = await window.new_conversation("Files"), new_id()
    await window.say(files, "before")
    for path, file in attach((NOTE, NOTE), files, message).items():
        await window.remote.put_file(path, file.content, file.media_type)
    named = [as_record(described(path, file)) for path, file in attach((NOTE, NOTE), files, message).items()]
    await window.say(files, "with files", p_id=message, p_attachments=named)
    await window.say(files, "after")
    shared = await window.new_conversation("Shared")
    await window.row.add(shared, friend.row)
    await friend.push(MutationKind.UPDATE_PROFILE, p_updates={"display_name": "Friend"})
    await friend.say(shared, "a friend's words")
    await window.say(shared, "mine")
    deleted = await window.new_conversation("Deleted")
    await window.push(MutationKind.DELETE_CONVERSATION, p_id=deleted)
    for number in range(3):
        conversation = await window.new_conversation(f"Small {number}")
        await window.say(conversation, f"words {number}")
    return window


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls of two conversations, so that there are many moments to be cut off in."""
    monkeypatch.setattr(copying, "MOST_CONVERSATIONS", 2)
    monkeypatch.setattr(copying, "MOST_MESSAGES", 3)


async def test_everything_arrives_and_the_source_stays_as_it_was(street: Street) -> None:
    source, target = await furnished(street), await street.person()
    before = await contents(source)
    move = Move(source, target)
    report = await move.run()
    expected = [row for row in before if row[0] != "Shared"]
    arrived = {row[0]: row for row in await contents(target)}
    assert [arrived[row[0]] for row in expected] == expected
    (theirs, mine) = arrived["Shared"][3]
    assert (theirs[1], theirs[5:]) == ("a friend's words", (False, "Friend")), "it says whose words they are"
    assert (mine[1], mine[5:]) == ("mine", (True, ""))
    assert await contents(source) == before
    assert (report.conversations, report.files, report.here, report.problems.count) == (7, 2, 0, 0)
    assert report.messages == 4 + 3 + 2 + 3
    again = await move.run()
    assert (again.conversations, again.messages, again.here) == (0, 0, 7)
    move.record.clear()  # another computer, or a lost disk
    third = await move.run()
    assert (third.conversations, third.messages, third.here, third.problems.count) == (0, 0, 7, 0)
    assert await contents(target) == sorted(arrived.values(), key=lambda row: str(row[0]))


@pytest.mark.parametrize("sent", [False, True])
async def test_a_kill_at_any_request_loses_and_doubles_nothing(
    street: Street, little: None, sent: bool
) -> None:
    source = await furnished(street)
    whole = Pipe(await street.person())
    await Move(source, whole._window).run(whole)
    expected = await contents(whole._window)
    assert whole.count >= 7
    target = await street.person()
    move = Move(source, target)
    for last in range(1, whole.count + 1):
        try:
            await move.run(Pipe(target, last, sent=sent))
        except Killed:
            continue
        break
    await move.run()
    assert await contents(target) == expected


async def test_what_grows_meanwhile_comes_with_the_next_copy(street: Street) -> None:
    source, target = await street.person(), await street.person()
    conversation = await source.new_conversation("Growing")
    await source.say(conversation, "one")
    move = Move(source, target)
    await move.run()
    await source.say(conversation, "two")
    report = await move.run()
    assert (report.conversations, report.here) == (1, 0)
    ((_title, _created, _pinned, lines),) = await contents(target)
    assert [line[1] for line in lines] == ["one", "two"]


async def test_what_was_deleted_there_stays_deleted(street: Street) -> None:
    source, target = await street.person(), await street.person()
    conversation = await source.new_conversation("Unwanted")
    await source.say(conversation, "words")
    move = Move(source, target)
    await move.run()
    ((made,),) = [[row.id for row in (await target.remote.pull_changes(0)).rows.conversations]]
    await target.push(MutationKind.DELETE_CONVERSATION, p_id=made)
    await source.say(conversation, "more words")
    report = await move.run()
    assert (report.conversations, report.deleted) == (0, 1)
    assert await contents(target) == []


async def test_long_texts_and_many_messages_come_in_pieces(street: Street) -> None:
    source, target = await street.person(), await street.person()
    conversation = await source.new_conversation("Long")
    parent = None
    for number in range(90):
        message = new_id()
        text = f"{number} " + ("x" * 400_000 if number in (3, 41, 42) else "")
        await source.say(conversation, text, p_id=message, p_parent_id=parent)
        parent = message
    report = await Move(source, target).run()
    assert (report.conversations, report.messages) == (1, 90)
    assert [line[1:3] for line in (await contents(target))[0][3]] == [
        line[1:3] for line in (await contents(source))[0][3]
    ]


async def test_models_follow_their_providers(street: Street) -> None:
    source, target = await street.person(), await street.person()
    old, new = new_id(), new_id()
    args = {"p_id": new_id(), "p_title": "With a model", "p_model": model_id("small", old)}
    await source.push(MutationKind.CREATE_CONVERSATION, **args)
    move = Move(source, target)
    move.models = {old: new}
    await move.run()
    (row,) = (await target.remote.pull_changes(0)).rows.conversations
    assert row.model == model_id("small", new)


async def test_a_file_that_is_gone_is_named_and_the_message_comes_without_it(street: Street) -> None:
    source, target = await furnished(street), await street.person()
    query = "delete from storage.objects where owner_id = $1 and name like '%/1.txt'"
    await (await street.wire.admin()).execute(query, source.user_id)
    report = await Move(source, target).run()
    assert (report.files, report.problems.count) == (1, 1)
    assert report.problems.named[0].name == "Files"
    (files,) = [row for row in await contents(target) if row[0] == "Files"]
    assert [[name for name, _content in line[4]] for line in files[3]] == [[], ["note.txt"], []]


async def test_one_that_is_refused_keeps_none_of_the_others_back(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = await furnished(street), await street.person()
    real = target.remote.import_conversations

    async def picky(conversations: Sequence[Mapping[str, Any]]) -> ImportReply:
        if any(each["title"] == "Small 1" for each in conversations):
            raise Refused("No.", "", "22023")
        return await real(conversations)

    monkeypatch.setattr(target.remote, "import_conversations", picky)
    move = Move(source, target)
    report = await move.run()
    assert (report.conversations, report.problems.count) == (6, 1)
    monkeypatch.undo()
    report = await move.run()
    assert (report.conversations, report.here, report.problems.count) == (1, 6, 0), "it is tried once more"
