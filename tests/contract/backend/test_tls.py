"""Only a server with a trusted certificate is talked to, over HTTP and over the websocket alike."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chatdesk.backend import http, realtime_socket
from chatdesk.backend.check import SCHEMA_VERSION, check_project
from chatdesk.backend.feed import RealtimeFeed
from chatdesk.domain.errors import Offline
from chatdesk.domain.session import BackendAddress, BackendKind
from tests.contract.backend.ears import Ears


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate for 127.0.0.1 and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


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
