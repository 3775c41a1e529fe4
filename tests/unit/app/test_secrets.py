"""Which vault is opened, and for whom."""

from __future__ import annotations

import asyncio
from pathlib import Path

from chatdesk.app.secrets import Secrets
from chatdesk.app.slow_import import Part, imported, window_painted


async def test_who_does_without_a_keyring_while_its_library_comes_has_none(tmp_path: Path) -> None:
    window_painted()
    await imported(Part.LAUNCHER)
    secrets = Secrets(tmp_path / "keys.lock", memory=False)
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(secrets.persistent())
        await asyncio.sleep(0)  # the library is being imported in a thread
        secrets.do_without()
    assert asked.result() is False
    assert await secrets.key("a key") == await secrets.key("a key")
