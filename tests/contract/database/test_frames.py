"""Every change sends exactly its frames: topic, event and payload, and nothing else to anybody."""

from __future__ import annotations

from typing import Any

from chatdesk.localbackend.realtime.feed import DatabaseMessage, read_announcement
from tests.support.postgres import Database, Person, new_id


def entity(to: Person, kind: str, record: dict[str, Any] | None, **known: Any) -> dict[str, Any]:
    """The frame that tells ``to`` about an entity; ``known`` fills in what a missing record does not say."""
    entity_id = known.get("entity_id") or (record or {}).get("id") or (record or {})["conversation_id"]
    return {
        "topic": f"user:{to.id}",
        "event": "entity",
        "payload": {
            "kind": kind,
            "entity_id": entity_id,
            "entity_revision": known.get("entity_revision") or (record or {})["revision"],
            "user_revision": known["user_revision"],
            "removed": known.get("removed", False),
            "record": record,
        },
    }


def hint(to: Person, conversation: dict[str, Any], user_revision: int) -> dict[str, Any]:
    return {
        "topic": f"user:{to.id}",
        "event": "hint",
        "payload": {
            "kind": "conversation",
            "entity_id": conversation["id"],
            "entity_revision": conversation["revision"],
            "user_revision": user_revision,
            "removed": False,
            "last_seq": conversation["last_seq"],
            "updated_at": conversation["updated_at"],
        },
    }


def row(message: dict[str, Any], epoch: int = 1) -> dict[str, Any]:
    return {
        "topic": f"conversation:{message['conversation_id']}:{epoch}",
        "event": "message",
        "payload": {
            "conversation_id": message["conversation_id"],
            "message_id": message["id"],
            "revision": message["revision"],
            "record": message,
        },
    }


