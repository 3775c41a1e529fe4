"""Who gets in: this user's programs, with the token of the port file; no web page and no other user."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from chatdesk.backend.local_launcher import LocalLauncher
from chatdesk.backend.local_server import LocalServer
from chatdesk.domain.session import Session
from tests.support.local_backend import KEY, ended, launcher_for, new_key, postmaster_pid

STRANGER = 61_234


def caller(server: LocalServer, session: Session) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=server.url,
        trust_env=False,
        headers={"apikey": server.anon_key, "Authorization": f"Bearer {session.access_token}"},
    )


async def make_conversation(launcher: LocalLauncher, conversation_id: str) -> Session:
    session = await launcher.mint_session()
    assert launcher.server
    async with caller(launcher.server, session) as client:
        for name, arguments in (
            ("ensure_profile", {}),
            ("create_conversation", {"p_id": conversation_id, "p_title": "Kept"}),
        ):
            answer = await client.post(f"/rest/v1/rpc/{name}", json=arguments)
            assert answer.status_code == 200, answer.text
    return session


async def titles(launcher: LocalLauncher) -> list[str]:
    assert launcher.server
    async with caller(launcher.server, await launcher.mint_session()) as client:
        answer = await client.get("/rest/v1/conversations", params={"select": "title"})
        assert answer.status_code == 200, answer.text
        return [row["title"] for row in answer.json()]


async def test_a_lost_key_loses_nothing(home: Path) -> None:
    async with launcher_for(home) as launcher:
        server = await launcher.ensure(KEY)
        session = await make_conversation(launcher, "0190a000-0000-7000-8000-000000000001")
        assert session.expires_at > datetime.now(UTC) + timedelta(minutes=5)
        async with launcher_for(home) as other:
            await other.ensure(new_key())  # while it runs: the port file is proof enough
            assert (await other.mint_session()).user_id == session.user_id
    await ended(server.pid)
    async with launcher_for(home) as launcher:
        successor = await launcher.ensure(new_key())  # while it was stopped: the passwords are set anew
        assert successor.anon_key != server.anon_key
        again = await launcher.mint_session()
        assert (again.user_id, again.email) == (session.user_id, session.email)
        assert await titles(launcher) == ["Kept"]
        async with caller(successor, session) as client:
            answer = await client.get("/rest/v1/conversations")
            assert answer.status_code == 401, "a token under the old key is worth nothing"


async def test_what_was_acknowledged_survives_kills(home: Path) -> None:
    async with launcher_for(home) as launcher:
        await launcher.ensure(KEY)
        for victim in ("host", "postmaster"):
            lost: asyncio.Queue[str] = asyncio.Queue()
            await launcher.hold(lost.put_nowait)
            number = 2 if victim == "host" else 3
            await make_conversation(launcher, f"0190a000-0000-7000-8000-00000000000{number}")
            assert launcher.server
            os.kill(launcher.server.pid if victim == "host" else postmaster_pid(home), 9)
            async with asyncio.timeout(30):
                await lost.get()
            await launcher.ensure(KEY)
        assert await titles(launcher) == ["Kept", "Kept"]


async def test_web_pages_and_strangers_are_refused(home: Path) -> None:
    async with launcher_for(home) as launcher:
        server = await launcher.ensure(KEY)
        session = await launcher.mint_session()
        port = server.url.rsplit(":", 1)[1]
        async with caller(server, session) as client:
            assert (await client.get("/local/v1/health")).status_code == 200
            for headers in (
                {"Host": "evil.example"},
                {"Host": f"evil.example:{port}"},
                {"Host": "127.0.0.1:1"},
                {"Origin": "https://evil.example"},
                {"Origin": "null"},
            ):
                for path in ("/local/v1/health", "/rest/v1/conversations", "/auth/v1/user"):
                    answer = await client.get(path, headers=headers)
                    assert answer.status_code == 403, (headers, path)
                    assert not [name for name in answer.headers if name.lower().startswith("access-control")]
            for token in ("wrong", server.anon_key, session.access_token):
                answer = await client.post(
                    "/local/v1/session", json={}, headers={"Authorization": f"Bearer {token}"}
                )
                assert answer.status_code == 401
                with pytest.raises(InvalidStatus, match="401"):
                    await connect(
                        server.control_url,
                        additional_headers={"Authorization": f"Bearer {token}"},
                        proxy=None,
                    )
        with pytest.raises(InvalidStatus, match="403"):
            await connect(
                server.control_url,
                additional_headers={"Authorization": f"Bearer {server.control_token}"},
                origin="https://evil.example",  # type: ignore[arg-type]  # a NewType of str
                proxy=None,
            )


async def test_other_users_of_the_computer_get_nothing(home: Path) -> None:
    async with launcher_for(home) as launcher:
        server = await launcher.ensure(KEY)
        assert home.stat().st_mode & 0o077 == 0
        for name in ("server.json", "server.log", "server.lock", "start.lock"):
            assert (home / name).stat().st_mode & 0o777 == 0o600, name
        for process in (server.pid, postmaster_pid(home)):
            for told in ("cmdline", "environ"):
                assert KEY.encode() not in Path(f"/proc/{process}/{told}").read_bytes()
        sockets = sorted(path for path in (home / "pg").rglob(".s.PGSQL.*") if path.is_socket())
        assert sockets, "PostgreSQL listens on a socket below its home"
        attempts = [f"open({str(home / 'server.json')!r}).read()"]
        attempts += [
            f"import socket; socket.socket(socket.AF_UNIX).connect({str(path)!r})" for path in sockets
        ]
        for attempt in attempts:
            assert await asyncio.to_thread(told_to, attempt, 0) == ""
            assert os.geteuid() != 0 or "PermissionError" in await asyncio.to_thread(
                told_to, attempt, STRANGER
            )


async def test_the_log_keeps_no_secret(home: Path) -> None:
    async with launcher_for(home) as launcher:
        server = await launcher.ensure(KEY)
        session = await make_conversation(launcher, "0190a000-0000-7000-8000-000000000004")
        async with httpx.AsyncClient(trust_env=False) as client:
            await client.post(
                f"{server.url}/auth/v1/token?grant_type=password&apikey={server.anon_key}",
                json={"email": "a@b.example", "password": "canary-password"},
            )
    await ended(server.pid)
    logs = b"".join(path.read_bytes() for path in (home / "server.log", home / "pg" / "postgres.log"))
    assert logs
    for secret in (
        KEY,
        server.anon_key,
        server.control_token,
        session.access_token,
        session.refresh_token,
        "canary-password",
    ):
        assert secret.encode() not in logs


def told_to(code: str, uid: int) -> str:
    """What a Python program answers to user ``uid`` on its standard error; 0 means ourselves."""
    python = shutil.which("python3", path="/usr/bin:/bin") or sys.executable
    stranger = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"] if uid else []
    return subprocess.run(
        [*stranger, python, "-c", code], capture_output=True, text=True, check=False, timeout=30, cwd="/"
    ).stderr
