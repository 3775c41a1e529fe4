"""The vault port, over every adapter; the keyring is a real GNOME Keyring on a private bus."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import secretstorage

from chatdesk.credentials.keyring_vault import KeyringVault
from chatdesk.credentials.memory_vault import MemoryVault
from chatdesk.credentials.vault import Vault
from chatdesk.credentials.vault_key import key_from_vault
from chatdesk.domain.errors import BadInput, VaultUnavailable
from tests.support.secret_service import SecretService, secret_service


def enter(service: SecretService, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process find the private bus and nothing of the user's."""
    for name in ("PYTHON_KEYRING_BACKEND", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in service.environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecretService]:
    with secret_service(tmp_path_factory.mktemp("keyring")) as service:
        yield service


@pytest.fixture
def keyring(running: SecretService, monkeypatch: pytest.MonkeyPatch) -> SecretService:
    enter(running, monkeypatch)
    return running


@pytest.fixture(params=["memory", pytest.param("keyring", marks=pytest.mark.keyring)])
def vault(request: pytest.FixtureRequest) -> Vault:
    if request.param == "memory":
        return MemoryVault()
    request.getfixturevalue("keyring")
    return KeyringVault(service=f"ChatDesk test {request.node.name}")


def test_set_get_replace_delete(vault: Vault) -> None:
    assert vault.get("api-key") is None
    vault.set("api-key", "sk-first")
    vault.set("api-key", "sk-second")
    vault.set("other", "kept")
    assert vault.get("api-key") == "sk-second"
    vault.delete("api-key")
    vault.delete("api-key")
    assert vault.get("api-key") is None
    assert vault.get("other") == "kept"


def test_the_longest_value_is_kept_and_a_longer_one_refused(vault: Vault) -> None:
    longest = "x" * 999
    vault.set("long", longest)
    assert vault.get("long") == longest
    with pytest.raises(BadInput, match="longer than 999"):
        vault.set("long", longest + "x")
    assert vault.get("long") == longest


@pytest.mark.parametrize("value", ["schlüssel", "key\n", "key\x00", "\ud800", "“key”", ""])
def test_values_that_some_system_would_change_are_refused(vault: Vault, value: str) -> None:
    with pytest.raises(BadInput) as refusal:
        vault.set("odd", value)
    assert refusal.value.next_step
    assert not value or value not in str(refusal.value)
    assert vault.get("odd") is None


@pytest.mark.parametrize("name", ["", "ü", "a\nb", "x" * 201])
def test_odd_names_are_a_mistake_of_the_program(vault: Vault, name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        vault.get(name)


def test_a_key_survives_in_the_vault(vault: Vault) -> None:
    assert key_from_vault(vault, "session-key") == key_from_vault(vault, "session-key")


def test_only_the_keyring_outlives_the_process() -> None:
    assert KeyringVault.persistent
    assert not MemoryVault.persistent


@pytest.mark.keyring
def test_another_program_sees_the_value(keyring: SecretService) -> None:
    KeyringVault().set("api-key", "sk-shared")
    found = keyring.run("secret-tool", "lookup", "service", "ChatDesk", "username", "api-key")
    assert found.stdout == "sk-shared"
    keyring.run("secret-tool", "clear", "service", "ChatDesk", "username", "api-key")
    assert KeyringVault().get("api-key") is None


@pytest.mark.keyring
def test_a_locked_keyring_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with secret_service(tmp_path) as service:
        enter(service, monkeypatch)
        vault = KeyringVault()
        vault.set("api-key", "sk-first")
        with closing(secretstorage.dbus_init()) as bus:
            secretstorage.get_default_collection(bus).lock()
        with pytest.raises(VaultUnavailable, match="is locked") as failure:
            vault.get("api-key")
        assert "Unlock it" in failure.value.next_step
        service.stop_daemon()
        service.unlock()
        assert vault.get("api-key") == "sk-first"


@pytest.mark.keyring
def test_a_keyring_that_was_never_set_up_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with secret_service(tmp_path, unlocked=False) as service:
        enter(service, monkeypatch)
        vault = KeyringVault()
        with pytest.raises(VaultUnavailable, match="has not been set up"):
            vault.get("api-key")
        with pytest.raises(VaultUnavailable, match="has not been set up") as failure:
            vault.set("api-key", "sk-first")
        assert "Give it a password" in failure.value.next_step


@pytest.mark.keyring
def test_a_deleted_collection_says_so_and_a_new_one_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with secret_service(tmp_path) as service:
        enter(service, monkeypatch)
        vault = KeyringVault()
        vault.set("api-key", "sk-first")
        with closing(secretstorage.dbus_init()) as bus:
            secretstorage.get_default_collection(bus).delete()
        with pytest.raises(VaultUnavailable, match="has not been set up"):
            vault.get("api-key")
        service.stop_daemon()
        service.unlock()
        assert vault.get("api-key") is None
        vault.set("api-key", "sk-second")
        assert vault.get("api-key") == "sk-second"


@pytest.mark.keyring
def test_a_bus_that_ends_and_no_bus_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = KeyringVault()
    with secret_service(tmp_path) as service:
        enter(service, monkeypatch)
        vault.set("api-key", "sk-first")
    for _ in range(2):
        with pytest.raises(VaultUnavailable, match="No keyring answers") as failure:
            vault.get("api-key")
        assert failure.value.next_step
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    with pytest.raises(VaultUnavailable, match="No keyring answers"):
        KeyringVault().get("api-key")
