"""The embedded back end behind a polling timer: ``python -m benchmarks.polled LOG`` and the server's own
options.

``LOG`` gets a line of JSON for each message's frame: ``message``, and for how many ns the timer ``held`` it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.poll import Poll


def hold_back(log: Path) -> None:
    """Put the timer between the database's word and the server's reading of the row."""
    from chatdesk.localbackend.realtime.feed import DatabaseMessage, Feed, read_announcement

    notified, hand_over = Feed._on_notified, Feed._hand_over
    polls: dict[int, Poll[tuple[Any, ...]]] = {}
    held: dict[str, int] = {}

    def late(feed: Feed, *told: Any) -> None:
        def release(what: tuple[Any, ...], came: int, went: int) -> None:
            held[read_announcement(what[3])[0]] = went - came
            notified(feed, what[0], what[1], what[2], what[3])

        polls.setdefault(id(feed), Poll(release)).add(told)

    def noted(feed: Feed, batch: Sequence[DatabaseMessage | None]) -> None:
        lines = []
        for row in batch:
            if row is not None and row.event == "message":
                message = json.loads(row.payload)["message_id"]
                lines.append(json.dumps({"message": message, "held": held.pop(row.id, 0)}) + "\n")
        if lines:
            with log.open("a") as file:
                file.writelines(lines)
        hand_over(feed, batch)

    setattr(Feed, "_on_notified", late)  # noqa: B010 (it is a method to the type checker)
    setattr(Feed, "_hand_over", noted)  # noqa: B010


def main() -> int:
    hold_back(Path(sys.argv[1]))
    from chatdesk.localbackend.__main__ import main as serve

    return serve(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
