"""The port of the vault: a few small secrets that belong to the user of this computer."""

from __future__ import annotations

from typing import Protocol


class Vault(Protocol):
    """Small secrets by name. Values stay under 1,000 ASCII characters (Windows allows 1,280, UTF-16).

    Methods block (D-Bus, Keychain) and are called in a thread. ``get`` returns None only when the vault
    answered and has no such name; a locked, missing or broken vault raises ``VaultUnavailable``.
    """

    persistent: bool
    """Whether secrets outlive the process."""

    def get(self, name: str) -> str | None: ...

    def set(self, name: str, value: str) -> None: ...

    def delete(self, name: str) -> None: ...
