"""ChatDesk with a stopwatch: ``python -m benchmarks.traced`` takes the arguments of ``chatdesk``.

The stamps are taken around the program's own calls, so that the program has none in it. A puppet tells them
when it is asked for ``stamps``; with ``CHATDESK_TELL_START`` set the process writes two lines to stderr:
``painted <ns>`` when list and last conversation are on screen, ``connected <ns>`` when the link is up.
All times are nanoseconds of the machine's monotonic clock.
"""

from __future__ import annotations

import functools
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

now = time.monotonic_ns

STAMPS: dict[str, dict[str, int]] = defaultdict(dict)
"""By message, when each stage was reached for the first time."""


def stamp(message_id: str, stage: str) -> None:
    STAMPS[message_id].setdefault(stage, now())


def around(
    owner: Any, name: str, before: Callable[..., None] | None = None, after: Callable[..., None] | None = None
) -> None:
    """Have ``before`` and ``after`` called with the arguments of a method (a plain one or a coroutine)."""
    whole = getattr(owner, name)

    if whole.__code__.co_flags & 0x80:

        @functools.wraps(whole)
        async def waited(*args: Any, **kwargs: Any) -> Any:
            if before is not None:
                before(*args)
            answer = await whole(*args, **kwargs)
            if after is not None:
                after(*args)
            return answer

        setattr(owner, name, waited)
        return

    @functools.wraps(whole)
    def called(*args: Any, **kwargs: Any) -> Any:
        if before is not None:
            before(*args)
        answer = whole(*args, **kwargs)
        if after is not None:
            after(*args)
        return answer

    setattr(owner, name, called)


def trace_delivery() -> None:
    """Stamp a message's way out and in."""
    from chatdesk.app.lazy_ports import LazyRemote
    from chatdesk.app.puppet import PuppetStrings
    from chatdesk.domain.change import MessageChanged
    from chatdesk.models.message_list import MessageListModel
    from chatdesk.services.open_account import OpenAccount
    from chatdesk.store.store import Store
    from chatdesk.sync.inbound import Inbound

    around(
        Store,
        "enqueue",
        lambda _, mutation, *__: stamp(mutation.entity_id, "enqueue"),
        lambda _, mutation, *__: stamp(mutation.entity_id, "durable"),
    )
    around(
        LazyRemote,
        "push",
        lambda _, mutation: stamp(mutation.entity_id, "request"),
        lambda _, mutation: stamp(mutation.entity_id, "answer"),
    )

    def framed(_: object, frame: object) -> None:
        if isinstance(frame, MessageChanged):
            stamp(frame.message_id, "frame")

    def told(stage: str) -> Callable[..., None]:
        def each(_: object, changes: Any) -> None:
            for change in changes.messages:
                stamp(change.message.id, stage)

        return each

    around(Inbound, "take", framed)
    around(OpenAccount, "take_changes", told("stored"), None)
    around(MessageListModel, "apply", None, told("modelled"))

    async def stamps(_: object, request: dict[str, Any]) -> dict[str, Any]:
        return {"stamps": {each: STAMPS.get(each, {}) for each in request["messages"]}}

    PuppetStrings.stamps = stamps  # type: ignore[attr-defined]  # one request more


def trace_start() -> None:
    """Write when the window shows what it is to show, and when it is connected."""
    from chatdesk.domain.session import LinkState
    from chatdesk.services.open_account import OpenAccount
    from chatdesk.ui.conversations.list_view import ConversationListView
    from chatdesk.ui.timeline.view import TimelineView

    seen: set[str] = set()

    def look(stage: str) -> None:
        if stage in seen:
            return
        seen.add(stage)
        if stage != "connected" and {"list", "timeline"} <= seen:
            sys.stderr.write(f"painted {now()}\n")
        elif stage == "connected":
            sys.stderr.write(f"connected {now()}\n")
        sys.stderr.flush()

    def list_painted(view: Any, *_: object) -> None:
        if view.model() is not None and view.model().rowCount():
            look("list")

    def state(account: Any) -> None:
        account.state_changed.connect(
            lambda told: look("connected") if told.link is LinkState.CONNECTED else None
        )

    around(ConversationListView, "paintEvent", None, list_painted)
    around(TimelineView, "note_painted", None, lambda *_: look("timeline"))
    around(OpenAccount, "__init__", None, lambda account, *_: state(account))


def main() -> int:
    from chatdesk.cli import ready_to_import

    ready_to_import()
    import chatdesk.app.application

    assert chatdesk.app.application
    if "--puppet" in sys.argv:
        trace_delivery()
    if os.environ.get("CHATDESK_TELL_START"):
        trace_start()
    from chatdesk.__main__ import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
