"""How the link and the channels stand, for the report of a problem."""

from __future__ import annotations

from collections.abc import Sequence

from chatdesk.sync.catch_up import CatchUp
from chatdesk.sync.channels import Channels, is_rows_topic
from chatdesk.sync.link import Link


def report(
    *,
    link: Link,
    channels: Channels,
    catch_up: CatchUp,
    now: float,
    last_event: tuple[float, str] | None,
    own_topic: str,
    opened: Sequence[str],
) -> dict[str, object]:
    """Return states and numbers, no text and no tokens."""
    return {
        "link": link.state.value,
        "reason": link.reason,
        "since": link.since.isoformat(),
        "attempts": link.attempts,
        "last_beat_seconds_ago": link.seconds_since_beat(),
        "channels": channels.standing,
        "subscriptions": _subscriptions(channels.standing, own_topic, opened),
        "user_cursor": catch_up.user_cursor,
        "open_conversation_cursor": catch_up.open_cursor,
        "last_event": last_event[1] if last_event is not None else None,
        "last_event_seconds_ago": round(now - last_event[0], 1) if last_event is not None else None,
    }


def _subscriptions(standing: dict[str, str], own_topic: str, opened: Sequence[str]) -> dict[str, str]:
    """The user's own words for what is listened to: profile, conversations, the open one's messages."""
    own = standing.get(own_topic, "not joined")
    found = {"profile-changes": own, "conversations-changes": own}
    for each in opened:
        rows = (state for topic, state in standing.items() if is_rows_topic(topic, each))
        found[f"messages-{each}"] = next(rows, "not joined")
    return found
