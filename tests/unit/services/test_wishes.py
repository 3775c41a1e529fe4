"""The wish for a reply: it outlives its window, is carried out once, and says so when that is impossible."""

from __future__ import annotations

import pytest

from chatdesk.domain.errors import ChatDeskError, Misconfigured
from chatdesk.services.model_source import Asked, FixedModels
from tests.unit.services.desk import Desk, Office

QUESTION = "A question"


async def begun(office: Office, desk: Desk) -> str:
    """An open conversation."""
    conversation_id = desk.realtime.create_conversation("Talk", None)
    await office.clock.advance(3)
    return conversation_id


async def test_a_question_that_was_not_delivered_yet_is_answered_after_the_restart(office: Office) -> None:
    first = await office.desk("home")
    conversation_id = await begun(office, first)
    first.client.network.down = True
    first.ask(QUESTION)
    await office.clock.advance(5)
    await first.close()
    second = await office.desk("home")
    await office.open_everywhere(conversation_id)
    await office.clock.advance(10)
    assert second.shown() == [QUESTION, "Answer 2.1"]
    assert (len(first.provider.requests), len(second.provider.requests)) == (0, 1)
    assert await second.store.reply_wishes() == ()
    office.desks.remove(first)


async def test_one_that_was_delivered_but_not_asked_about_is_answered_once(office: Office) -> None:
    first = await office.desk("home")
    conversation_id = await begun(office, first)
    first.wish(QUESTION)
    await office.clock.advance(5)
    assert [wish.conversation_id for wish in await first.store.reply_wishes()] == [conversation_id]
    await first.close()
    second = await office.desk("home")
    await office.open_everywhere(conversation_id)
    await office.clock.advance(10)
    assert second.shown() == [QUESTION, "Answer 2.1"]
    await second.close()
    third = await office.desk("home")
    await office.open_everywhere(conversation_id)
    await office.clock.advance(10)
    assert third.shown() == [QUESTION, "Answer 2.1"]
    assert len(third.provider.requests) == 0
    office.desks.remove(first)
    office.desks.remove(second)


async def test_where_somebody_has_asked_already_nobody_asks_again(office: Office) -> None:
    """Killed between the claim and the note of it: the claim decides."""
    first, other = await office.desk("home"), await office.desk()
    conversation_id = await begun(office, first)
    question = first.wish(QUESTION)
    await office.open_everywhere(conversation_id)
    other.generation.request_reply(conversation_id, question)
    await office.clock.advance(10)
    assert other.shown() == [QUESTION, "Answer 2.1"]
    await first.close()
    again = await office.desk("home")
    await office.open_everywhere(conversation_id)
    await office.clock.advance(10)
    assert again.shown() == [QUESTION, "Answer 2.1"]
    assert len(again.provider.requests) == 0
    assert await again.store.reply_wishes() == ()
    office.desks.remove(first)


async def test_an_answered_and_a_deleted_question_leave_no_wish(office: Office) -> None:
    desk = await office.desk("home")
    await begun(office, desk)
    question = desk.ask(QUESTION)
    await office.clock.advance(10)
    assert await desk.store.reply_wishes() == ()
    assert desk.shown() == [QUESTION, "Answer 1.1"]
    desk.realtime.change(lambda make: make.delete_message(desk.realtime.current_conversation, question))
    await office.clock.advance(5)
    desk.generation.answer(desk.realtime.current_conversation, question)
    await office.clock.advance(5)
    assert desk.generation.withheld == {}
    assert len(desk.provider.requests) == 1


async def test_why_no_model_was_asked_is_said_until_one_is(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await office.desk("home")
    conversation_id = await begun(office, desk)
    told: list[tuple[str, str]] = []
    desk.generation.reply_withheld.connect(lambda *fact: told.append(fact))
    failure: list[ChatDeskError] = [Misconfigured("OpenAI: key missing on this device.", "Enter it.")]

    async def ask(self: FixedModels, model: str | None) -> Asked:
        if failure:
            raise failure[0]
        return await honest(self, model)

    honest = FixedModels.ask
    monkeypatch.setattr(FixedModels, "ask", ask)
    question = desk.ask(QUESTION)
    await office.clock.advance(5)
    assert desk.generation.withheld == {question: "OpenAI: key missing on this device. Enter it."}
    assert desk.shown() == [QUESTION], "the text is kept and delivered"
    assert desk.notices == []
    assert await desk.store.reply_wishes() == (), "a key entered next week starts nothing by itself"
    failure.clear()
    desk.generation.answer(conversation_id, question)
    await office.clock.advance(5)
    assert desk.shown() == [QUESTION, "Answer 1.1"]
    assert told == [(question, "OpenAI: key missing on this device. Enter it."), (question, "")]


async def test_a_question_whose_reply_was_deleted_gets_another_one(office: Office) -> None:
    desk = await office.desk()
    conversation_id = await begun(office, desk)
    question = desk.ask(QUESTION)
    await office.clock.advance(10)
    answer = desk.row("Answer 1.1").id
    desk.realtime.change(lambda make: make.delete_message(conversation_id, answer))
    await office.clock.advance(5)
    desk.generation.answer(conversation_id, question)
    await office.clock.advance(10)
    assert "Answer 1.2" in desk.shown()
