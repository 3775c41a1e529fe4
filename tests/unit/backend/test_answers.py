"""Answers of the RPCs: an acknowledgement needs its row, a page must move."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from chatdesk.backend import answers
from chatdesk.backend.wire import Quarantine
from chatdesk.domain.change import EntityKind
from chatdesk.domain.errors import Retryable
from chatdesk.domain.mutation import Mutation, MutationKind
from tests.unit.backend import rows
from tests.unit.backend.rows import CONVERSATION, JSON, MESSAGE, OTHER, PROVIDER, USER

ARGS: dict[MutationKind, JSON] = {
    MutationKind.CREATE_CONVERSATION: {"p_id": CONVERSATION, "p_title": "Bridges"},
    MutationKind.UPDATE_CONVERSATION: {"p_id": CONVERSATION, "p_updates": {}},
    MutationKind.DELETE_CONVERSATION: {"p_id": CONVERSATION},
    MutationKind.UPDATE_MEMBERSHIP: {"p_conversation_id": CONVERSATION, "p_updates": {}},
    MutationKind.SEND_MESSAGE: {"p_id": MESSAGE, "p_conversation_id": CONVERSATION},
    MutationKind.DELETE_MESSAGE: {"p_id": MESSAGE},
    MutationKind.UPDATE_PROFILE: {"p_updates": {}},
    MutationKind.SAVE_PROVIDER: {"p_id": PROVIDER, "p_settings": {}},
    MutationKind.DELETE_PROVIDER: {"p_id": PROVIDER},
}
ROWS: dict[str, JSON] = {
    "profile": rows.profile(),
    "conversation": rows.conversation(),
    "membership": rows.membership(),
    "message": rows.message(),
    "provider": rows.provider(),
}


def mutation(kind: MutationKind) -> Mutation:
    return Mutation(OTHER, kind, CONVERSATION, MESSAGE, USER, ARGS[kind], datetime.now(UTC))


@pytest.mark.parametrize("kind", MutationKind)
def test_an_answer_with_the_written_rows_is_an_acknowledgement(kind: MutationKind) -> None:
    names = answers.EXPECTED[kind]
    batch = answers.acknowledgement(mutation(kind), {name: ROWS[name] for name in names})
    found = [*batch.profiles, *batch.conversations, *batch.memberships, *batch.messages, *batch.providers]
    assert len(found) == len(names)
    whole = answers.acknowledgement(mutation(kind), ROWS | {"new": "key"})
    assert whole.messages


@pytest.mark.parametrize("kind", MutationKind)
@pytest.mark.parametrize(
    "answer", [None, [], {}, "", "<html>sign in to the Wi-Fi</html>", 5, {"message": None}]
)
def test_a_success_without_the_row_is_not_an_acknowledgement(kind: MutationKind, answer: object) -> None:
    with pytest.raises(Retryable):
        answers.acknowledgement(mutation(kind), answer)


@pytest.mark.parametrize("kind", MutationKind)
def test_another_row_is_not_an_acknowledgement(kind: MutationKind) -> None:
    for name in answers.EXPECTED[kind]:
        key = "conversation_id" if name == "membership" else "id"
        with pytest.raises(Retryable):
            answers.acknowledgement(mutation(kind), ROWS | {name: ROWS[name] | {key: OTHER}})
        with pytest.raises(Retryable):
            answers.acknowledgement(mutation(kind), ROWS | {name: ROWS[name] | {key: "broken"}})


def change(kind: str, record: JSON | None, **more: Any) -> JSON:
    return {
        "kind": kind,
        "entity_id": USER if kind == "profile" else CONVERSATION,
        "entity_revision": 3,
        "user_revision": 12,
        "removed": False,
        "record": record,
    } | more


def test_a_page_of_changes() -> None:
    quarantine = Quarantine()
    page = answers.changes_page(
        {
            "changes": [
                change("profile", rows.profile()),
                change("conversation", rows.conversation()),
                change("membership", rows.membership()),
                change("membership", None, removed=True, entity_id=OTHER),
                change("conversation", None, removed=True, entity_id=OTHER),
                change("conversation", rows.conversation(title=None)),
                change("provider", rows.provider(), entity_id=PROVIDER),
                change("provider", None, removed=True, entity_id=OTHER),
                change("provider", rows.provider(models=[5]), entity_id=PROVIDER),
                change("attachment", {}),
            ],
            "cursor": 20,
            "more": False,
        },
        11,
        quarantine,
    )
    assert [one.kind for one in page.changed] == [
        EntityKind.PROFILE,
        EntityKind.CONVERSATION,
        EntityKind.MEMBERSHIP,
        EntityKind.MEMBERSHIP,
        EntityKind.CONVERSATION,
        EntityKind.PROVIDER,
        EntityKind.PROVIDER,
    ]
    assert (len(page.rows.profiles), len(page.rows.conversations), len(page.rows.memberships)) == (1, 1, 1)
    assert page.rows.removed_conversations == (OTHER,)
    assert [row.models for row in page.rows.providers] == [("a", "b")]
    assert (page.cursor, page.more, quarantine.count) == (20, False, 3)


def test_a_page_of_messages_keeps_its_good_rows() -> None:
    quarantine = Quarantine()
    page = answers.messages_page(
        {
            "messages": [rows.message(), rows.message(role=17)],
            "conversation": rows.conversation(),
            "cursor": 9,
            "more": True,
        },
        3,
        quarantine,
    )
    assert (len(page.rows.messages), len(page.rows.conversations), page.cursor, page.more) == (1, 1, 9, True)
    assert quarantine.count == 1


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "<html></html>",
        {"messages": [], "cursor": 3},
        {"messages": {}, "cursor": 3, "more": False},
        {"messages": [], "cursor": "3", "more": False},
        {"messages": [], "cursor": 9, "more": True},
        {"messages": [rows.message()], "cursor": 3, "more": True},
    ],
)
def test_a_page_without_shape_or_progress_is_no_page(answer: object) -> None:
    with pytest.raises(Retryable):
        answers.messages_page(answer, 3, Quarantine())


def test_the_answers_about_a_generation() -> None:
    quarantine = Quarantine()
    won = answers.generation_reply(
        {"claimed": True, "generation": rows.generation(), "message": rows.message()},
        lease=True,
        quarantine=quarantine,
    )
    assert won.claimed
    assert won.rows.messages
    lost = answers.generation_reply(
        {"claimed": False, "generation": rows.generation()}, lease=True, quarantine=quarantine
    )
    assert not lost.claimed
    reaped = answers.generation_reply(
        {"messages": [rows.message(status="interrupted"), {}], "conversation": rows.conversation()},
        lease=False,
        quarantine=quarantine,
    )
    assert (reaped.generation, len(reaped.rows.messages), quarantine.count) == (None, 1, 1)
    wrong: list[object] = [{}, None, {"generation": {}}, {"claimed": "yes", "generation": rows.generation()}]
    for answer in wrong:
        with pytest.raises(Retryable):
            answers.generation_reply(answer, lease=True, quarantine=quarantine)
