"""Eight instances at once: exactly one of them asks the model for a turn."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from chatdesk.domain.message import Message, MessageStatus, Role
from chatdesk.providers.openai_compatible import OpenAICompatibleProvider
from tests.support.headless import Headless, headless
from tests.support.openai_server import OpenAIServer, openai_server
from tests.support.postgres import TEMPLATE, Clusters, clusters, empty_database
from tests.support.postgres import Person as DatabasePerson
from tests.support.server import serving

__all__ = ["clusters"]

MANY = 8
DEADLINE = 30.0


@pytest.fixture
async def model() -> AsyncIterator[OpenAIServer]:
    async with openai_server() as server:
        yield server


async def until(instance: Headless, conversation: str, fact: object) -> list[Message]:
    """Wait until what an instance has of a conversation meets ``fact``."""
    assert callable(fact)
    changed = asyncio.Event()
    instance.realtime.changes_applied.connect(changed.set)
    async with asyncio.timeout(DEADLINE):
        while not fact(rows := list(await instance.store.messages(conversation, limit=100))):
            changed.clear()
            await changed.wait()
    return rows


async def test_eight_instances_at_once_make_one_call_for_each_turn(
    clusters: Clusters, model: OpenAIServer, tmp_path: Path
) -> None:
    async with (
        empty_database(clusters.get(18), template=TEMPLATE) as database,
        serving(database) as wire,
        AsyncExitStack() as stack,
    ):
        credentials = {"email": "anna@example.org", "password": "a good password"}
        await wire.ask("POST", "/auth/v1/signup", json=credentials)
        herd = []
        for number in range(MANY):
            _status, session, _ = await wire.ask(
                "POST", "/auth/v1/token?grant_type=password", json=credentials
            )
            provider = OpenAICompatibleProvider(base_url=model.url, api_key="k", models=["counting"])
            made = headless(f"instance-{number}", tmp_path, wire, session, provider)
            herd.append(await stack.enter_async_context(made))
        owner = DatabasePerson(database, session["user"]["id"])
        conversation = await owner.new_conversation("At once")
        for each in herd:
            each.realtime.set_current_conversation(conversation)

        texts = [f"question {number}" for number in range(MANY)]
        sent = []
        for each, text in zip(herd, texts, strict=True):
            sent.append(each.realtime.send_message(conversation, "user", text, wants_reply=True))
            each.generation.request_reply(conversation, sent[-1], each.realtime)

        def answered(rows: list[Message]) -> bool:
            done = [row.parent_id for row in rows if row.status is MessageStatus.COMPLETE and row.model]
            return sorted(filter(None, done)) == sorted(sent)

        rows = (await asyncio.gather(*(until(each, conversation, answered) for each in herd)))[0]
        asked = Counter(request["messages"][-1]["content"] for request in model.requests)
        assert asked == Counter(texts)

        # The same once more, with the wish that an earlier run may have left behind everywhere.
        for each in herd:
            each.generation.request_reply(conversation, sent[0], each.realtime)
        first = next(row for row in rows if row.parent_id == sent[0] and row.role is Role.ASSISTANT)
        for each in herd:
            each.generation.regenerate(conversation, first.id, asker=each.realtime)

        def again(rows: list[Message]) -> bool:
            replies = [row for row in rows if row.parent_id == sent[0] and row.role is Role.ASSISTANT]
            return len(replies) > 1 and all(row.status is MessageStatus.COMPLETE for row in replies)

        everywhere = await asyncio.gather(*(until(each, conversation, again) for each in herd))
        for rows in everywhere:
            assert len([row for row in rows if row.parent_id == sent[0] and row.role is Role.ASSISTANT]) == 2
        assert len(model.requests) == MANY + 1, "one more call, not eight"
