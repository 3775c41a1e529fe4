"""Journeys through the sign-in dialogs: what is shown, and the mails that were sent meanwhile."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from chatdesk.app.puppeteer import Puppet
from tests.support.instances import State
from tests.support.server import Wire

DEADLINE = 30.0


async def until_way(puppet: Puppet, what: str, met: Callable[[State], bool]) -> State:
    """Wait until the dialog shows something."""
    state: State = {}
    try:
        async with asyncio.timeout(DEADLINE):
            while not met(state := await puppet.ask("way_state")):  # noqa: ASYNC110  (no event)
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"{puppet.name}: {what} did not happen; {json.dumps(state)[:1500]}") from None
    return state


def on(page: str) -> Callable[[State], bool]:
    """Make a condition: this page is shown and nobody is being asked."""
    return lambda state: state["page"] == page and not state["busy"]


def told(state: State) -> bool:
    """A sentence of trouble is shown."""
    return bool(state["error"]) and not state["busy"]


async def mail_to(wire: Wire, address: str, kind: str) -> dict[str, Any]:
    """The newest mail of a kind to an address."""
    bearer = {"Authorization": f"Bearer {wire.control.control_token}"}
    async with asyncio.timeout(DEADLINE):
        while True:
            _, body, _ = await wire.ask("GET", "/local/v1/mails", headers=bearer)
            for mail in body["mails"]:
                if (mail["to"], mail["kind"]) == (address, kind):
                    return dict(mail)


async def let_mails_go(wire: Wire) -> None:
    """Let a minute pass for the pause between two mails."""
    await (await wire.admin()).execute(
        "update auth.mails set created_at = created_at - interval '61 seconds'"
    )
