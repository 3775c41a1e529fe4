"""G4: no poison pill: what is refused for good stays visible with its text, and all else flows."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from chatdesk.domain.clock import SystemClock
from chatdesk.domain.errors import BadInput
from chatdesk.domain.message import DeliveryState
from chatdesk.store.store import Store
from tests.faults.core import Core
from tests.faults.rig import Rig, rig, until
from tests.faults.schedule import Fault
from tests.support.postgres import Database, Person, clusters, database, new_id

__all__ = ["clusters", "database"]

LONG = "x" * 2_000_000 + " too long"


async def flows_around(made: Rig, rounds: int) -> tuple[list[float], int, list[str]]:
    """Send good messages amid refused ones.

    Returns the seconds each good one took, the number of refusals, and what was wrong.
    """
    anna, ben = await made.user("anna"), await made.user("ben")
    good = await made.talk(anna, "Good")
    other = await made.talk(anna, "Other")
    read_only = await made.talk(ben, "Read only")
    await Person(made.wire.database, ben.id).add(read_only, Person(made.wire.database, anna.id), "viewer")
    core = await made.core("anna", anna)
    proxy = made.proxies["anna"]
    proxy.refuse = {b"POISON 413": Fault.TOO_LARGE, b"POISON 409": Fault.CONFLICT}
    await until(lambda: _listed(core, 3))
    took: list[float] = []
    wrong: list[str] = []
    poisons = [
        (other, "POISON 413", None),
        (other, "POISON 409", None),
        (read_only, "not allowed to write here (42501)", None),
        (other, "answers nothing (22023)", new_id()),
        (other, LONG, None),
    ]
    for number in range(rounds):
        refused = {}
        for talk, text, parent in poisons:
            sent = await core.send(talk, f"{text} {number}", parent=parent)
            refused[sent["entity"]] = f"{text} {number}"
        for talk in (good, other):
            sent = await core.send(talk, f"good {number} in {talk}")
            if talk is good:
                took.append(await until(lambda key=sent["entity"]: _is_sent(core, key)))
        for key, text in refused.items():
            await until(lambda key=key: _is_failed(core, key))
            shown = await core.store.message(key)
            if shown is None or shown.content != text or not shown.failure:
                wrong.append(f"a refused message lost its text or its reason: {text[:40]}")
        await until(lambda count=number: _sent_in(core, other, count + 1))
    # The user takes them back or, when the reason is gone, sends them again.
    proxy.refuse = {}
    await core.retry_failed()
    await until(lambda: _failed(core, 3 * rounds))
    for entry in await core.store.outbox():
        await core.engine.discard(entry.mutation.entity_id)
    if await core.outbox():
        wrong.append("a discarded message is still there")
    return took, len(poisons) * rounds, wrong


async def _listed(core: Core, count: int) -> bool:
    return len(await core.store.entries()) == count


async def _is_sent(core: Core, key: str) -> bool:
    message = await core.store.message(key)
    return message is not None and message.delivery is DeliveryState.SENT


async def _is_failed(core: Core, key: str) -> bool:
    message = await core.store.message(key)
    return message is not None and message.delivery is DeliveryState.FAILED


async def _sent_in(core: Core, talk: str, count: int) -> bool:
    shown = await core.store.messages(talk, limit=1000)
    return sum(m.content.startswith("good") and m.delivery is DeliveryState.SENT for m in shown) == count


async def _failed(core: Core, count: int) -> bool:
    pending, failed = await core.store.outbox_counts()
    return (pending, failed) == (0, count)


async def test_refused_messages_stay_and_the_others_flow(database: Database) -> None:
    async with rig(database) as made:
        took, refused, wrong = await flows_around(made, rounds=2)
        assert wrong == []
        assert refused == 10
        assert max(took) <= 1.0
        assert made.cores["anna"].watch.faults == []


@pytest.mark.parametrize("text", ["a \0 b", "half a \ud83d character"])
async def test_text_that_no_server_can_hold_is_refused_at_the_composer(tmp_path: Path, text: str) -> None:
    core = await Core.start("a", tmp_path, user_id=new_id())
    talk = (await core.create("Talk"))["entity"]
    with pytest.raises(BadInput):
        await core.send(talk, text)
    assert [entry["kind"] for entry in await core.outbox()] == ["create_conversation"]
    await core.stop()


async def test_an_outbox_of_an_unknown_version_is_set_aside_whole(tmp_path: Path) -> None:
    core = await Core.start("a", tmp_path, user_id=new_id())
    talk = (await core.create("Talk"))["entity"]
    await core.send(talk, "a text of the future")
    await core.stop()
    slot = tmp_path / "store" / "account" / "slot-0"
    connection = sqlite3.connect(slot / "outbox.db")
    connection.execute("PRAGMA user_version = 9999")
    connection.close()
    store = await Store.open(tmp_path / "store", "account", SystemClock())
    try:
        # Either it is understood, or the user is told and the file with the text is still there.
        kept = b"".join(path.read_bytes() for path in slot.glob("outbox.db*"))
        assert b"a text of the future" in kept
        assert store.recovered or len(await store.outbox()) == 2
    finally:
        await store.close()