def same(found: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> bool:
    """Equal but for the order in which different people are told."""
    assert sorted(found, key=str) == sorted(wanted, key=str)
    for topic in {frame["topic"] for frame in wanted}:
        assert [f for f in found if f["topic"] == topic] == [f for f in wanted if f["topic"] == topic]
    return True


async def counter(person: Person) -> int:
    answer: dict[str, Any] = await person.call("pull_changes", p_after=0)
    return int(answer["cursor"])


async def roster_of(person: Person, conversation: str) -> dict[str, Any]:
    changes = (await person.call("pull_changes", p_after=0))["changes"]
    [record] = [c["record"] for c in changes if (c["kind"], c["entity_id"]) == ("roster", conversation)]
    assert isinstance(record, dict)
    return record


def marks(conversation: str, epoch: int = 1) -> dict[str, Any]:
    """The word to those who have a conversation open that members or their read marks changed."""
    payload = {"conversation_id": conversation}
    return {"topic": f"conversation:{conversation}:{epoch}", "event": "marks", "payload": payload}


async def shared(database: Database) -> tuple[Person, Person, Person, str]:
    """An owner and an editor in a conversation, and a stranger who has one of their own; frames forgotten."""
    owner, editor, stranger = [await database.sign_up(display_name=name) for name in "OES"]
    conversation = await owner.new_conversation()
    await owner.add(conversation, editor)
    await stranger.new_conversation()
    await database.forget_frames()
    return owner, editor, stranger, conversation


async def test_a_new_account(any_database: Database) -> None:
    person = await any_database.sign_up(display_name="Ann", username="ann")
    profile = (await person.call("ensure_profile"))["profile"]
    assert same(await any_database.frames(), [entity(person, "profile", profile, user_revision=1)])


async def test_a_new_conversation_goes_to_its_owner(any_database: Database) -> None:
    person = await any_database.sign_up()
    await any_database.forget_frames()
    answer = await person.call("create_conversation", p_id=new_id(), p_title="One", p_temperature=0.7)
    assert answer["conversation"]["temperature"] == 0.7
    wanted = [
        entity(person, "conversation", answer["conversation"], user_revision=2),
        entity(person, "membership", answer["membership"], user_revision=3),
    ]
    assert same(await any_database.frames(), wanted)


async def test_a_message_goes_to_the_open_conversation_and_a_hint_to_members(
    any_database: Database,
) -> None:
    owner, editor, _, conversation = await shared(any_database)
    at = await counter(owner), await counter(editor)
    answer = await editor.send(conversation, "Hello")
    wanted = [
        row(answer["message"]),
        hint(owner, answer["conversation"], at[0] + 1),
        hint(editor, answer["conversation"], at[1] + 1),
        entity(editor, "membership", answer["membership"], user_revision=at[1] + 2),
    ]
    assert same(await any_database.frames(), wanted)
    await any_database.forget_frames()
    gone = await editor.call("delete_message", p_id=answer["message"]["id"])
    assert (gone["message"]["content"], gone["message"]["deleted_at"] is None) == ("", False)
    place = {**answer["conversation"], "revision": gone["message"]["revision"]}
    wanted = [row(gone["message"]), hint(owner, place, at[0] + 2), hint(editor, place, at[1] + 3)]
    assert same(await any_database.frames(), wanted)


async def test_a_renamed_and_a_deleted_conversation(any_database: Database) -> None:
    owner, editor, _, conversation = await shared(any_database)
    at = await counter(owner), await counter(editor)
    for step, caller in enumerate((editor, owner), 1):
        if caller is editor:
            updates = {"title": "Two"}
            answer = await editor.call("update_conversation", p_id=conversation, p_updates=updates)
        else:
            answer = await owner.call("delete_conversation", p_id=conversation)
        record = answer["conversation"]
        wanted = [
            entity(owner, "conversation", record, user_revision=at[0] + step),
            entity(editor, "conversation", record, user_revision=at[1] + step),
        ]
        assert same(await any_database.frames(), wanted)
        await any_database.forget_frames()


async def test_a_read_mark_goes_to_its_owner_and_the_others_may_ask(any_database: Database) -> None:
    owner, editor, _, conversation = await shared(any_database)
    await owner.send(conversation)
    await any_database.forget_frames()
    at = await counter(editor)
    answer = await editor.call(
        "update_membership", p_conversation_id=conversation, p_updates={"last_read_seq": 1}
    )
    wanted = [
        entity(editor, "membership", answer["membership"], user_revision=at + 1),
        marks(conversation),
    ]
    assert same(await any_database.frames(), wanted)


async def test_a_profile_goes_to_those_who_share_a_live_conversation(any_database: Database) -> None:
    owner, editor, stranger, _ = await shared(any_database)
    former = await any_database.sign_up()
    gone = await owner.new_conversation()
    await owner.add(gone, former)
    await owner.call("delete_conversation", p_id=gone)
    await any_database.forget_frames()
    at = await counter(owner), await counter(editor)
    record = (await owner.call("update_profile", p_updates={"display_name": "Olga"}))["profile"]
    wanted = [
        entity(owner, "profile", record, user_revision=at[0] + 1),
        entity(editor, "profile", record, user_revision=at[1] + 1),
    ]
    assert same(await any_database.frames(), wanted)
    assert await counter(stranger) == 3


async def test_a_new_member_learns_of_the_conversation_and_of_everybody_in_it(any_database: Database) -> None:
    owner, editor, _, conversation = await shared(any_database)
    newcomer = await any_database.sign_up(display_name="N")
    await any_database.forget_frames()
    at = await counter(owner), await counter(editor)
    await owner.add(conversation, newcomer, "viewer")
    changes = (await newcomer.call("pull_changes", p_after=1))["changes"]
    assert {change["kind"] for change in changes} == {"conversation", "membership", "profile", "roster"}
    assert {c["entity_id"] for c in changes if c["kind"] == "profile"} == {owner.id, editor.id}
    profile = (await newcomer.call("ensure_profile"))["profile"]
    wanted = [entity(newcomer, c["kind"], c["record"], user_revision=c["user_revision"]) for c in changes] + [
        entity(owner, "profile", profile, user_revision=at[0] + 1),
        entity(editor, "profile", profile, user_revision=at[1] + 1),
        marks(conversation),
    ]
    for person, number in ((owner, at[0] + 2), (editor, at[1] + 2)):
        roster = await roster_of(person, conversation)
        wanted.append(entity(person, "roster", roster, user_revision=number))
    assert same(await any_database.frames(), wanted)


async def test_a_removed_member_is_told_so_and_the_others_change_channels(
    any_database: Database,
) -> None:
    owner, editor, _, conversation = await shared(any_database)
    at = await counter(owner), await counter(editor)
    answer = await owner.call_private("remove_member", p_conversation_id=conversation, p_user_id=editor.id)
    record = answer["conversation"]
    assert record["epoch"] == 2
    removed = {"entity_id": conversation, "removed": True}
    wanted = [
        entity(owner, "conversation", record, user_revision=at[0] + 1),
        entity(owner, "roster", await roster_of(owner, conversation), user_revision=at[0] + 2),
        entity(
            editor,
            "conversation",
            None,
            user_revision=at[1] + 1,
            entity_revision=record["revision"],
            **removed,
        ),
        entity(editor, "membership", None, user_revision=at[1] + 2, entity_revision=2, **removed),
        marks(conversation),
    ]
    assert same(await any_database.frames(), wanted)
    await any_database.forget_frames()
    sent = await owner.send(conversation)
    frames = await any_database.frames()
    assert {frame["topic"] for frame in frames} == {f"user:{owner.id}", f"conversation:{conversation}:2"}
    assert row(sent["message"], 2) in frames


async def test_streaming_touches_one_channel_only(any_database: Database) -> None:
    owner, editor, _, conversation = await shared(any_database)
    asked = (await owner.send(conversation))["message"]
    await any_database.forget_frames()
    at = await counter(owner), await counter(editor)
    claimed = await owner.call(
        "claim_generation",
        p_id=new_id(),
        p_message_id=new_id(),
        p_reply_to=asked["id"],
        p_attempt=0,
        p_holder=new_id(),
        p_model="m",
    )
    place = claimed["conversation"]
    wanted = [row(claimed["message"]), hint(owner, place, at[0] + 1), hint(editor, place, at[1] + 1)]
    assert same(await any_database.frames(), wanted)
    await any_database.forget_frames()
    run = {"p_id": claimed["generation"]["id"], "p_fence": claimed["generation"]["fence"]}
    await owner.call("renew_generation", **run)
    assert await any_database.frames() == []
    first = await owner.call("renew_generation", **run, p_content="One")
    assert same(await any_database.frames(), [row(first["message"])])
    await owner.call("renew_generation", **run, p_content="One")
    await owner.call("stop_generation", p_message_id=claimed["message"]["id"])
    assert len(await any_database.frames()) == 1
    assert (await counter(owner), await counter(editor)) == (at[0] + 1, at[1] + 1)
    await any_database.forget_frames()
    ended = await owner.call("finish_generation", **run, p_status="complete", p_content="One two")
    place = ended["conversation"]
    wanted = [row(ended["message"]), hint(owner, place, at[0] + 2), hint(editor, place, at[1] + 2)]
    assert same(await any_database.frames(), wanted)


async def test_large_records_stay_out_of_frames(any_database: Database) -> None:
    person = await any_database.sign_up()
    conversation = await person.new_conversation()
    await any_database.forget_frames()
    sent = await person.send(conversation, "ä" * 40_000)
    [frame] = [f for f in await any_database.frames() if f["event"] == "message"]
    assert frame["payload"]["record"] is None
    assert frame["payload"]["revision"] == sent["message"]["revision"]
    await any_database.forget_frames()
    await person.call("update_conversation", p_id=conversation, p_updates={"system_prompt": "p" * 70_000})
    [frame] = await any_database.frames()
    assert frame["payload"]["record"] is None
    assert frame["payload"]["removed"] is False
    changes = (await person.call("pull_changes", p_after=0))["changes"]
    assert [len(c["record"]["system_prompt"]) for c in changes if c["kind"] == "conversation"] == [70_000]


async def test_a_lost_frame_loses_no_row(any_database: Database) -> None:
    """Without a partition for today the broadcast vanishes, as in a hosted project that nobody listens to."""
    person = await any_database.sign_up()
    conversation = await person.new_conversation()
    admin = await any_database.admin()
    for part in await admin.fetch(
        "select inhrelid::regclass::text from pg_inherits where inhparent = 'realtime.messages'::regclass"
    ):
        await admin.execute(f"drop table {part[0]}")
    sent = await person.send(conversation)
    assert await any_database.frames() == []
    answer = await person.call("pull_messages", p_conversation_id=conversation, p_after=0)
    assert answer["messages"] == [sent["message"]]


async def test_the_server_is_notified_of_every_frame_after_the_commit(any_database: Database) -> None:
    person = await any_database.sign_up()
    conversation = await person.new_conversation()
    await any_database.forget_frames()
    admin = await any_database.admin()
    heard: list[str] = []
    await admin.add_listener("realtime_messages", lambda *told: heard.append(told[-1]))
    await person.send(conversation)
    rows = await admin.fetch(
        "select id::text, inserted_at, topic, event, payload::text from realtime.messages order by ctid"
    )
    assert [read_announcement(each)[1] for each in heard] == [DatabaseMessage(*row) for row in rows]
    assert len(heard) == 3
    await admin.reset()
