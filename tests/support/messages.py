"""Messages for tests: made by hand or in any number, always the same."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from chatdesk.domain.change import ChangeSet, MessageChange, Verb
from chatdesk.domain.message import DeliveryState, Message, MessageStatus, Role
from chatdesk.domain.profile import Profile

CONVERSATION = "0190c0de-0000-7000-8000-00000000c0de"
ME = "0190c0de-0000-7000-8000-0000000000aa"
ANNA = "0190c0de-0000-7000-8000-0000000000bb"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

_WORDS = """
the model answers with a list of steps and some code so that you can check it quickly while **bold claims**
stay rare and `inline_code()` shows up next to [links](https://example.com/x) and numbers like 42 or 3.14
""".split()  # noqa: SIM905 (a sentence is easier to read than forty strings)
_CODE = (
    "```python\ndef total(event: dict[str, int]) -> int:\n    # every value counts twice\n"
    "    return sum(x * 2 for x in event.values())\n```\n"
)
_TABLE = "| name | value |\n|:-----|------:|\n| alpha | 1 |\n| beta | 2 |\n"


def message_id(number: int) -> str:
    """Return the id of message ``number``; ids grow with numbers."""
    return f"0190c0de-0000-7000-8000-{number:012x}"


def message(
    number: int,
    content: str = "",
    *,
    role: Role | None = None,
    author: str | None = ME,
    seq: int | None = 0,
    status: MessageStatus = MessageStatus.COMPLETE,
    delivery: DeliveryState = DeliveryState.SENT,
    failure: str | None = None,
    error: str | None = None,
    model: str | None = None,
    revision: int = 0,
    created_at: datetime | None = None,
    deleted_at: datetime | None = None,
    parent: int | None = None,
    replaces: int | None = None,
    conversation_id: str = CONVERSATION,
) -> Message:
    """Make a message; odd numbers are the user's, even ones replies; ``seq`` 0 means the number."""
    speaker = role or (Role.USER if number % 2 else Role.ASSISTANT)
    written = created_at or START + timedelta(minutes=number * 3)
    return Message(
        id=message_id(number),
        conversation_id=conversation_id,
        parent_id=None if parent is None else message_id(parent),
        author_id=author if speaker is Role.USER else None,
        role=speaker,
        content=content or f"message {number}",
        model=model or ("scripted" if speaker is Role.ASSISTANT else None),
        status=status,
        seq=number if seq == 0 else seq,
        revision=revision or number,
        created_at=written,
        updated_at=written,
        error=error,
        deleted_at=deleted_at,
        delivery=delivery,
        failure=failure,
        replaces=None if replaces is None else message_id(replaces),
    )


def messages(count: int, *, first: int = 1, rich: bool = False, seed: int = 1) -> list[Message]:
    """Make many messages; ``rich`` ones hold Markdown of 20 to 2,000 characters."""
    chance = random.Random(seed)
    return [
        message(number, markdown(chance, int(20 * 100 ** chance.random())) if rich else "")
        for number in range(first, first + count)
    ]


def markdown(chance: random.Random, length: int) -> str:
    """Make about ``length`` characters of Markdown as models write it."""
    pieces: list[str] = []
    while sum(map(len, pieces)) < length:
        draw = chance.random()
        if draw < 0.15 and length > 300:
            pieces.append(_CODE)
        elif draw < 0.25 and length > 300:
            pieces.append("".join(f"- {' '.join(chance.choices(_WORDS, k=6))}\n" for _ in range(4)))
        elif draw < 0.30 and length > 500:
            pieces.append(_TABLE)
        elif draw < 0.36 and length > 500:
            pieces.append(f"## {' '.join(chance.choices(_WORDS, k=4))}\n")
        elif draw < 0.42 and length > 500:
            pieces.append(f"> {' '.join(chance.choices(_WORDS, k=12))}\n")
        else:
            pieces.append(
                " ".join(chance.choices(_WORDS, k=chance.randint(3, max(4, min(50, length // 6))))) + "\n"
            )
    return "\n".join(pieces)


def profile(
    user_id: str = ANNA, name: str = "Anna Berg", *, revision: int = 1, avatar: str | None = None
) -> Profile:
    """Make a person."""
    return Profile(user_id, None, name, avatar, revision, START)


def added(*rows: Message) -> ChangeSet:
    """Say that these rows came."""
    return ChangeSet(messages=tuple(MessageChange(Verb.ADDED, row) for row in rows))


def changed(*rows: Message) -> ChangeSet:
    """Say that these rows changed."""
    return ChangeSet(messages=tuple(MessageChange(Verb.CHANGED, row) for row in rows))


def removed(*rows: Message) -> ChangeSet:
    """Say that these rows went."""
    return ChangeSet(messages=tuple(MessageChange(Verb.REMOVED, row) for row in rows))
