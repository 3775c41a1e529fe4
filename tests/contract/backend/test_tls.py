"""Only a server with a trusted certificate is talked to, over HTTP and over the websocket alike."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from aiohttp import web

from chatdesk.backend import http, realtime_socket
from chatdesk.backend.check import SCHEMA_VERSION, check_project
from chatdesk.backend.feed import RealtimeFeed
from chatdesk.domain.errors import Offline
from chatdesk.domain.session import BackendAddress, BackendKind
from tests.contract.backend.ears import Ears
from tests.support.certificate import self_signed


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate for 127.0.0.1 and its key, in one file."""
    return self_signed(tmp_path / "server.pem")


@asynccontextmanager
async def server_with(certificate: Path) -> AsyncIterator[BackendAddress]:
    async def version(_request: web.Request) -> web.Response:
        return web.json_response({"version": SCHEMA_VERSION})

    async def socket(request: web.Request) -> web.WebSocketResponse:
        answer = web.WebSocketResponse()
        await answer.prepare(request)
        async for _ in answer:
            pass
        return answer

    application = web.Application()
    application.router.add_post("/rest/v1/rpc/schema_state", version)
    application.router.add_get("/realtime/v1/websocket", socket)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    try:
        url = f"https://127.0.0.1:{runner.addresses[0][1]}"
        yield BackendAddress(BackendKind.SUPABASE, url, "key")
    finally:
        await runner.cleanup()


async def test_a_certificate_nobody_vouches_for_is_refused(certificate: Path) -> None:
    ears = Ears()
    async with server_with(certificate) as address:
        with pytest.raises(Offline) as caught:
            await check_project(address)
        assert caught.value.code == "tls"
        feed = RealtimeFeed(address, ears.on_frame, ears.on_channel)
        with pytest.raises(Offline) as caught:
            await feed.open("token")
        assert caught.value.code == "tls"
        await feed.close()


async def test_a_trusted_certificate_is_trusted_by_both(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trusting() -> ssl.SSLContext:
        context = httpx.create_ssl_context()
        context.load_verify_locations(certificate)
        return context

    for module in (http, realtime_socket):
        monkeypatch.setattr(module, "tls_context", trusting)
    ears = Ears()
    async with server_with(certificate) as address:
        await check_project(address)
        feed = RealtimeFeed(address, ears.on_frame, ears.on_channel)
        await feed.open("token")
        await feed.close()
