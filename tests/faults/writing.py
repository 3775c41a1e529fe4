"""A person who writes on a failing disk, as a process: ``python -m tests.faults.writing DIRECTORY COUNT``.

Says ``ready`` when the store is open (or ``closed SENTENCE`` when it cannot be), then for each message
``yes ID`` or ``no ID SENTENCE``, then ``kept IDS`` (what the running instance still means to send) and
``shown IDS`` (what its timeline shows).
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from chatdesk.domain.clock import SystemClock
from chatdesk.domain.errors import ChatDeskError
from chatdesk.domain.message import DeliveryState
from chatdesk.store.store import Store
from tests.unit.store.rows import send


def say(*words: str) -> None:
    """Print one line at once."""
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


async def main(directory: Path, count: int) -> None:
    """Write ``count`` messages of about a page each."""
    try:
        store = await Store.open(directory, "account", SystemClock())
    except ChatDeskError as refusal:
        say("closed", str(refusal))
        return
    try:
        say("ready")
        await _write(store, count)
    finally:
        await store.close()


async def _write(store: Store, count: int) -> None:
    for number in range(count):
        change = replace(send("a", f"m{number}", f"text {number} " * 300), id=f"c{number}")
        try:
            await store.enqueue(change)
        except ChatDeskError as refusal:
            say("no", change.entity_id, str(refusal))
        else:
            say("yes", change.entity_id)
    waiting = [row.id for row in await store.messages("a") if row.delivery is DeliveryState.PENDING]
    say("kept", *(entry.mutation.entity_id for entry in await store.outbox()))
    say("shown", *waiting)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
