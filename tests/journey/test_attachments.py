"""A picture and a text that one window attaches are seen in the other."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QImage

from chatdesk.app.puppeteer import Puppet
from tests.support.instances import has, reply_to

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]


async def files_in(each: Puppet, wanted: list[tuple[str, int, list[int] | None]]) -> None:
    """Wait until the window shows exactly these files: name, size in bytes, size of the small picture."""
    seen: list[object] = []
    for _ in range(1000):
        told = (await each.ask("files"))["files"]
        seen = [(one["name"], one["size"], one["picture"]) for one in told]
        if seen == wanted:
            return
        await asyncio.sleep(0.03)
    raise AssertionError(f"{seen} instead of {wanted}")


async def test_the_other_window_shows_the_picture(a: Puppet, b: Puppet, tmp_path: Path) -> None:
    conversation = str((await a.ask("create", title="Files"))["conversation_id"])
    await b.until_state("the new conversation", has(conversation))
    await b.ask("open", conversation_id=conversation)
    picture, note = tmp_path / "evening.png", tmp_path / "größe.py"
    image = QImage(1040, 400, QImage.Format.Format_RGB32)
    image.fill(QColor("#8e5ea2"))
    assert image.save(str(picture))
    note.write_text("größe = 1\n", encoding="utf-8")
    answer = await a.ask("attach", paths=[str(picture), str(note), str(tmp_path)])
    assert len(answer["chips"]) == 2, "a folder is refused, the others are there"
    sent = (await a.ask("send", text="What is this?"))["message_id"]
    wanted = [
        ("evening.png", picture.stat().st_size, [520, 200]),
        ("größe.py", note.stat().st_size, None),
    ]
    for each in (a, b):
        await files_in(each, wanted)
    # The model that recites was given the text of the file, behind the question.
    state = await b.until_state(
        "the reply", lambda state: (reply_to(state, sent) or {}).get("status") == "complete"
    )
    assert "größe = 1" in (reply_to(state, sent) or {})["content"]
    assert (await a.ask("state"))["pending"] == 0
