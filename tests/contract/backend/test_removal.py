"""Deleting an account over the wire: files first, cut anywhere, done once more."""

from __future__ import annotations

import pytest

from chatdesk.backend.client import BackendClient
from chatdesk.backend.removal import AccountRemoval
from chatdesk.backend.tables import SupabaseRemote
from chatdesk.domain.attachment import NewFile, attach
from chatdesk.domain.errors import AccountGone, ChatDeskError, NeedsSignIn, Offline, Refused
from chatdesk.domain.ids import new_id
from chatdesk.domain.session import BackendAddress, BackendKind
from tests.contract.backend.rig import Street, Window
from tests.support.relay import Relay, relay_to

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]

PICTURE = b"\x89PNG\r\n\x1a\n" + b"x" * 100


async def furnished(street: Street) -> Window:
    """Somebody with a profile picture, and a chat with a file."""
    window = await street.person()
    conversation, message = await window.new_conversation(), new_id()
    (path,) = attach((NewFile("note.txt", "text/plain", b"words"),), conversation, message)
    await window.remote.put_file(path, b"words", "text/plain")
    await window.avatars.upload(window.user_id, PICTURE, "image/png")
    return window


def removal(window: Window, client: BackendClient | None = None) -> AccountRemoval:
    client = client or window.client
    return AccountRemoval(client, window.keeper, SupabaseRemote(client, window.keeper))


async def files_of(window: Window) -> int:
    query = "select count(*) from storage.objects where owner_id = $1"
    return int(await (await window.wire.admin()).fetchval(query, window.user_id))


async def lives(window: Window) -> bool:
    query = "select exists (select from auth.users where id = $1)"
    return bool(await (await window.wire.admin()).fetchval(query, window.user_id))


async def test_files_and_account_go_and_nothing_is_left_on_the_disk(street: Street) -> None:
    window = await furnished(street)
    folder = window.wire.storage
    stored = {path for path in folder.rglob("*") if path.is_file()}
    told: list[int] = []
    await removal(window).run(window.user_id, told.append)
    assert told == [1, 2]
    assert not await lives(window)
    assert await files_of(window) == 0
    left = {path for path in folder.rglob("*") if path.is_file()}
    assert len(stored - left) == 2
    with pytest.raises(AccountGone, match="was deleted"):
        await window.remote.pull_changes(0)
    await removal(window).run(window.user_id, told.append)  # said twice, done once
    assert window.keeper.session is not None
    with pytest.raises(NeedsSignIn):
        await window.auth.refresh(window.keeper.session.refresh_token)


@pytest.mark.parametrize("step", ["account_files", "delete_account"])
@pytest.mark.parametrize("answered", [False, True])
async def test_a_cut_at_any_step_is_made_good_by_doing_it_again(
    street: Street, step: str, answered: bool
) -> None:
    window = await furnished(street)
    port = int(window.wire.url.rpartition(":")[2])
    async with relay_to(port) as relay:
        address = BackendAddress(BackendKind.SUPABASE, relay.url, window.wire.anon_key)
        client = BackendClient(address)
        cut = _CutRemote(client, window, relay, step, answered=answered)
        with pytest.raises(Offline):
            await AccountRemoval(client, window.keeper, cut).run(window.user_id, lambda _count: None)
        await client.close()
    came_through = step == "delete_account" and answered
    assert await lives(window) is not came_through
    await removal(window).run(window.user_id, lambda _count: None)
    assert not await lives(window)
    assert await files_of(window) == 0


class _CutRemote(SupabaseRemote):
    """Requests of which one loses its way there, or its answer."""

    def __init__(
        self, client: BackendClient, window: Window, relay: Relay, step: str, *, answered: bool
    ) -> None:
        super().__init__(client, window.keeper)
        self._straight = window.remote
        self._relay = relay
        self._step = step
        self._through = answered

    async def call(self, name: str, args: object) -> object:
        if name == self._step:
            if self._through:
                await self._straight.call(name, dict(args))  # type: ignore[call-overload]  # a mapping
            await self._relay.cut()
        return await super().call(name, args)  # type: ignore[arg-type]  # as it came


async def test_a_file_that_cannot_be_removed_keeps_the_account(street: Street) -> None:
    window = await furnished(street)
    admin = await window.wire.admin()
    policy = 'alter policy "ChatDesk: remove own avatar" on storage.objects using ({})'
    query = (
        "select pg_get_expr(polqual, polrelid) from pg_policy where polname = 'ChatDesk: remove own avatar'"
    )
    was = await admin.fetchval(query)
    await admin.execute(policy.format("false"))
    try:
        with pytest.raises(Refused, match="was not deleted"):
            await removal(window).run(window.user_id, lambda _count: None)
    finally:
        await admin.execute(policy.format(was))
    assert await lives(window)
    assert await files_of(window) == 1
    await removal(window).run(window.user_id, lambda _count: None)
    assert not await lives(window)


async def test_another_session_deletes_nobody(street: Street) -> None:
    window, other = await furnished(street), await street.person()
    with pytest.raises(ChatDeskError):
        await removal(other).run(window.user_id, lambda _count: None)
    assert await lives(window)
    assert await lives(other)
