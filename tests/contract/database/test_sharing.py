"""Sharing a conversation: who may invite, join, change roles and take out, and what nobody learns from it."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import asyncpg

from tests.contract.database.test_messages import refused, snapshot
from tests.contract.database.test_topics import rights
from tests.support.postgres import Database, Person, new_id


async def person_with_address(database: Database, address: str, *, confirmed: bool = True) -> Person:
    person = Person(database, new_id())
    auth = await database.as_role("supabase_auth_admin")
    await auth.execute(
        "insert into auth.users (id, email, email_confirmed_at) values ($1, $2, case when $3 then now() end)",
        person.id,
        address,
        confirmed,
    )
    return person


async def named(database: Database, *names: str) -> list[Person]:
    return [await database.sign_up(username=name, display_name=name.title()) for name in names]


async def world(person: Person, kind: str) -> dict[str, dict[str, Any]]:
    """What the person's devices know of that kind: records by id, without what was removed."""
    changes = (await person.call("pull_changes", p_after=0, p_limit=1000))["changes"]
    return {c["entity_id"]: c["record"] for c in changes if c["kind"] == kind and not c["removed"]}


async def invite(owner: Person, conversation: str, to: str, role: str = "editor", **more: Any) -> Any:
    arguments = {"p_id": new_id(), "p_to": to, "p_role": role} | more
    return await owner.call("invite_person", p_conversation_id=conversation, **arguments)


async def link(owner: Person, conversation: str, token: str, **more: Any) -> Any:
    digest = hashlib.sha256(token.encode()).hexdigest()
    arguments = {"p_id": new_id(), "p_role": "editor", "p_token_hash": digest, "p_hours": 1} | more
    return await owner.call("create_link", p_conversation_id=conversation, **arguments)


def roles(answer: dict[str, Any]) -> dict[str, str]:
    return {member["user_id"]: member["role"] for member in answer["roster"]["members"]}


async def test_an_invited_person_joins_and_everybody_knows(any_database: Database) -> None:
    ann, bob = await named(any_database, "ann", "bob")
    talk = await ann.new_conversation("Plans")
    answer = await invite(ann, talk, " @Bob ", "viewer")
    [listed] = answer["roster"]["invites"]
    assert (listed["to"], listed["role"]) == ("bob", "viewer")
    [(waiting, invitation)] = (await world(bob, "invitation")).items()
    assert (invitation["title"], invitation["inviter"], invitation["role"]) == ("Plans", "Ann", "viewer")
    assert await world(bob, "conversation") == {}
    before = await snapshot(any_database)
    joined = await bob.call("accept_invite", p_id=waiting)
    assert joined["membership"]["role"] == "viewer"
    assert roles(joined) == {ann.id: "owner", bob.id: "viewer"}
    assert joined["roster"]["invites"] == []  # only the owner's has them
    after = await snapshot(any_database)
    assert after != before
    # The answer was lost: said again, it is the same, and nothing happens.
    assert await bob.call("accept_invite", p_id=waiting) == joined
    assert await snapshot(any_database) == after
    assert await world(bob, "invitation") == {}
    assert (await world(ann, "roster"))[talk]["members"] == joined["roster"]["members"]
    assert (await world(ann, "roster"))[talk]["invites"] == []
    assert set(await world(ann, "profile")) == set(await world(bob, "profile")) == {ann.id, bob.id}


