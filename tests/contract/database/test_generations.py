"""The lease: one holder, the server's time, no take-over."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.contract.database.test_messages import refused, snapshot
from tests.support.postgres import Database, Person, new_id


async def question(person: Person) -> tuple[str, str]:
    """A conversation and the id of a message in it."""
    conversation = await person.new_conversation()
    return conversation, (await person.send(conversation, "Why?"))["message"]["id"]


def claim_of(reply_to: str, attempt: int = 0) -> dict[str, Any]:
    return {
        "p_id": new_id(),
        "p_message_id": new_id(),
        "p_reply_to": reply_to,
        "p_attempt": attempt,
        "p_holder": new_id(),
        "p_model": "m",
    }


async def expire(database: Database, generation_id: str) -> None:
    """Let 25 seconds pass for one lease."""
    await (await database.admin()).execute(
        "update public.generations set expires_at = expires_at - interval '26 seconds' where id = $1",
        generation_id,
    )


def lease(answer: dict[str, Any]) -> dict[str, Any]:
    return {"p_id": answer["generation"]["id"], "p_fence": answer["generation"]["fence"]}


async def test_eight_claims_at_once_have_one_winner(any_database: Database) -> None:
    person = await any_database.sign_up()
    conversation, asked = await question(person)
    connections = [await any_database.connect("authenticator") for _ in range(8)]
    answers = await asyncio.gather(
        *(person.call("claim_generation", connection=one, **claim_of(asked)) for one in connections)
    )
    won = [answer for answer in answers if answer["claimed"]]
    assert len(won) == 1
    assert all(answer["generation"] == won[0]["generation"] for answer in answers)
    assert all("message" not in answer for answer in answers if not answer["claimed"])
    messages = (await person.call("pull_messages", p_conversation_id=conversation, p_after=0))["messages"]
    assert [(m["role"], m["status"]) for m in messages] == [("user", "complete"), ("assistant", "streaming")]
    assert messages[1] == won[0]["message"]
    assert (messages[1]["parent_id"], messages[1]["model"]) == (asked, "m")


async def test_a_repeated_claim_is_still_the_holders(any_database: Database) -> None:
    person, other = await any_database.sign_up(), await any_database.sign_up()
    conversation, asked = await question(person)
    await person.add(conversation, other)
    claim = claim_of(asked)
    first = await person.call("claim_generation", **claim)
    before = await snapshot(any_database)
    assert await person.call("claim_generation", **claim) == first
    assert (await other.call("claim_generation", **claim))["claimed"] is False
    assert (await person.call("claim_generation", **claim | {"p_holder": new_id()}))["claimed"] is False
    assert await snapshot(any_database) == before
    await refused(person, "23505", "claim_generation", **claim | {"p_attempt": 1})
    await refused(person, "23505", "claim_generation", **claim_of(asked, 1) | {"p_message_id": asked})
    second = await person.call("claim_generation", **claim_of(asked, 1))
    assert second["claimed"] is True
    assert second["generation"]["fence"] > first["generation"]["fence"]


async def test_bad_claims_are_refused(any_database: Database) -> None:
    person = await any_database.sign_up()
    _, asked = await question(person)
    for bad in (
        {"p_id": None},
        {"p_message_id": None},
        {"p_holder": None},
        {"p_attempt": -1},
        {"p_attempt": None},
    ):
        await refused(person, "22023", "claim_generation", **claim_of(asked) | bad)
    await refused(person, "42501", "claim_generation", **claim_of(new_id()))
    await person.call("delete_message", p_id=asked)
    await refused(person, "22023", "claim_generation", **claim_of(asked))


async def test_a_renewal_extends_and_saves(any_database: Database) -> None:
    person = await any_database.sign_up()
    _, asked = await question(person)
    claimed = await person.call("claim_generation", **claim_of(asked))
    run = lease(claimed)
    renewed = await person.call("renew_generation", **run)
    assert renewed["generation"]["expires_at"] > claimed["generation"]["expires_at"]
    assert "message" not in renewed
    saved = await person.call("renew_generation", **run, p_content="Because")
    assert (saved["message"]["content"], saved["message"]["status"]) == ("Because", "streaming")
    assert saved["message"]["revision"] == claimed["message"]["revision"] + 1
    admin = await any_database.admin()
    left = await admin.fetchval(
        "select extract(epoch from expires_at - clock_timestamp()) from public.generations where id = $1",
        run["p_id"],
    )
    assert 20 < left <= 25


async def test_a_wrong_fence_is_refused(any_database: Database) -> None:
    person = await any_database.sign_up()
    _, asked = await question(person)
    run = lease(await person.call("claim_generation", **claim_of(asked)))
    for fence in (run["p_fence"] - 1, run["p_fence"] + 1, None):
        wrong = run | {"p_fence": fence}
        await refused(person, "55000", "renew_generation", **wrong)
        await refused(person, "55000", "renew_generation", **wrong, p_content="x")
        await refused(person, "55000", "finish_generation", **wrong, p_status="complete", p_content="x")
    await refused(person, "42501", "renew_generation", **run | {"p_id": new_id()})


async def test_the_holder_learns_of_a_stop_from_its_renewal(any_database: Database) -> None:
    person, other = await any_database.sign_up(), await any_database.sign_up()
    conversation, asked = await question(person)
    await person.add(conversation, other)
    claimed = await person.call("claim_generation", **claim_of(asked))
    stopped = await other.call("stop_generation", p_message_id=claimed["message"]["id"])
    assert (stopped["generation"]["stop_requested"], stopped["generation"]["state"]) == (True, "running")
    run = lease(claimed)
    assert (await person.call("renew_generation", **run))["generation"]["stop_requested"] is True
    ended = await person.call("finish_generation", **run, p_status="interrupted", p_content="Bec")
    assert (ended["generation"]["state"], ended["message"]["status"]) == ("stopped", "interrupted")
    before = await snapshot(any_database)
    await other.call("stop_generation", p_message_id=claimed["message"]["id"])
    assert await snapshot(any_database) == before


async def test_every_end_has_its_state(any_database: Database) -> None:
    person = await any_database.sign_up()
    _, asked = await question(person)
    ends = (("complete", "finished"), ("interrupted", "interrupted"), ("error", "failed"))
    for attempt, (status, state) in enumerate(ends):
        run = lease(await person.call("claim_generation", **claim_of(asked, attempt)))
        end = {"p_status": status, "p_content": "Text", "p_usage": {"tokens": 3}, "p_error": "e" * 3000}
        answer = await person.call("finish_generation", **run, **end)
        message = answer["message"]
        assert (message["status"], answer["generation"]["state"]) == (status, state)
        assert (message["content"], message["usage"], len(message["error"])) == ("Text", {"tokens": 3}, 2000)
        before = await snapshot(any_database)
        assert await person.call("finish_generation", **run, **end) == answer
        assert await snapshot(any_database) == before
        await refused(person, "55000", "finish_generation", **run, **end | {"p_content": "Other"})
        await refused(person, "55000", "renew_generation", **run)
        await refused(person, "55000", "renew_generation", **run, p_content="Other")
    run = lease(await person.call("claim_generation", **claim_of(asked, 9)))
    await refused(person, "22023", "finish_generation", **run, p_status="streaming", p_content="x")
    await refused(
        person,
        "22023",
        "finish_generation",
        **run,
        p_status="complete",
        p_content="x",
        p_usage={"x": "y" * 10_001},
    )
    kept = await person.call("renew_generation", **run, p_content="Half")
    ended = await person.call("finish_generation", **run, p_status="error", p_content=None, p_error="Gone")
    assert (ended["message"]["content"], ended["message"]["error"]) == (kept["message"]["content"], "Gone")


async def test_an_expired_lease_is_interrupted_and_never_taken_over(any_database: Database) -> None:
    person, other = await any_database.sign_up(), await any_database.sign_up()
    conversation, asked = await question(person)
    await person.add(conversation, other)
    dead = await person.call("claim_generation", **claim_of(asked))
    alive = await person.call("claim_generation", **claim_of(asked, 1))
    run = lease(dead)
    await person.call("renew_generation", **run, p_content="Half a")
    before = await snapshot(any_database)
    nothing = await other.call("reap_generations", p_conversation_id=conversation)
    assert nothing["messages"] == []
    assert await snapshot(any_database) == before
    await expire(any_database, run["p_id"])
    await refused(person, "55000", "renew_generation", **run)
    taken = await other.call("claim_generation", **claim_of(asked))
    assert (taken["claimed"], taken["generation"]["holder"]) == (False, dead["generation"]["holder"])
    [reaped] = (await other.call("reap_generations", p_conversation_id=conversation))["messages"]
    assert (reaped["id"], reaped["status"], reaped["content"]) == (
        dead["message"]["id"],
        "interrupted",
        "Half a",
    )
    assert (await other.call("reap_generations", p_conversation_id=conversation))["messages"] == []
    await refused(person, "55000", "renew_generation", **run)
    await refused(person, "55000", "finish_generation", **run, p_status="complete", p_content="Half a loaf")
    assert (await other.call("claim_generation", **claim_of(asked)))["generation"]["state"] == "interrupted"
    await person.call("renew_generation", **lease(alive))


async def test_a_late_end_that_nobody_reaped_keeps_its_text(any_database: Database) -> None:
    person = await any_database.sign_up()
    _, asked = await question(person)
    run = lease(await person.call("claim_generation", **claim_of(asked)))
    await expire(any_database, run["p_id"])
    ended = await person.call("finish_generation", **run, p_status="complete", p_content="All of it")
    assert ended["message"]["content"] == "All of it"


async def test_a_deleted_reply_does_not_come_back(any_database: Database) -> None:
    person = await any_database.sign_up()
    conversation, asked = await question(person)
    for attempt, (function, target) in enumerate(
        (("delete_message", None), ("delete_conversation", conversation))
    ):
        claimed = await person.call("claim_generation", **claim_of(asked, attempt))
        run = lease(claimed)
        await person.call("renew_generation", **run, p_content="Secret")
        await person.call(function, p_id=target or claimed["message"]["id"])
        await refused(person, "55000", "renew_generation", **run, p_content="Secret")
        await refused(person, "55000", "finish_generation", **run, p_status="complete", p_content="Secret")
    admin = await any_database.admin()
    assert await admin.fetchval("select count(*) from public.messages where content <> ''") == 0
    assert await admin.fetchval("select count(*) from public.messages where status = 'streaming'") == 0
