"""Which vault holds this run's secrets, and the keys in it."""

from __future__ import annotations

import asyncio
from importlib import import_module
from pathlib import Path

from filelock import FileLock

from chatdesk.app.slow_import import Part, imported
from chatdesk.credentials.vault import Vault


class Secrets:
    """The keys of this installation.

    ``memory`` starts with a vault that forgets everything at the end of the process; ``do_without`` changes
    to it when the user accepts that. ``guard`` is a lock file: two first starts must not each make a key.
    """

    def __init__(self, guard: Path, *, memory: bool) -> None:
        self._guard = guard
        self._memory = memory
        self._vault: Vault | None = None

    async def persistent(self) -> bool:
        """Tell whether secrets outlive this process."""
        return (await self._opened()).persistent

    def do_without(self) -> None:
        """Keep secrets in memory from now on."""
        self._memory = True
        self._vault = None

    async def key(self, name: str) -> bytes:
        """Return the 32-byte key ``name``, made on first use; raises ``VaultUnavailable``."""
        vault = await self._opened()
        from chatdesk.credentials.vault_key import key_from_vault

        return await asyncio.to_thread(key_from_vault, vault, name, FileLock(self._guard, mode=0o600))

    async def text_key(self, name: str) -> str:
        """Return the key ``name`` as base64url text."""
        key = await self.key(name)
        from chatdesk.credentials.vault_key import encode_key

        return encode_key(key)

    async def read(self, name: str) -> str | None:
        """Return the secret ``name``, None when there is none; raises ``VaultUnavailable``."""
        return await asyncio.to_thread((await self._opened()).get, name)

    async def write(self, name: str, value: str) -> None:
        """Keep a secret; raises ``VaultUnavailable``."""
        await asyncio.to_thread((await self._opened()).set, name, value)

    async def forget(self, name: str) -> None:
        """Remove a key; raises ``VaultUnavailable``."""
        await asyncio.to_thread((await self._opened()).delete, name)

    async def _opened(self) -> Vault:
        await imported(Part.LAUNCHER)
        if self._vault is None:
            if not self._memory:  # nobody else needs the library
                await asyncio.to_thread(import_module, "chatdesk.credentials.keyring_vault")
            # Somebody may have opened one meanwhile, or have chosen to do without.
            self._vault = self._vault or (_in_memory() if self._memory else _in_keyring())
        return self._vault


def _in_memory() -> Vault:
    from chatdesk.credentials.memory_vault import MemoryVault

    return MemoryVault()


def _in_keyring() -> Vault:
    from chatdesk.credentials.keyring_vault import KeyringVault

    return KeyringVault()
