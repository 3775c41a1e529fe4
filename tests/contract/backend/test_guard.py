"""A server that became newer is read and not written to; what is written waits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from chatdesk.backend.check import SCHEMA_VERSION
from chatdesk.backend.guard import NEWER, GuardedRemote, Watchman
from chatdesk.domain.errors import AccountGone, Retryable
from tests.contract.backend.rig import Street, Window

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]

VERSION = (
    "create or replace function public.schema_version() returns integer"
    " language sql immutable set search_path = '' as $$ select {} $$"
)
PATH = "{}/{}/0.txt"


class Heard:
    def __init__(self) -> None:
        self.newer = self.gone = 0

    def note_newer(self) -> None:
        self.newer += 1

    def note_gone(self) -> None:
        self.gone += 1


@asynccontextmanager
async def schema(window: Window, number: int) -> AsyncIterator[None]:
    admin = await window.wire.admin()
    await admin.execute(VERSION.format(number))
    try:
        yield
    finally:
        await admin.execute(VERSION.format(SCHEMA_VERSION))


async def guarded(street: Street) -> tuple[Window, Watchman, Heard]:
    window, heard = await street.person(), Heard()
    watchman = Watchman(heard.note_newer, heard.note_gone)
    window.remote = GuardedRemote(window.client, window.keeper, watchman)
    return window, watchman, heard


async def test_a_newer_server_is_only_read(street: Street) -> None:
    window, watchman, heard = await guarded(street)
    conversation = await window.new_conversation()
    await window.say(conversation, "before")
    async with schema(window, SCHEMA_VERSION + 1):
        await window.say(conversation, "on the same connection")
        watchman.anew()  # a new connection is where it is noticed
        for _ in range(2):
            with pytest.raises(Retryable, match="may only read") as refusal:
                await window.say(conversation, "after")
            assert refusal.value.code == NEWER
            assert "Update ChatDesk" in refusal.value.next_step
        with pytest.raises(Retryable, match="may only read"):
            await window.remote.put_file(PATH.format(conversation, conversation), b"x", "text/plain")
        with pytest.raises(Retryable, match="may only read"):
            await window.remote.import_conversations([])
        rows = (await window.remote.pull_messages(conversation, 0)).rows.messages
        assert [row.content for row in rows] == ["before", "on the same connection"]
        assert (await window.remote.pull_changes(0)).rows.conversations
        assert heard.newer == 1, "it is said once"
    watchman.anew()
    await window.say(conversation, "after")


async def test_it_is_noticed_at_once_without_a_write(street: Street) -> None:
    window, _watchman, heard = await guarded(street)
    assert isinstance(window.remote, GuardedRemote)
    async with schema(window, SCHEMA_VERSION + 1):
        await window.remote.look()
        assert heard.newer == 1
    async with schema(window, SCHEMA_VERSION - 1):
        await window.remote.look()
        await window.new_conversation("an older one is asked what it can do")
    assert heard.newer == 1


async def test_the_end_of_the_account_is_heard_from_any_request(street: Street) -> None:
    window, _watchman, heard = await guarded(street)
    await window.new_conversation()
    await window.remote.call("delete_account", {"p_user_id": window.user_id})
    with pytest.raises(AccountGone):
        await window.remote.pull_changes(0)
    assert heard.gone == 1
