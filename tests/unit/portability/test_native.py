"""ChatDesk's own files: what is written is read back, and deleted messages leave the tree in order."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatdesk.domain.branch import Node, shown_path
from chatdesk.domain.errors import ChatDeskError
from chatdesk.portability import native
from chatdesk.portability.files import WholeFile, file_name
from chatdesk.portability.markdown import MarkdownWriter
from chatdesk.portability.records import ConversationRecord, Found, MessageRecord, Piece
from chatdesk.portability.tombstones import Pruning
from tests.unit.portability.files import messages, read, skipped, troubles

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
TIMES = st.none() | st.datetimes(
    min_value=datetime(1971, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)
)
USAGE = st.none() | st.dictionaries(st.sampled_from("abc"), st.integers(0, 9), max_size=2)


@st.composite
def talks(draw: st.DrawFn) -> tuple[ConversationRecord, list[MessageRecord]]:
    """A conversation with versions and all fields."""
    title = " ".join(draw(TEXT).split())
    conversation = ConversationRecord(
        draw(st.uuids().map(str)),
        title,
        draw(st.none() | TEXT),
        draw(st.none() | TEXT),
        draw(st.none() | st.floats(0, 2)),
        draw(TIMES),
        draw(TIMES),
        draw(st.booleans()),
        draw(st.booleans()),
    )
    made: list[MessageRecord] = []
    for number in range(draw(st.integers(0, 6))):
        replaced = draw(st.none() | st.sampled_from(made)) if made else None
        if replaced is not None:
            parent, replaces = replaced.parent, replaced.replaces or replaced.key
        else:
            keys = st.sampled_from([each.key for each in made]) if made else st.none()
            parent, replaces = draw(st.none() | keys), None
        role = draw(st.sampled_from(["user", "assistant", "system"]))
        made.append(
            MessageRecord(
                f"m{number}",
                role,
                draw(TEXT),
                parent,
                replaces,
                draw(st.none() | TEXT),
                draw(USAGE),
                draw(st.sampled_from(["complete", "interrupted", "error"])),
                draw(st.none() | TEXT),
                draw(TIMES),
                draw(TIMES),
                author=draw(st.none() | st.sampled_from(["", "Ann", "Zoë 👩‍👩‍👧"]))
                if role == "user"
                else None,
            )
        )
    return conversation, made


def write_lines(path: Path, all_talks: Sequence[tuple[ConversationRecord, Sequence[MessageRecord]]]) -> Path:
    file = WholeFile(path)
    file.open()
    file.write(native.line(native.heading(native.EVERYTHING, NOW, "ChatDesk")))
    for conversation, rows in all_talks:
        file.write(native.line({"conversation": native.conversation_fields(conversation)}))
        for row in rows:
            file.write(native.line({"message": native.message_fields(row)}))
    file.write(native.line({"end": {}}))
    file.finish()
    return path


def write_document(path: Path, conversation: ConversationRecord, rows: Sequence[MessageRecord]) -> Path:
    file = WholeFile(path)
    file.open()
    writer = native.DocumentWriter(file.write)
    writer.begin(native.heading(native.ONE, NOW, "ChatDesk"), conversation)
    for row in rows:
        writer.message(row)
    writer.end()
    file.finish()
    return path


def as_talks(found: Sequence[Found]) -> list[tuple[ConversationRecord, list[MessageRecord]]]:
    made: list[tuple[ConversationRecord, list[MessageRecord]]] = []
    for each in found:
        assert isinstance(each, Piece)
        if each.first:
            made.append((each.conversation, []))
        made[-1][1].extend(each.messages)
    return made


@given(given_talks=st.lists(talks(), max_size=4))
@settings(max_examples=100, deadline=None)
def test_what_is_written_is_read_and_written_the_same(
    given_talks: list[tuple[ConversationRecord, list[MessageRecord]]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    place = tmp_path_factory.getbasetemp()
    path = write_lines(place / "all.jsonl", given_talks)
    found = as_talks(read(path))
    assert found == given_talks
    assert write_lines(place / "again.jsonl", found).read_bytes() == path.read_bytes()
    for conversation, rows in given_talks[:1]:
        assert as_talks(read(write_document(place / "one.json", conversation, rows))) == [
            (conversation, rows)
        ]


def test_a_document_is_json_for_everybody(tmp_path: Path) -> None:
    conversation = ConversationRecord("c", "Brücken", created_at=NOW)
    rows = [MessageRecord("a", "user", "“Hi”\n"), MessageRecord("b", "assistant", "x", "a")]
    whole = json.loads(write_document(tmp_path / "one.json", conversation, rows).read_text("utf-8"))
    assert (whole["format"], whole["version"]) == ("chatdesk-conversation", 1)
    assert whole["conversation"]["title"] == "Brücken"
    assert [each["content"] for each in whole["messages"]] == ["“Hi”\n", "x"]
    assert json.loads(write_document(tmp_path / "two.json", conversation, []).read_text())["messages"] == []


def test_bad_lines_are_skipped_alone_and_an_early_end_is_told(tmp_path: Path) -> None:
    path = write_lines(
        tmp_path / "all.jsonl",
        [(ConversationRecord("c", "Bridges"), [MessageRecord(key, "user", key) for key in "abc"])],
    )
    lines = path.read_text().splitlines()
    later = json.dumps({"message": {"id": "d", "role": "user", "content": "d", "parent_id": "nobody"}})
    bad = ["", "{", "[]", '{"message": 3}', '{"message": {"id": "x", "role": "tool", "content": ""}}', later]
    twice = lines[2]
    path.write_text("\n".join([*lines[:4], *bad, twice, '{"conversation": {"title": "No id"}}', lines[4]]))
    found = read(path)
    assert [(each.key, each.parent) for each in messages(found)] == [("a", None), ("b", None), ("d", "b")]
    assert [name for name, _reason in skipped(found)] == ["Bridges", "Bridges", "Bridges", "No id"]
    assert troubles(found) == ["The file ends early; it may be damaged or incomplete."]


def test_values_that_no_server_takes_are_left_out(tmp_path: Path) -> None:
    fields = {
        "id": "m",
        "role": "assistant",
        "content": "a\0b\ud800",
        "usage": {"x": "y" * 20_000},
        "status": "streaming",
        "error": 3,
        "created_at": "yesterday",
        "updated_at": "2026-01-01T00:00:00",
        "replaces": [],
    }
    talk = {"id": "c", "title": "x" * 900 + "\nmore", "temperature": 9, "created_at": True, "pinned": "yes"}
    path = tmp_path / "all.jsonl"
    lines = [
        {"format": native.EVERYTHING, "version": 1},
        {"conversation": talk},
        {"message": fields},
        {"end": 1},
    ]
    path.write_text("\n".join(json.dumps(line) for line in lines))
    ((conversation, (message,)),) = as_talks(read(path))
    assert (len(conversation.title), conversation.temperature, conversation.pinned) == (200, None, False)
    assert message.content == "a\ufffdb\ufffd"
    assert (message.usage, message.error, message.status) == (None, None, "interrupted")
    assert (message.created_at, message.updated_at) == (None, datetime(2026, 1, 1, tzinfo=UTC))


# Deleted messages


def nodes_of(*rows: tuple[str, str | None, str | None, bool]) -> list[Node]:
    return [
        Node(key, parent, replaces, (0, number, key), deleted)
        for number, (key, parent, replaces, deleted) in enumerate(rows)
    ]


def left(nodes: Sequence[Node]) -> list[Node]:
    pruning = Pruning(nodes)
    kept = []
    for node in nodes:
        if pruning.is_left(node.id):
            parent, replaces = pruning.place(node.id)
            kept.append(replace(node, parent_id=parent, replaces=replaces))
    return kept


def test_what_answered_a_deleted_message_answers_the_one_before() -> None:
    nodes = nodes_of(("a", None, None, False), ("b", "a", None, True), ("c", "b", None, False))
    assert [(node.id, node.parent_id) for node in left(nodes)] == [("a", None), ("c", "a")]


def test_the_first_version_may_be_the_deleted_one() -> None:
    nodes = nodes_of(("a", None, None, True), ("b", None, "a", False), ("c", None, "a", False))
    assert [(node.id, node.replaces) for node in left(nodes)] == [("b", None), ("c", "b")]


def test_what_hung_below_a_deleted_version_stays_out_of_sight() -> None:
    nodes = nodes_of(
        ("q1", None, None, True),
        ("a1", "q1", None, False),
        ("b1", "a1", None, False),
        ("x1", "q1", None, False),
        ("a2", "q1", "a1", False),
        ("q2", None, "q1", False),
        ("a3", "q2", None, False),
    )
    assert shown_path(nodes, {}) == ("q2", "a3")
    assert shown_path(left(nodes), {}) == ("q2", "a3")
    assert {node.id for node in left(nodes)} == {"a1", "b1", "x1", "a2", "q2", "a3"}


@st.composite
def trees(draw: st.DrawFn) -> list[Node]:
    made: list[Node] = []
    for number in range(draw(st.integers(0, 12))):
        replaced = draw(st.none() | st.sampled_from(made)) if made else None
        parent = (
            replaced.parent_id
            if replaced
            else draw(st.none() | st.sampled_from([*(n.id for n in made), None]))
        )
        replaces = (replaced.replaces or replaced.id) if replaced else None
        made.append(Node(f"n{number:02}", parent, replaces, (0, number, ""), draw(st.booleans())))
    return made


@given(nodes=trees())
@settings(max_examples=400, deadline=None)
def test_nothing_that_lives_is_lost_and_every_reference_is_sound(nodes: list[Node]) -> None:
    kept = left(nodes)
    assert [node.id for node in kept] == [node.id for node in nodes if not node.deleted]
    places = {node.id: node for node in kept}
    for node in kept:
        if node.parent_id is not None:
            assert places[node.parent_id].order < node.order
        if node.replaces is not None:
            first = places[node.replaces]
            assert first.order < node.order
            assert (first.replaces, first.parent_id) == (None, node.parent_id)
    if not any(node.deleted for node in nodes):
        assert kept == nodes


# Markdown and files


def test_markdown_keeps_messages_apart() -> None:
    written: list[str] = []
    writer = MarkdownWriter(
        written.append, {"user": "You", "assistant": "Reply"}, lambda moment: f"{moment:%Y}", str
    )
    writer.begin(
        ConversationRecord("c", "Two\nlines *x*", "m", "Be brief.\n\nBe kind.", created_at=NOW), "Chat"
    )
    writer.message(MessageRecord("a", "user", "```py\nnever closed"))
    writer.message(MessageRecord("b", "assistant", "~~~~\n```\n~~~~\nfine", model="m-2", created_at=NOW))
    writer.end()
    assert "".join(written) == (
        "# Two lines \\*x\\*\n\n*m · 2026*\n\n> Be brief.\n>\n> Be kind.\n"
        "\n---\n\n**You**\n\n```py\nnever closed\n```\n"
        "\n---\n\n**Reply · m-2 · 2026**\n\n~~~~\n```\n~~~~\nfine\n"
    )


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Plans", "Plans.md"),
        ("../../etc/passwd", "etc passwd.md"),
        ('a/b\\c:d*e?f"g<h>i|j\nk\0l', "a b c d e f g h i j k l.md"),
        ("", "Chat.md"),
        (" .. ", "Chat.md"),
        (".bashrc", "bashrc.md"),
        ("CON", "Chat CON.md"),
        ("nul.txt", "Chat nul.txt.md"),
        ("Con artists", "Con artists.md"),
        ("exe\u202egpj", "exe gpj.md"),
        ("ü" * 200, "ü" * 60 + ".md"),
        ("\ud800", "Chat.md"),
    ],
)
def test_file_names_are_good_everywhere(title: str, name: str) -> None:
    assert file_name(title, "Chat", ".md") == name


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "f.md"
    path.write_text("before")
    file = WholeFile(path)
    file.open()
    file.write("after")
    assert path.read_text() == "before"
    file.discard()
    assert [each.name for each in tmp_path.iterdir()] == ["f.md"]
    assert path.read_text() == "before"
    file = WholeFile(path)
    file.open()
    file.write("after\ud800")
    file.finish()
    file.discard()
    assert path.read_text() == "after?"
    with pytest.raises(ChatDeskError, match="could not be written"):
        WholeFile(tmp_path / "none" / "f.md").open()
