from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from chatdesk.credentials.memory_vault import MemoryVault
from chatdesk.credentials.vault_key import encode_key, key_from_vault


def test_a_key_is_made_once() -> None:
    vault = MemoryVault()
    key = key_from_vault(vault, "session-key")
    assert len(key) == 32
    assert key_from_vault(vault, "session-key") == key
    assert key_from_vault(vault, "other-key") != key
    assert vault.get("session-key") == encode_key(key)


def test_ten_at_once_get_one_key_under_a_guard() -> None:
    vault, guard = MemoryVault(), threading.Lock()
    with ThreadPoolExecutor(10) as pool:
        keys = [pool.submit(key_from_vault, vault, "session-key", guard) for _ in range(10)]
    assert len({key.result() for key in keys}) == 1


@pytest.mark.parametrize("text", ["not a key", "c2hvcnQ", "A" * 99, "=", "%%%%"])
def test_an_entry_that_is_no_key_is_replaced(text: str) -> None:
    vault = MemoryVault()
    vault.set("session-key", text)
    key = key_from_vault(vault, "session-key")
    assert vault.get("session-key") == encode_key(key)


def test_a_key_with_padding_is_read() -> None:
    vault = MemoryVault()
    key = bytes(range(32))
    vault.set("session-key", encode_key(key) + "=")
    assert key_from_vault(vault, "session-key") == key
