"""What is imported in one window arrives in the other, and an export brings it all back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chatdesk.app.puppeteer import Puppet
from tests.support.instances import House, State, connected, contents, titles

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]


def node(key: str, parent: str | None, role: str, text: str, *children: str) -> dict[str, Any]:
    message = {
        "author": {"role": role},
        "content": {"content_type": "text", "parts": [text]},
        "create_time": 1_600_000_000.5,
    }
    return {"id": key, "parent": parent, "children": list(children), "message": message}


def foreign(number: int) -> dict[str, Any]:
    """One conversation of a foreign export: a question with two replies, the first of which is shown."""
    mapping = {
        "q": node("q", None, "user", f"Question {number}", "a", "b"),
        "a": node("a", "q", "assistant", "The reply that was chosen"),
        "b": node("b", "q", "assistant", "The other reply"),
    }
    title = f"Foreign {number:04}"
    return {"id": f"c{number}", "title": title, "create_time": 1.6e9, "current_node": "a", "mapping": mapping}


def said(part: str) -> Callable[[State], bool]:
    return lambda state: bool(state["transfer"]) and part in state["transfer"]["title"]


def told(part: str) -> Callable[[State], bool]:
    return lambda state: part in state["transfer"]["said"]


async def bring(puppet: Puppet, path: Path) -> State:
    """Choose a file, say yes, wait for the end; returns the state with the report."""
    await puppet.ask("examine", path=str(path))
    await puppet.until_state(
        "the question", lambda state: said("Import ")(state) and state["transfer"]["yes"]
    )
    await puppet.ask("transfer", button="yes")
    return await puppet.until_state("the report", said("The import is done"))


async def test_imported_chats_arrive_in_the_other_window(a: Puppet, b: Puppet, tmp_path: Path) -> None:
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([foreign(number) for number in range(150)]))
    state = await bring(a, path)
    assert "Imported: 150 chats with 450 messages." in state["transfer"]["said"]
    wanted = {f"Foreign {number:04}" for number in range(150)}
    for each in (a, b):
        state = await each.until_state("all of them", lambda state: wanted <= set(titles(state).values()))
        assert state["pending"] == 0
        assert state["failed"] == 0
    chosen = next(key for key, title in titles(state).items() if title == "Foreign 0007")
    await b.ask("open", conversation_id=chosen)
    state = await b.until_state("its messages", lambda state: len(state["messages"]) == 2)
    assert contents(state) == ["Question 7", "The reply that was chosen"]
    versions = (await b.ask("versions"))["versions"]
    assert [len(each["ids"]) for each in versions.values()] == [2]
    await connected(a, b)


async def test_a_second_import_and_the_own_export_double_nothing(
    a: Puppet, b: Puppet, tmp_path: Path
) -> None:
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([foreign(number) for number in range(150)]))
    before = len(titles(await a.ask("state")))
    assert "Here already: 150 chats." in (await bring(b, path))["transfer"]["said"]
    exported = tmp_path / "everything.jsonl"
    await b.ask("export", path=str(exported))
    state = await b.until_state("the export", said("The export is done"))
    assert f"{before} chats with" in state["transfer"]["said"]
    assert len(exported.read_text().splitlines()) >= 150 * 4 + 2
    state = await bring(b, exported)
    assert state["transfer"]["said"].startswith("Imported: 0 chats with 0 messages.")
    assert len(titles(await a.ask("state"))) == before


async def test_one_chat_is_written_as_it_is_shown_and_as_it_is(a: Puppet, tmp_path: Path) -> None:
    state = await a.ask("state")
    chosen = next(key for key, title in titles(state).items() if title == "Foreign 0009")
    for kind, name in (("markdown", "one.md"), ("json", "one.json")):
        path = tmp_path / name
        await a.ask("export", path=str(path), conversation_id=chosen, format=kind)
        await a.until_state("the file", told(name))
    shown = (tmp_path / "one.md").read_text()
    assert shown.startswith("# Foreign 0009\n")
    assert "The reply that was chosen" in shown
    assert "The other reply" not in shown
    whole = json.loads((tmp_path / "one.json").read_text())
    assert whole["format"] == "chatdesk-conversation"
    assert len(whole["messages"]) == 3
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


async def test_an_import_whose_window_was_killed_goes_on_in_the_next_one(
    house: House, a: Puppet, b: Puppet, tmp_path: Path
) -> None:
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([foreign(number) | {"id": f"k{number}"} for number in range(1_500)]))
    c = await house.signed_in("c")
    before = len(titles(await c.ask("state")))
    await c.ask("examine", path=str(path))
    await c.until_state("the question", said("Import 1,500"))
    await c.ask("transfer", button="yes")
    await c.until_state("some of it", lambda state: before < len(titles(state)) < before + 1_500)
    await c.kill()
    d = await house.signed_in("d")
    state = await d.until_state("the offer", said("The import was interrupted"))
    assert "of 1,500 chats" in state["transfer"]["said"]
    await d.ask("transfer", button="yes")
    await d.until_state("the rest", said("The import is done"))
    for each in (a, b, d):
        await each.until_state("all of it", lambda state: len(titles(state)) >= before + 1_500)
        assert len(titles(await each.ask("state"))) == before + 1_500
