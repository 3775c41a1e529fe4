"""ChatGPT's export becomes conversations with versions; what it cannot say is passed over, not invented."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chatdesk.domain.branch import Node, shown_path
from chatdesk.portability.records import ConversationRecord, Piece
from tests.unit.portability.files import conversation, line_of, messages, node, put, read, said, skipped


def test_a_line_of_messages_keeps_order_times_and_model(tmp_path: Path) -> None:
    path = put(tmp_path / "conversations.json", [line_of("Why?", "Because.")])
    (piece,) = read(path)
    assert isinstance(piece, Piece)
    moment = datetime.fromtimestamp(1_700_000_000, UTC)
    assert piece.conversation == ConversationRecord(
        "c-1", "Bridges", "gpt-4o", created_at=moment, updated_at=datetime.fromtimestamp(1_700_000_100, UTC)
    )
    asked, answer = piece.messages
    assert (asked.role, asked.content, asked.parent) == ("user", "Why?", None)
    assert (answer.role, answer.content, answer.parent) == ("assistant", "Because.", asked.key)
    assert asked.created_at == datetime.fromtimestamp(1_700_000_000.25, UTC)


def test_the_branch_that_was_shown_is_shown(tmp_path: Path) -> None:
    whole = conversation(
        node("root", None, ["system"]),
        node("system", "root", ["q1", "q2"], said("system", "")),
        node("q1", "system", ["a1", "a2"], said("user", "First try")),
        node("a1", "q1", [], said("assistant", "Shown")),
        node("a2", "q1", [], said("assistant", "Not shown")),
        node("q2", "system", ["a3"], said("user", "Second try")),
        node("a3", "q2", [], said("assistant", "Also not shown")),
        current_node="a1",
    )
    found = messages(read(put(tmp_path / "c.json", [whole])))
    places = {each.key: (each.parent, each.replaces) for each in found}
    assert set(places) == {"q1", "q2", "a1", "a2", "a3"}
    assert places["a2"] == ("q1", None)
    assert places["a1"] == ("q1", "a2")
    assert places["q2"] == (None, None)
    assert places["q1"] == (None, "q2")
    nodes = [
        Node(each.key, each.parent, each.replaces, (0, number, each.key)) for number, each in enumerate(found)
    ]
    assert shown_path(nodes, {}) == ("q1", "a1")
    assert shown_path(nodes, {"q2": "q2"}) == ("q2", "a3")


def test_tools_pictures_code_and_nothing(tmp_path: Path) -> None:
    picture = {"content_type": "image_asset_pointer", "asset_pointer": "file-service://x"}
    whole = conversation(
        node("1", None, ["2"], None),
        node("2", "1", ["3"], said("user", {"content_type": "multimodal_text", "parts": [picture, "What?"]})),
        node(
            "3", "2", ["4"], said("assistant", {"content_type": "code", "language": "python", "text": "1+1"})
        ),
        node(
            "4",
            "3",
            ["5"],
            said("tool", {"content_type": "execution_output", "text": "2"})
            | {"author": {"role": "tool", "name": "python"}},
        ),
        node(
            "5", "4", ["6"], said("assistant", {"content_type": "thoughts", "thoughts": [{"content": "Hm"}]})
        ),
        node("6", "5", ["7"], said("assistant", None)),
        node("7", "6", ["8"], said("assistant", {"content_type": "text", "parts": None})),
        node(
            "8", "7", ["9"], said("system", "Hidden", metadata={"is_visually_hidden_from_conversation": True})
        ),
        node("9", "8", ["10"], said("critic", "Who?")),
        node(
            "10", "9", ["11"], said("assistant", "Two.", status="in_progress", metadata={"model_slug": "o9"})
        ),
        node("11", "10", [], said("system", "A word")),
    )
    found = messages(read(put(tmp_path / "c.json", [whole])))
    assert [(each.role, each.content) for each in found] == [
        ("user", "*[image]*\n\nWhat?"),
        ("assistant", "```python\n1+1\n```"),
        ("assistant", "**python**\n\n```\n2\n```"),
        ("assistant", "Two."),
        ("system", "A word"),
    ]
    assert [each.parent for each in found] == [None, "2", "3", "4", "10"]
    assert (found[3].status, found[3].model) == ("interrupted", "o9")
    assert all(each.replaces is None for each in found)


def test_more_kinds_of_content(tmp_path: Path) -> None:
    contents = [
        {"content_type": "tether_quote", "title": "T", "text": "a\nb", "url": "https://example.org"},
        {"content_type": "tether_browsing_display", "result": "Found"},
        {"content_type": "multimodal_text", "parts": [{"content_type": "audio_transcription", "text": "Hi"}]},
        {
            "content_type": "multimodal_text",
            "parts": [{"content_type": "real_time_user_audio_video"}, 7, None],
        },
        {"content_type": "code", "language": "unknown", "text": "```"},
        {"content_type": "something new", "text": "Still here"},
    ]
    nodes = [node(str(number), None, [], said("user", each)) for number, each in enumerate(contents)]
    found = messages(read(put(tmp_path / "c.json", [conversation(*nodes)])))
    assert {each.key: each.content for each in found} == {
        "0": "> T\n> a\n> b\n> https://example.org",
        "1": "Found",
        "2": "Hi",
        "3": "*[recording]*",
        "4": "````\n```\n````",
        "5": "Still here",
    }


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (conversation() | {"mapping": None}, "It has no messages."),
        ({"title": "Bridges"}, "It has no messages."),
        (
            conversation(node("a", "b", ["b"], said("user", "1")), node("b", "a", ["a"], said("user", "2"))),
            "Its messages answer each other in a circle.",
        ),
        (
            conversation(node("a", "a", ["a"], said("user", "1"))),
            "Its messages answer each other in a circle.",
        ),
    ],
)
def test_a_conversation_that_makes_no_sense_is_skipped_by_name(
    tmp_path: Path, bad: dict[str, object], reason: str
) -> None:
    found = read(put(tmp_path / "c.json", [line_of("1"), bad, line_of("2")]))
    assert skipped(found) == [("Bridges", reason)]
    assert [each.content for each in messages(found)] == ["1", "2"]


def test_what_is_missing_or_of_another_kind_is_left_out(tmp_path: Path) -> None:
    whole = line_of("1", "2")
    for name in (
        "title",
        "create_time",
        "update_time",
        "current_node",
        "conversation_id",
        "default_model_slug",
    ):
        del whole[name]
    whole["mapping"]["m0"]["message"]["create_time"] = "yesterday"
    whole["mapping"]["m1"]["message"]["create_time"] = 1e300
    whole["mapping"]["m1"]["message"]["metadata"] = []
    whole["mapping"]["odd"] = 7
    whole["mapping"]["root"]["children"] = [None, {}, "m0", "nobody"]
    found = read(put(tmp_path / "c.json", [whole]))
    (piece,) = found
    assert isinstance(piece, Piece)
    assert len(piece.conversation.key) == 64, "named by its content"
    assert (piece.conversation.title, piece.conversation.created_at) == ("", None)
    assert [each.created_at for each in piece.messages] == [None, None]


def test_fifty_thousand_deep(tmp_path: Path) -> None:
    path = put(tmp_path / "c.json", [line_of(*(str(number) for number in range(50_000)))])
    found = read(path)
    assert skipped(found) == []
    assert [each.content for each in messages(found)] == [str(number) for number in range(50_000)]
    assert all(len(each.messages) <= 200 for each in found if isinstance(each, Piece))


def test_one_conversation_alone_is_an_export_too(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_text(json.dumps(line_of("1", "2"), indent=2))
    assert [each.content for each in messages(read(path))] == ["1", "2"]
