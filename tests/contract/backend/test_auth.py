"""Signing in, renewing and signing out on the embedded back end."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from chatdesk.backend.auth import AuthApi
from chatdesk.backend.check import check_project
from chatdesk.backend.client import BackendClient
from chatdesk.domain.clock import SystemClock
from chatdesk.domain.errors import Misconfigured, NeedsSignIn, Refused
from chatdesk.domain.ids import new_id
from chatdesk.localbackend.application import Settings
from tests.contract.backend.rig import PASSWORD, Street, address_of
from tests.support.postgres import Clusters, empty_database
from tests.support.server import Wire, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def wire(clusters: Clusters) -> AsyncIterator[Wire]:
    """A back end whose refresh tokens work exactly once."""
    async with (
        empty_database(clusters.get(18), template="chatdesk_template") as database,
        serving(database, Settings(reuse_seconds=0)) as made,
    ):
        yield made


async def test_an_account_from_sign_up_to_sign_out(street: Street) -> None:
    auth, email = street.stranger().auth, f"{new_id()}@example.org"
    session = await auth.sign_up(email, PASSWORD)
    assert session is not None
    assert session.email == email
    assert timedelta(minutes=59) < session.expires_at - datetime.now(UTC) <= timedelta(hours=1)
    assert await auth.get_user(session.access_token) == (session.user_id, email)
    with pytest.raises(Refused):
        await auth.sign_up(email, PASSWORD)
    again = await auth.sign_in(f" {email} ", PASSWORD)
    assert again.user_id == session.user_id
    renewed = await auth.refresh(again.refresh_token)
    assert renewed.refresh_token != again.refresh_token
    await auth.sign_out(renewed.access_token)
    with pytest.raises(NeedsSignIn):
        await auth.refresh(renewed.refresh_token)
    await auth.sign_out(renewed.access_token)
    kept = await auth.refresh(session.refresh_token)
    await auth.sign_out(kept.access_token, "global")
    with pytest.raises(NeedsSignIn):
        await auth.refresh(kept.refresh_token)


@pytest.mark.parametrize(
    ("email", "password"),
    [("", ""), ("a@b.c", ""), ("nobody@example.org", "open sesame"), ("no address", "x" * 10)],
)
async def test_a_wrong_sign_in_is_refused_with_a_next_step(street: Street, email: str, password: str) -> None:
    with pytest.raises(Refused) as caught:
        await street.stranger().auth.sign_in(email, password)
    assert caught.value.next_step
    if password:
        assert password not in str(caught.value)


async def test_a_weak_password_is_refused(street: Street) -> None:
    with pytest.raises(Refused) as caught:
        await street.stranger().auth.sign_up(f"{new_id()}@example.org", "short")
    assert "password" in caught.value.message


async def test_a_spent_refresh_token_ends_the_session(street: Street) -> None:
    ada = await street.person()
    spent = ada.keeper.session
    assert spent is not None
    newer = await ada.auth.refresh(spent.refresh_token)
    newest = await ada.auth.refresh(newer.refresh_token)
    with pytest.raises(NeedsSignIn) as caught:
        await ada.auth.refresh(spent.refresh_token)
    assert caught.value.code == "refresh_token_already_used"
    assert newest.refresh_token != newer.refresh_token


async def test_windows_that_share_a_session_renew_it_once_each_time(street: Street) -> None:
    """The real server, refresh tokens that work once, one session file, eight windows."""
    first = await street.person()
    windows = [first, *[await street.second_window(first) for _ in range(7)]]
    for window in windows:
        window.keeper._storage = first.memory
        window.keeper._lock = first.keeper._lock
    for _ in range(3):
        for window in windows:
            window.keeper.distrust(await window.keeper.access_token())
        await asyncio.gather(*(window.keeper.access_token() for window in windows))
    assert len({str(window.keeper.session) for window in windows}) == 1
    await first.new_conversation()


async def test_a_wrong_key_is_a_wrong_set_up(wire: Wire) -> None:
    client = BackendClient(dataclasses.replace(address_of(wire), api_key="sb_publishable_wrong"))
    try:
        with pytest.raises(Misconfigured):
            await AuthApi(client, SystemClock()).sign_in("a@example.org", PASSWORD)
    finally:
        await client.close()
    with pytest.raises(Misconfigured) as caught:
        await check_project(client.address)
    assert caught.value.code == "key"


async def test_the_embedded_back_end_is_a_project(wire: Wire) -> None:
    await check_project(address_of(wire))


async def test_nothing_is_kept_between_requests(street: Street) -> None:
    """Pitfalls of the library's own session: a race at sign-in, timers, a store that is cleared."""
    stranger = street.stranger()
    for _ in range(3):
        await stranger.auth.sign_up(f"{new_id()}@example.org", PASSWORD)
    assert await stranger.client.supabase.auth.get_session() is None
    headers = stranger.client.supabase.options.headers
    assert headers["Authorization"] == f"Bearer {stranger.wire.anon_key}"
    await stranger.client.close()
    files = {getattr(task.get_coro(), "cr_code", None) for task in asyncio.all_tasks()}
    assert not any("site-packages/supabase" in code.co_filename for code in files if code is not None)
    assert not any("site-packages/realtime" in code.co_filename for code in files if code is not None)