async def test_nobody_learns_from_an_invitation_who_has_an_account(any_database: Database) -> None:
    ann, bob, member = await named(any_database, "ann", "bob", "member")
    await person_with_address(any_database, "real@example.org")
    await person_with_address(any_database, "unconfirmed@example.org", confirmed=False)
    talk = await ann.new_conversation()
    await ann.add(talk, member)
    shapes = []
    for to in (
        "bob",
        "nobody_here",
        "member",
        "real@example.org",
        "unconfirmed@example.org",
        "no@example.org",
    ):
        await any_database.forget_frames()
        answer = await invite(ann, talk, to)
        [one] = [i for i in answer["roster"]["invites"] if i["to"] == to]
        told = [f for f in await any_database.frames() if f["topic"] == f"user:{ann.id}"]
        shapes.append((sorted(answer), sorted(one), one["role"], one["uses"], len(told), sorted(told[0])))
    assert len({str(shape) for shape in shapes}) == 1
    # Declining looks like silence, and the same person is not asked again by the same invitation.
    [(waiting, _)] = (await world(bob, "invitation")).items()
    before = (await world(ann, "roster"))[talk]
    await bob.call("decline_invite", p_id=waiting)
    assert (await world(ann, "roster"))[talk] == before
    assert await invite(ann, talk, "bob") is not None
    assert (await world(ann, "roster"))[talk] == before
    assert await world(bob, "invitation") == {}
    assert "answered" in await refused(bob, "55000", "accept_invite", p_id=waiting)


async def test_an_address_waits_until_somebody_confirms_it_and_a_name_does_not(
    any_database: Database,
) -> None:
    [ann] = await named(any_database, "ann")
    talk = await ann.new_conversation()
    await invite(ann, talk, "Cara@Example.org")
    await invite(ann, talk, "cara")
    cara = await person_with_address(any_database, "cara@example.org", confirmed=False)
    assert await world(cara, "invitation") == {}
    await invite(ann, await ann.new_conversation(), "cara@example.org")
    assert await world(cara, "invitation") == {}, "whoever says that an address is theirs has to show it"
    auth = await any_database.as_role("supabase_auth_admin")
    await auth.execute("update auth.users set email_confirmed_at = now() where id = $1", cara.id)
    found = await world(cara, "invitation")
    assert len(found) == 2
    [waiting] = [each for each, one in found.items() if one["conversation_id"] == talk]
    await cara.call("accept_invite", p_id=waiting)
    [late] = await named(any_database, "cara")
    assert await world(late, "invitation") == {}
    # Once it was found it stays that person's, whoever has the address later.
    await auth.execute("update auth.users set email = 'other@example.org' where id = $1", cara.id)
    heir = await person_with_address(any_database, "cara@example.org")
    assert await world(heir, "invitation") == {}
    await refused(heir, "42501", "accept_invite", p_id=waiting)


async def test_a_link_is_good_for_so_many_people_and_so_long(any_database: Database) -> None:
    ann, bob, cid = await named(any_database, "ann", "bob", "cid")
    talk = await ann.new_conversation()
    await link(ann, talk, "first", p_max_uses=1)
    joined = await bob.call("join_by_link", p_token="first")
    assert await bob.call("join_by_link", p_token="first") == joined  # a lost answer costs nobody a place
    assert "as often" in await refused(cid, "55000", "join_by_link", p_token="first")
    assert (await world(ann, "roster"))[talk]["invites"] == []
    await link(ann, talk, "second")
    admin = await any_database.admin()
    await admin.execute("update private.invites set expires_at = now() where max_uses is null")
    assert "expired" in await refused(cid, "55000", "join_by_link", p_token="second")
    third = new_id()
    made = await link(ann, talk, "third", p_id=third)
    assert await link(ann, talk, "third", p_id=third) == made
    await ann.call("revoke_invite", p_id=third)
    assert "withdrawn" in await refused(cid, "55000", "join_by_link", p_token="third")
    assert "not a link" in await refused(cid, "22023", "join_by_link", p_token="fourth")
    assert "not a link" in await refused(cid, "22023", "join_by_link", p_token="")
    kept = await admin.fetch("select i::text from private.invites i")
    assert "first" not in str(kept)
    assert hashlib.sha256(b"first").hexdigest() in str(kept)
    for bad in (
        {"p_hours": 0},
        {"p_hours": 721},
        {"p_hours": None},
        {"p_max_uses": 0},
        {"p_max_uses": 101},
        {"p_role": "owner"},
        {"p_token_hash": "x"},
        {"p_id": None},
    ):
        digest = {"p_token_hash": "0" * 64}
        arguments = {"p_id": new_id(), "p_role": "editor", "p_hours": 1} | digest | bad
        await refused(ann, "22023", "create_link", p_conversation_id=talk, **arguments)


