"""Is this a Supabase project that ChatDesk can use? Asked once, before signing in."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from chatdesk.backend import failures
from chatdesk.backend.http import create_http
from chatdesk.backend.library_logs import quieten
from chatdesk.domain.errors import Misconfigured, Offline, Retryable
from chatdesk.domain.session import BackendAddress, BackendKind

SCHEMA_VERSION = 13
"""The number of the last migration: this ChatDesk needs it, and knows none after it."""

_WHERE = "Copy it from the project's settings, page API: https://<project>.supabase.co"
RUN_SCRIPT = "Run what the command `chatdesk schema` prints in its SQL editor, then try again."

CHANNEL_POLICIES = frozenset(
    {"realtime.messages: ChatDesk: receive", "realtime.messages: ChatDesk: send"},
)
FILE_POLICIES = frozenset(
    f"storage.objects: ChatDesk: {name}"
    for name in (
        "see avatars",
        "add own avatar",
        "replace own avatar",
        "remove own avatar",
        "see attachments",
        "add attachments",
        "replace own attachments",
        "remove own attachments",
    )
)
BUCKETS = frozenset({"avatars", "attachments"})

_KEY = "Copy the publishable (anon) key from the project's API settings."


def clean_address(url: str, api_key: str, kind: BackendKind = BackendKind.SUPABASE) -> BackendAddress:
    """Read what a person pasted; raises ``Misconfigured`` saying what is wrong with it.

    Plain http is only for this computer and private networks: tokens would be readable on the way.
    """
    text = url.strip().strip("<>\"'")
    if text and "://" not in text:
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host or any(char.isspace() for char in text):
        raise Misconfigured("This is not the address of a project.", _WHERE, code="url")
    if host in ("supabase.com", "app.supabase.com", "www.supabase.com"):
        raise Misconfigured("This is the address of the dashboard, not of a project.", _WHERE, code="url")
    if parts.username or parts.password:
        raise Misconfigured("The address holds a user name or a password.", _WHERE, code="url")
    if parts.scheme == "http" and not _is_private(host):
        raise Misconfigured(
            "This address is not encrypted, and it is not in your own network.",
            "Use the address that begins with https://",
            code="url",
        )
    key = api_key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise Misconfigured("The key of the project is missing or damaged.", _KEY, code="key")
    if key.startswith("sb_secret_") or _role(key) not in (None, "anon"):
        raise Misconfigured(
            "This is a secret key. It opens everybody's data and must never be put into an app.",
            _KEY + " Then replace the secret one there: it has been shown.",
            code="secret_key",
        )
    shown = f"[{host}]" if ":" in host else host
    return BackendAddress(
        kind=kind, url=f"{parts.scheme}://{shown}{'' if port is None else f':{port}'}", api_key=key
    )


@dataclass(frozen=True, slots=True)
class ProjectState:
    """What a project says of itself: its schema's number, and ChatDesk's policies and buckets that it has."""

    version: int
    policies: frozenset[str]
    buckets: frozenset[str]


async def check_project(address: BackendAddress) -> None:
    """Ask the project for its schema; returns when it is usable.

    Raises ``Misconfigured`` (not a Supabase project, wrong key, schema missing, too old or too new),
    ``Offline`` (unreachable) or ``Retryable`` (it has trouble of its own).
    """
    judge_version((await ask_project(address)).version)


async def ask_project(address: BackendAddress) -> ProjectState:
    """Ask the project what it has; raises as ``check_project`` does, but for the version.

    Schemas before number 11 cannot tell and count as number 0.
    """
    quieten()
    async with create_http(address.url) as http:
        answer = await _call(http, address, "schema_state")
        if _lacks_function(answer):
            older = await _call(http, address, "schema_version")
            if _lacks_function(older):
                raise _no_schema()
            return ProjectState(0, frozenset(), frozenset())
    return _read(answer)


def judge_version(version: int) -> None:
    """Raise ``Misconfigured`` unless this ChatDesk fits to a schema of that number."""
    if version < SCHEMA_VERSION:
        raise Misconfigured(
            "ChatDesk's tables in the project are too old.", RUN_SCRIPT, code=f"schema {version}"
        )
    if version > SCHEMA_VERSION:
        raise Misconfigured(
            "ChatDesk's tables in the project are newer than this ChatDesk.",
            "Update ChatDesk.",
            code=f"schema {version}",
        )


async def _call(http: httpx.AsyncClient, address: BackendAddress, name: str) -> httpx.Response:
    try:
        return await http.post(
            f"{address.url.rstrip('/')}/rest/v1/rpc/{name}",
            json={},
            headers={"apikey": address.api_key, "Authorization": f"Bearer {address.api_key}"},
        )
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError) as error:
        raise Misconfigured("This is not the address of a project.", _WHERE, code="url") from error
    except Exception as error:
        if not failures.is_transport(error):
            raise
        offline = failures.from_transport(error)
        step = "Check the address and your connection, then try again."
        raise Offline(offline.message, step, offline.code) from error


def _body(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _lacks_function(answer: httpx.Response) -> bool:
    body = _body(answer)
    return isinstance(body, dict) and body.get("code") in ("PGRST202", "PGRST205", "42883")


def _read(answer: httpx.Response) -> ProjectState:
    status, body = answer.status_code, _body(answer)
    if status == 511 or 300 <= status < 400:
        raise Offline(
            "Something between this computer and the server answered instead of it.",
            "Check whether this network wants you to sign in first.",
            code=str(status),
        )
    if status >= 500 or status == 429:
        raise Retryable(
            "The project has a problem of its own, or is paused.",
            "Look at it in the dashboard, then try again.",
            code=str(status),
        )
    if answer.is_success and isinstance(body, dict) and type(body.get("version")) is int:
        policies, buckets = (body.get(name) or [] for name in ("policies", "buckets"))
        return ProjectState(body["version"], frozenset(map(str, policies)), frozenset(map(str, buckets)))
    if status in (401, 403) and isinstance(body, dict):
        if body.get("code") == "42501":
            raise _no_schema()  # A function of the same name that is not ours.
        raise Misconfigured("The project does not know this key.", _KEY, code="key")
    raise Misconfigured(
        "At this address there is no Supabase project.", _WHERE, code=f"not_supabase {status}"
    )


def _no_schema() -> Misconfigured:
    return Misconfigured(
        "The project does not have ChatDesk's tables yet.", RUN_SCRIPT, code="schema_missing"
    )


def _is_private(host: str) -> bool:
    """Tell whether plain http to ``host`` stays in the house."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".local", ".lan", ".internal", ".localhost", ".home.arpa"))


def _role(key: str) -> str | None:
    """Return the role in a key that is a JWT; None for the newer kinds of key."""
    parts = key.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error):
        return None
    role = claims.get("role") if isinstance(claims, dict) else None
    return role if isinstance(role, str) else None
