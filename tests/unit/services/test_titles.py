"""A title after the first exchange, and never over the user's own."""

from __future__ import annotations

import pytest

from chatdesk.domain.errors import Retryable
from chatdesk.domain.text import title_from
from chatdesk.providers.base import ReplyRequest
from chatdesk.services.model_source import Asked, FixedModels
from chatdesk.services.titles import WISH, clean_title
from tests.unit.services.desk import Desk, Office

FIRST = "How do I build a bridge of paper?"


def wants_title(request: ReplyRequest) -> bool:
    return request.turns[-1].content == WISH


async def titled(office: Office, monkeypatch: pytest.MonkeyPatch) -> tuple[Desk, str, list[str]]:
    """A desk whose model also makes titles; what it says to that is in the list."""
    desk = await office.desk()
    says = ['Title: "Paper bridges".\n']

    def answer(request: ReplyRequest) -> str:
        if wants_title(request):
            if says[0] == "fail":
                raise Retryable("No.")
            return says[0]
        return "With care."

    monkeypatch.setattr(desk.provider, "_script", answer)
    ask = FixedModels.ask

    async def with_titles(self: FixedModels, model: str | None) -> Asked:
        asked = await ask(self, model)
        return Asked(asked.provider, asked.model, asked.window, titles=True)

    monkeypatch.setattr(FixedModels, "ask", with_titles)
    conversation = desk.realtime.create_conversation(title_from(FIRST), None)
    await office.open_everywhere(conversation)
    return desk, conversation, says


async def title_of(desk: Desk, conversation: str) -> str:
    entry = await desk.store.entry(conversation)
    assert entry is not None
    return entry.conversation.title


async def test_the_first_exchange_gets_a_title_and_the_next_ones_do_not(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, conversation, says = await titled(office, monkeypatch)
    desk.ask(FIRST)
    await office.clock.advance(5)
    assert await title_of(desk, conversation) == "Paper bridges"
    says[0] = "Another"
    desk.ask("And of stone?")
    await office.clock.advance(5)
    assert await title_of(desk, conversation) == "Paper bridges"
    assert sum(wants_title(request) for request in desk.provider.requests) == 1


async def test_the_users_title_stays(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, conversation, _says = await titled(office, monkeypatch)
    desk.realtime.rename_conversation(conversation, "Mine")
    await office.clock.advance(1)
    desk.ask(FIRST)
    await office.clock.advance(5)
    assert await title_of(desk, conversation) == "Mine"
    assert not any(wants_title(request) for request in desk.provider.requests)


@pytest.mark.parametrize("said", ["fail", "", "x" * 500])
async def test_a_title_that_cannot_be_had_changes_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    desk, conversation, says = await titled(office, monkeypatch)
    says[0] = said
    desk.ask(FIRST)
    await office.clock.advance(20)
    assert await title_of(desk, conversation) == title_from(FIRST)
    assert desk.notices == []


async def test_what_does_not_fit_is_left_out_and_said_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await office.desk()
    ask = FixedModels.ask

    async def small(self: FixedModels, model: str | None) -> Asked:
        asked = await ask(self, model)
        return Asked(asked.provider, asked.model, 400, titles=False)

    monkeypatch.setattr(FixedModels, "ask", small)
    conversation = desk.realtime.create_conversation("Talk", None)
    await office.open_everywhere(conversation)
    for n in range(4):
        desk.ask(f"{n} " + "word " * 80)
        await office.clock.advance(5)
    assert len(desk.provider.requests[-1].turns) < 7
    assert [notice.text for notice in desk.notices] == [
        "The oldest messages are left out: this chat is longer than its model can read."
    ]


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("Paper bridges", "Paper bridges"),
        ('"Brücken aus Papier."', "Brücken aus Papier"),
        ("\n\n# Title: **Bridges**\nmore", "Bridges"),
        ("", ""),
        ("...", ""),
        ("x" * 81, ""),
    ],
)
def test_the_title_is_taken_out_of_what_was_written(said: str, title: str) -> None:
    assert clean_title(said) == title