async def test_one_use_and_two_people_at_the_same_moment(database: Database) -> None:
    ann, bob, cid = await named(database, "ann", "bob", "cid")
    talk = await ann.new_conversation()
    await link(ann, talk, "one", p_max_uses=1)
    connections = [await database.connect("authenticator") for _ in range(2)]
    answers = await asyncio.gather(
        *(
            person.call("join_by_link", connection=connection, p_token="one")
            for person, connection in zip((bob, cid), connections, strict=True)
        ),
        return_exceptions=True,
    )
    assert sorted(type(answer) is dict for answer in answers) == [False, True]
    assert len((await world(ann, "roster"))[talk]["members"]) == 2


async def test_who_was_taken_out_needs_an_invitation_to_come_back(database: Database) -> None:
    ann, bob, cid = await named(database, "ann", "bob", "cid")
    talk = await ann.new_conversation()
    await link(ann, talk, "open")
    await bob.call("join_by_link", p_token="open")
    await database.forget_frames()
    await ann.call("remove_member", p_conversation_id=talk, p_user_id=bob.id)
    told = [f["payload"] for f in await database.frames() if f["topic"] == f"user:{bob.id}"]
    gone = {(f["kind"], f["entity_id"], f["removed"], f["record"]) for f in told}
    assert gone == {("conversation", talk, True, None), ("membership", talk, True, None)}, (
        "at once, not later"
    )
    assert await world(bob, "conversation") == {}
    assert await world(bob, "roster") == {}
    assert "took you out" in await refused(bob, "42501", "join_by_link", p_token="open")
    await invite(ann, talk, "bob")
    [waiting] = await world(bob, "invitation")
    await bob.call("accept_invite", p_id=waiting)
    # Who leaves on their own may come back as they came.
    assert await bob.call("remove_member", p_conversation_id=talk, p_user_id=bob.id) == {
        "conversation": None,
        "roster": None,
    }
    assert await bob.call("remove_member", p_conversation_id=talk, p_user_id=bob.id) == {}
    assert roles(await bob.call("join_by_link", p_token="open"))[bob.id] == "editor"
    await cid.call("join_by_link", p_token="open")


async def test_only_the_owner_decides_about_members(database: Database) -> None:
    ann, editor, viewer, stranger = await named(database, "ann", "editor", "viewer", "stranger")
    talk = await ann.new_conversation()
    await ann.add(talk, editor)
    await ann.add(talk, viewer, "viewer")
    answer = await invite(ann, talk, "stranger")
    [waiting] = [one["id"] for one in answer["roster"]["invites"]]
    before = await snapshot(database)
    for person in (editor, viewer, stranger):
        here = {"p_conversation_id": talk}
        await refused(
            person, "42501", "invite_person", p_id=new_id(), p_to="x@example.org", p_role="editor", **here
        )
        await refused(
            person,
            "42501",
            "create_link",
            p_id=new_id(),
            p_role="viewer",
            p_hours=1,
            **here,
            p_token_hash="0" * 64,
        )
        await refused(person, "42501", "revoke_invite", p_id=waiting)
        await refused(person, "42501", "hand_over", p_user_id=person.id, **here)
        for other in (ann, editor, viewer):
            await refused(person, "42501", "set_member_role", p_user_id=other.id, p_role="editor", **here)
            if other is not person:
                await refused(person, "42501", "remove_member", p_user_id=other.id, **here)
    for person in (editor, viewer, ann):
        await refused(person, "42501", "accept_invite", p_id=waiting)
        await refused(person, "42501", "decline_invite", p_id=waiting)
    await refused(ann, "42501", "remove_member", p_conversation_id=talk, p_user_id=ann.id)
    await refused(ann, "55000", "set_member_role", p_conversation_id=talk, p_user_id=ann.id, p_role="viewer")
    for bad in ("a", "a b@c.de", "@", "a@", "Äbc", "x" * 31, ""):
        await refused(
            ann, "22023", "invite_person", p_id=new_id(), p_conversation_id=talk, p_to=bad, p_role="editor"
        )
    await refused(
        ann, "22023", "invite_person", p_id=new_id(), p_conversation_id=talk, p_to="ok_name", p_role="owner"
    )
    assert await snapshot(database) == before


