"""G15: no other user's row reaches a client: every byte to it is recorded and searched."""

from __future__ import annotations

import json
from typing import Any

import aiohttp

from tests.faults.proxy import FaultProxy
from tests.faults.rig import Rig, User, rig, until
from tests.support.postgres import Database, Person, clusters, database, new_id

__all__ = ["clusters", "database"]


def canary(user: User, column: str) -> str:
    """A text that is nowhere else."""
    return f"canary-{user.id[:13]}-{column}"


async def fill(made: Rig, user: User, spies: list[User]) -> dict[str, str]:
    """Put a canary into every text column that a user has; return ids for an intruder to try.

    One conversation was shared with the spies: what comes after they left is none of their business.
    """
    person = Person(made.wire.database, user.id)
    talk, message, invite, former = new_id(), new_id(), new_id(), await person.new_conversation("Before")
    for spy in spies:
        if spy is not user:
            await person.add(former, Person(made.wire.database, spy.id))
            await person.call("remove_member", p_conversation_id=former, p_user_id=spy.id)
    await person.call("update_conversation", p_id=former, p_updates={"title": canary(user, "former")})
    await person.call(
        "create_conversation",
        p_id=talk,
        p_title=canary(user, "title"),
        p_model=canary(user, "model"),
        p_system_prompt=canary(user, "prompt"),
    )
    await person.call(
        "send_message",
        p_id=message,
        p_conversation_id=talk,
        p_parent_id=None,
        p_role="user",
        p_content=canary(user, "content"),
        p_model=canary(user, "message-model"),
    )
    updates = {
        "display_name": canary(user, "name"),
        "username": f"u_{user.id[:13].replace('-', '_')}",
        "avatar_path": f"{user.id}/{canary(user, 'avatar')}.png",
    }
    await person.call("update_profile", p_updates=updates)
    await person.call(
        "invite_person",
        p_id=invite,
        p_conversation_id=talk,
        p_to=f"{canary(user, 'address')}@example.org",
        p_role="editor",
    )
    run, reply = new_id(), new_id()
    claimed = await person.call(
        "claim_generation",
        p_id=run,
        p_message_id=reply,
        p_reply_to=message,
        p_attempt=0,
        p_holder=new_id(),
        p_model=canary(user, "reply-model"),
    )
    await person.call(
        "finish_generation",
        p_id=run,
        p_fence=claimed["generation"]["fence"],
        p_status="error",
        p_content=canary(user, "reply"),
        p_usage={"note": canary(user, "usage")},
        p_error=canary(user, "error"),
    )
    return {
        "talk": talk,
        "message": message,
        "reply": reply,
        "run": run,
        "user": user.id,
        "invite": invite,
        "former": former,
    }


async def live_on(made: Rig, user: User, ids: dict[str, str], rounds: int) -> None:
    """Write, rename and delete, so that frames fly while the intruder listens."""
    person = Person(made.wire.database, user.id)
    for number in range(rounds):
        sent = await person.send(ids["talk"], canary(user, f"content-{number}"))
        await person.call("delete_message", p_id=sent["message"]["id"])
        await person.send(ids["former"], canary(user, f"former-{number}"))
        title = {"title": canary(user, f"title-{number}")}
        await person.call("update_conversation", p_id=ids["talk"], p_updates=title)
        await person.call("update_profile", p_updates={"display_name": canary(user, f"name-{number}")})


