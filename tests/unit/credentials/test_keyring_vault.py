"""The keyring's vault beside other processes of the same person."""

from __future__ import annotations

import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from chatdesk.credentials import keyring_vault
from chatdesk.credentials.keyring_vault import KeyringVault
from chatdesk.domain.errors import VaultUnavailable


class Contested(KeyringBackend):
    """A keyring in memory in which somebody else is a moment faster with every deletion."""

    faster = True

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # keyring's own, which has no types
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.faster:
            del self.kept[service, username]
        raise PasswordDeleteError("No such password!")


def test_what_another_process_has_just_deleted_is_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = Contested()
    monkeypatch.setattr(keyring_vault, "choose_keyring", lambda: keyring)
    vault = KeyringVault()
    vault.set("session", "secret")
    vault.delete("session")
    assert vault.get("session") is None


def test_a_deletion_that_did_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = Contested()
    keyring.faster = False
    monkeypatch.setattr(keyring_vault, "choose_keyring", lambda: keyring)
    vault = KeyringVault()
    vault.set("session", "secret")
    with pytest.raises(VaultUnavailable):
        vault.delete("session")


class ItemNotFoundException(Exception):
    """As secretstorage calls it."""


def test_what_is_deleted_while_it_is_read_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = Contested()
    monkeypatch.setattr(keyring_vault, "choose_keyring", lambda: keyring)
    found = keyring.get_password

    def vanish(service: str, username: str) -> str | None:
        monkeypatch.setattr(keyring, "get_password", found)
        raise ItemNotFoundException("Item does not exist!")

    monkeypatch.setattr(keyring, "get_password", vanish)
    assert KeyringVault().get("session") is None
    monkeypatch.setattr(keyring, "get_password", vanish)
    KeyringVault().delete("session")