async def test_a_viewer_reads_and_writes_nothing(database: Database) -> None:
    ann, bob = await named(database, "ann", "bob")
    talk = await ann.new_conversation()
    asked = (await ann.send(talk))["message"]
    await ann.add(talk, bob, "viewer")
    assert len((await bob.call("pull_messages", p_conversation_id=talk, p_after=0))["messages"]) == 1
    before = await snapshot(database)
    new_message = {"p_id": new_id(), "p_parent_id": None, "p_role": "user", "p_content": "x"}
    await refused(bob, "42501", "send_message", p_conversation_id=talk, **new_message)
    await refused(bob, "42501", "update_conversation", p_id=talk, p_updates={"title": "x"})
    await refused(bob, "42501", "update_conversation", p_id=talk, p_updates={"answers": "always"})
    await refused(bob, "42501", "delete_message", p_id=asked["id"])
    await refused(bob, "42501", "delete_conversation", p_id=talk)
    run = {"p_id": new_id(), "p_message_id": new_id(), "p_reply_to": asked["id"], "p_attempt": 0}
    await refused(bob, "42501", "claim_generation", p_holder=new_id(), p_model="m", **run)
    assert await snapshot(database) == before


async def streaming(person: Person, talk: str) -> tuple[str, dict[str, Any]]:
    asked = (await person.send(talk))["message"]
    claimed = await person.call(
        "claim_generation", p_id=new_id(), p_message_id=new_id(), p_reply_to=asked["id"], p_attempt=0,
        p_holder=new_id(), p_model="m",
    )  # fmt: skip
    run = {"p_id": claimed["generation"]["id"], "p_fence": claimed["generation"]["fence"]}
    await person.call("renew_generation", p_content="half", **run)
    return claimed["message"]["id"], run


async def test_a_reply_ends_with_the_right_to_write_it(any_database: Database) -> None:
    ann, bob = await named(any_database, "ann", "bob")
    for verb in ("remove_member", "set_member_role"):
        talk = await ann.new_conversation()
        await ann.add(talk, bob)
        message, run = await streaming(bob, talk)
        more = {"p_role": "viewer"} if verb == "set_member_role" else {}
        answer = await ann.call(verb, p_conversation_id=talk, p_user_id=bob.id, **more)
        assert answer["conversation"]["epoch"] == 2
        pulled = await ann.call("pull_messages", p_conversation_id=talk, p_after=0)
        [reply] = [m for m in pulled["messages"] if m["id"] == message]
        assert (reply["status"], reply["content"]) == ("interrupted", "half")
        assert pulled["cursor"] == answer["conversation"]["revision"]
        await refused(bob, "42501", "renew_generation", p_content="half more", **run)
        assert await rights(bob, f"conversation:{talk}:1:live") == "----"
        speaks = "rp-P" if verb == "set_member_role" else "----"
        assert await rights(bob, f"conversation:{talk}:2:live") == speaks


