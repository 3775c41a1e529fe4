"""Makes a data directory as an account leaves it behind, of any size, without a server."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chatdesk.app.account_book import AccountBook, KnownAccount
from chatdesk.domain.change import RowBatch
from chatdesk.domain.clock import SystemClock
from chatdesk.domain.conversation import Conversation, MemberRole, Membership
from chatdesk.domain.message import Message, MessageStatus, Role
from chatdesk.domain.session import Account, BackendAddress, BackendKind
from chatdesk.services.realtime import LAST_CONVERSATION
from chatdesk.store.store import Store
from tests.support.messages import markdown

ME = "0190c0de-0000-7000-8000-0000000000aa"
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
PAGE = 2_000
ACCOUNT = "nowhere"
NOWHERE = "http://127.0.0.1:9"
RARE = "zymurgy"
"""A word that every thousandth message holds."""


@dataclass(frozen=True)
class Wish:
    """So many conversations; the first ones have so many messages, the others none."""

    conversations: int
    messages: Sequence[int]
    last: int = 0
    """Which of them the window showed when it was closed."""


def conversation_id(number: int) -> str:
    return f"0190c0de-0000-7000-9000-{number:012x}"


def message_id(conversation: int, number: int) -> str:
    return f"0190c0de-{conversation:04x}-7000-8000-{number:012x}"


def message(conversation: int, number: int, content: str) -> Message:
    """Make one row; odd numbers are the user's."""
    when = BEGIN + timedelta(seconds=number * 60)
    own = number % 2 == 1
    return Message(
        id=message_id(conversation, number),
        conversation_id=conversation_id(conversation),
        parent_id=message_id(conversation, number - 1) if number > 1 else None,
        author_id=ME if own else None,
        role=Role.USER if own else Role.ASSISTANT,
        content=content,
        model=None if own else "a model",
        status=MessageStatus.COMPLETE,
        seq=number,
        revision=number,
        created_at=when,
        updated_at=when,
    )


def texts(count: int) -> list[str]:
    """Make Markdown of 20 to 2,000 characters, always the same."""
    chance = random.Random(7)
    kinds = [markdown(chance, int(20 * 100 ** chance.random())) for _ in range(400)]
    return [
        f"{kinds[number % 400]} {RARE if number % 1_000 == 500 else ''} {number}" for number in range(count)
    ]


def listed(wish: Wish) -> RowBatch:
    """Make the conversations, the first one the newest."""
    rows, members = [], []
    for number in range(wish.conversations):
        count = wish.messages[number] if number < len(wish.messages) else 0
        when = BEGIN + timedelta(days=200) - timedelta(minutes=number)
        key = conversation_id(number)
        rows.append(
            Conversation(key, ME, f"Talk number {number}", None, None, None, count, count + 1, 1, BEGIN, when)
        )
        members.append(Membership(key, ME, MemberRole.OWNER, count, False, False, 1))
    return RowBatch(conversations=tuple(rows), memberships=tuple(members))


async def seed(data: Path, wish: Wish) -> Account:
    """Fill ``data`` with an account on a server that is not there, and its cache; returns the account."""
    account = Account(ACCOUNT, ME, BackendKind.SUPABASE, NOWHERE)
    data.mkdir(parents=True, exist_ok=True)
    address = BackendAddress(BackendKind.SUPABASE, NOWHERE, "no key")
    AccountBook(data / "accounts.json").opened(KnownAccount(account, address))
    store = await Store.open(data / "accounts", account.key, SystemClock())
    whole = listed(wish)
    for at in range(0, wish.conversations, PAGE):
        await store.apply(
            RowBatch(
                conversations=whole.conversations[at : at + PAGE],
                memberships=whole.memberships[at : at + PAGE],
            )
        )
    for number, count in enumerate(wish.messages):
        contents = texts(count)
        for at in range(0, count, PAGE):
            rows = tuple(
                message(number, each + 1, contents[each]) for each in range(at, min(at + PAGE, count))
            )
            await store.apply(
                RowBatch(messages=rows),
                conversation_cursors={conversation_id(number): rows[-1].revision + 1},
                complete_from={conversation_id(number): True},
            )
    await store.save_setting(LAST_CONVERSATION, conversation_id(wish.last))
    await store.close()
    return account
