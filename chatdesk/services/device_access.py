"""What only this device knows of a provider: its key, further headers, its proxy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from chatdesk.domain.errors import BadInput

LONGEST = 1_000


class SecretStore(Protocol):
    """Small secrets by name; every method raises ``VaultUnavailable``."""

    async def read(self, name: str) -> str | None: ...

    async def write(self, name: str, value: str) -> None: ...

    async def forget(self, name: str) -> None: ...


@dataclass(frozen=True, slots=True)
class DeviceAccess:
    """The part of a provider's set-up that stays on this device."""

    key: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    proxy: str = field(default="", repr=False)

    def __bool__(self) -> bool:
        return bool(self.key or self.headers or self.proxy)


def secret_name(provider_id: str) -> str:
    """Return the vault's name for a provider's part."""
    return f"provider-{provider_id}"


def to_text(access: DeviceAccess) -> str:
    """Write it for the vault; raises ``BadInput`` when it is longer than every vault can hold."""
    text = json.dumps({"key": access.key, "headers": dict(access.headers), "proxy": access.proxy})
    if len(text) >= LONGEST:
        raise BadInput("The key and the headers are too long for the keyring.", "Shorten the headers.")
    return text


def from_text(text: str | None) -> DeviceAccess:
    """Read it again; whatever is no such text is nothing."""
    try:
        known = json.loads(text or "{}")
        headers = {str(name): str(value) for name, value in dict(known.get("headers") or {}).items()}
        return DeviceAccess(str(known.get("key") or ""), headers, str(known.get("proxy") or ""))
    except (ValueError, TypeError, AttributeError):
        return DeviceAccess()