async def test_handing_over(any_database: Database) -> None:
    ann, bob, cid = await named(any_database, "ann", "bob", "cid")
    talk = await ann.new_conversation()
    await ann.add(talk, bob, "viewer")
    await ann.add(talk, cid)
    await invite(ann, talk, "later@example.org")
    connections = [await any_database.connect("authenticator") for _ in range(2)]
    answers = await asyncio.gather(  # twice at once, to two people: one of them gets it
        *(
            ann.call("hand_over", connection=connection, p_conversation_id=talk, p_user_id=other.id)
            for connection, other in zip(connections, (bob, cid), strict=True)
        ),
        return_exceptions=True,
    )
    [given] = [answer for answer in answers if isinstance(answer, dict)]
    [late] = [answer for answer in answers if not isinstance(answer, dict)]
    assert isinstance(late, asyncpg.InsufficientPrivilegeError)
    heir = bob if given["conversation"]["owner_id"] == bob.id else cid
    assert roles(given)[heir.id] == "owner"
    assert roles(given)[ann.id] == "editor"
    assert given["membership"]["role"] == "editor"
    assert given["roster"]["invites"] == []
    assert await ann.call("hand_over", p_conversation_id=talk, p_user_id=heir.id) == given
    assert [i["to"] for i in (await world(heir, "roster"))[talk]["invites"]] == ["later@example.org"]
    assert (await world(heir, "membership"))[talk]["role"] == "owner"
    stranger = await any_database.sign_up()
    await refused(heir, "55000", "hand_over", p_conversation_id=talk, p_user_id=stranger.id)
    await ann.call("remove_member", p_conversation_id=talk, p_user_id=ann.id)
    assert set(await world(ann, "conversation")) == set()


async def test_an_account_that_ends_leaves_its_conversations_to_the_others(any_database: Database) -> None:
    ann, bob, cid, dan = await named(any_database, "ann", "bob", "cid", "dan")
    shared, alone, guest = [await ann.new_conversation() for _ in range(2)] + [await bob.new_conversation()]
    await ann.add(shared, cid, "viewer")
    await ann.add(shared, bob)
    await bob.add(guest, ann)
    await ann.send(shared, "hers")
    await ann.send(alone, "gone")
    await invite(ann, alone, "dan")
    assert len(await world(dan, "invitation")) == 1
    auth = await any_database.as_role("supabase_auth_admin")
    await auth.execute("delete from auth.users where id = $1", ann.id)
    left = await world(bob, "conversation")
    assert (left[shared]["owner_id"], left[guest]["owner_id"]) == (bob.id, bob.id)
    assert (await world(bob, "membership"))[shared]["role"] == "owner"
    assert roles({"roster": (await world(cid, "roster"))[shared]}) == {bob.id: "owner", cid.id: "viewer"}
    [message] = (await cid.call("pull_messages", p_conversation_id=shared, p_after=0))["messages"]
    assert (message["author_id"], message["content"]) == (None, "hers")
    assert await world(dan, "invitation") == {}
    admin = await any_database.admin()
    assert await admin.fetchval("select count(*) from public.conversations where id = $1", alone) == 0
    assert await rights(cid, f"conversation:{shared}:1") == "----"


async def test_rosters_are_told_of_an_end_whoever_took_the_membership_away(database: Database) -> None:
    ann, bob = await named(database, "ann", "bob")
    talk = await ann.new_conversation()
    await ann.add(talk, bob)
    postgres = await database.as_role("postgres")
    async with postgres.transaction():
        await postgres.execute("delete from public.conversation_members where user_id = $1", bob.id)
        await postgres.execute("delete from auth.users where id = $1", bob.id)
    assert roles({"roster": (await world(ann, "roster"))[talk]}) == {ann.id: "owner"}


async def test_a_deleted_conversation_can_be_joined_by_nobody(database: Database) -> None:
    ann, bob = await named(database, "ann", "bob")
    talk = await ann.new_conversation()
    await link(ann, talk, "open")
    await invite(ann, talk, "bob")
    [waiting] = await world(bob, "invitation")
    await ann.call("delete_conversation", p_id=talk)
    assert await world(bob, "invitation") == {}
    assert "withdrawn" in await refused(bob, "55000", "accept_invite", p_id=waiting)
    assert "withdrawn" in await refused(bob, "55000", "join_by_link", p_token="open")


async def test_nobody_invites_by_the_thousand(database: Database) -> None:
    [ann] = await named(database, "ann")
    talk = await ann.new_conversation()
    for number in range(60):
        await invite(ann, talk, f"somebody{number}@example.org")
    assert "too many" in await refused(
        ann,
        "55000",
        "invite_person",
        p_id=new_id(),
        p_conversation_id=talk,
        p_to="one@more.org",
        p_role="editor",
    )