async def intrude(proxy: FaultProxy, anon_key: str, token: str, ids: dict[str, str]) -> int:
    """Try every call, table and topic with another user's ids, through the recording proxy."""
    tries = 0
    headers = {"apikey": anon_key, "Authorization": f"Bearer {token}"}
    calls: list[tuple[str, dict[str, Any]]] = [
        ("pull_changes", {"p_after": 0}),
        ("pull_messages", {"p_conversation_id": ids["talk"], "p_after": 0}),
        ("page_messages", {"p_conversation_id": ids["talk"], "p_before_seq": None}),
        ("update_conversation", {"p_id": ids["talk"], "p_updates": {"title": "mine"}}),
        ("delete_conversation", {"p_id": ids["talk"]}),
        ("create_conversation", {"p_id": ids["talk"], "p_title": "mine"}),
        ("update_membership", {"p_conversation_id": ids["talk"], "p_updates": {"pinned": True}}),
        ("delete_message", {"p_id": ids["message"]}),
        ("stop_generation", {"p_message_id": ids["reply"]}),
        ("renew_generation", {"p_id": ids["run"], "p_fence": 1}),
        ("reap_generations", {"p_conversation_id": ids["talk"]}),
        (
            "send_message",
            {
                "p_id": ids["message"],
                "p_conversation_id": ids["talk"],
                "p_parent_id": None,
                "p_role": "user",
                "p_content": "mine",
            },
        ),
        ("update_profile", {"p_updates": {"username": f"u_{ids['user'][:13].replace('-', '_')}"}}),
    ]
    here, somebody = {"p_conversation_id": ids["talk"]}, {"p_user_id": ids["user"]}
    calls += [
        ("pull_messages", {"p_conversation_id": ids["former"], "p_after": 0}),
        ("page_messages", {"p_conversation_id": ids["former"], "p_before_seq": None}),
        ("accept_invite", {"p_id": ids["invite"]}),
        ("decline_invite", {"p_id": ids["invite"]}),
        ("revoke_invite", {"p_id": ids["invite"]}),
        ("join_by_link", {"p_token": ids["invite"]}),
        ("invite_person", {**here, "p_id": new_id(), "p_to": "me@example.org", "p_role": "editor"}),
        (
            "create_link",
            {**here, "p_id": new_id(), "p_role": "editor", "p_token_hash": "0" * 64, "p_hours": 1},
        ),
        ("set_member_role", {**here, **somebody, "p_role": "viewer"}),
        ("remove_member", {**here, **somebody}),
        ("hand_over", {**here, **somebody}),
    ]
    async with aiohttp.ClientSession(headers=headers) as http:
        for name, body in calls:
            async with http.post(f"{proxy.url}/rest/v1/rpc/{name}", json=body) as answer:
                await answer.read()
                tries += 1
        for table in ("profiles", "conversations", "conversation_members", "messages", "generations"):
            for query in ("select=*", f"select=*&id=eq.{ids['talk']}", f"select=*&id=eq.{ids['user']}"):
                count = {"Prefer": "count=exact"}
                async with http.get(f"{proxy.url}/rest/v1/{table}?{query}", headers=count) as answer:
                    await answer.read()
                    tries += 1
        avatar = f"{ids['user']}/{'canary'}.png"
        for path in (f"object/authenticated/avatars/{avatar}", f"object/avatars/{avatar}"):
            async with http.get(f"{proxy.url}/storage/v1/{path}") as answer:
                await answer.read()
                tries += 1
        tries += await _listen(http, proxy, anon_key, token, ids)
    return tries


async def _listen(
    http: aiohttp.ClientSession, proxy: FaultProxy, anon_key: str, token: str, ids: dict[str, str]
) -> int:
    """Ask to join the other's topics."""
    topics = (
        f"user:{ids['user']}",
        f"conversation:{ids['talk']}:1",
        f"conversation:{ids['talk']}:1:live",
        *(f"conversation:{ids['former']}:{epoch}" for epoch in (1, 2, 3)),
        f"conversation:{ids['former']}:2:live",
    )
    address = f"{proxy.url}/realtime/v1/websocket?apikey={anon_key}&vsn=1.0.0"
    async with http.ws_connect(address) as websocket:
        for number, topic in enumerate(topics):
            config = {"private": True, "broadcast": {"self": True}, "presence": {"enabled": True}}
            await websocket.send_json(
                {
                    "topic": f"realtime:{topic}",
                    "event": "phx_join",
                    "payload": {"config": config, "access_token": token},
                    "ref": str(number),
                    "join_ref": str(number),
                }
            )
            said = json.loads((await websocket.receive(timeout=30)).data)
            assert said["payload"]["status"] == "error", topic
    return len(topics)


async def foreign_canaries(made: Rig, users: int, rounds: int) -> tuple[int, int, list[str], list[str]]:
    """Return bytes recorded, tries to intrude, foreign canaries found, and what the recording missed."""
    people = [await made.user(f"person{number}") for number in range(users)]
    spies = people[:2]
    ids = {person.id: await fill(made, person, spies) for person in people}
    tries = 0
    for spy in spies:
        proxy = await made.proxy(spy.email, recording=True)
        core = await made.core(spy.email, spy)

        async def listed(shown: Any = core) -> bool:
            return bool(await shown.store.entries())

        await until(listed)
        await core.pull_all()
        await core.open(ids[spy.id]["talk"])
        session = await made.session(spy)
        for victim in people:
            if victim is not spy:
                tries += await intrude(proxy, made.wire.anon_key, session["access_token"], ids[victim.id])
    for person in people:
        await live_on(made, person, ids[person.id], rounds)
    for spy in spies:
        core = made.cores[spy.email]
        await until(lambda core=core: core.watch.state.link == "connected")
        await core.engine.refresh_conversations()
    found, missed = [], []
    for spy in spies:
        heard = bytes(made.proxies[spy.email].heard)
        own = b"canary-" + spy.id[:13].encode()
        if heard.count(own) < 5 or canary(spy, "content").encode() not in heard:
            missed.append(f"{spy.email} did not even hear its own")
        strangers = [person for person in people if person is not spy]
        found += [p.email for p in strangers if b"canary-" + p.id[:13].encode() in heard]
    return sum(len(made.proxies[spy.email].heard) for spy in spies), tries, found, missed


async def test_no_foreign_canary_reaches_a_client(database: Database) -> None:
    async with rig(database) as made:
        heard, tries, found, missed = await foreign_canaries(made, users=3, rounds=3)
    assert found == []
    assert missed == []
    assert tries > 100
    assert heard > 10_000
