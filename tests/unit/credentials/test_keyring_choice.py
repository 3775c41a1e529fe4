from __future__ import annotations

from pathlib import Path

import pytest
from keyring.errors import KeyringLocked, NoKeyringError, PasswordSetError

from chatdesk.credentials.keyring_choice import choose_keyring
from chatdesk.credentials.keyring_failures import as_vault_error
from chatdesk.domain.errors import VaultUnavailable

PLAIN_TEXT_KEYRING = """
from keyring.backend import KeyringBackend

class PlaintextKeyring(KeyringBackend):
    priority = 100
    def get_password(self, service, username):
        return "from a plain file"
    def set_password(self, service, username, password):
        raise AssertionError("a secret went to a plain file")
    def delete_password(self, service, username):
        raise AssertionError
"""


@pytest.fixture(autouse=True)
def no_keyring_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DBUS_SESSION_BUS_ADDRESS", "PYTHON_KEYRING_BACKEND", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.parametrize(
    "name",
    [
        "keyring.backends.fail.Keyring",
        "keyring.backends.null.Keyring",
        "keyring.backends.chainer.ChainerBackend",
    ],
)
def test_keyrings_that_keep_nothing_safe_are_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", name)
    with pytest.raises(VaultUnavailable, match="does not protect secrets") as refusal:
        choose_keyring()
    assert name in refusal.value.message
    assert "PYTHON_KEYRING_BACKEND" in refusal.value.next_step


def test_a_plain_text_keyring_of_another_package_is_not_picked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plain_text_keyring.py").write_text(PLAIN_TEXT_KEYRING)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "plain_text_keyring.PlaintextKeyring")
    with pytest.raises(VaultUnavailable, match="does not protect secrets"):
        choose_keyring()
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    with pytest.raises(VaultUnavailable, match="No keyring answers"):
        choose_keyring()


def test_a_configured_keyring_that_is_not_there_is_not_replaced_by_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyrings.nowhere.Keyring")
    with pytest.raises(VaultUnavailable) as refusal:
        choose_keyring()
    assert "does not load" in (refusal.value.code or "")


def test_a_refused_keyring_in_the_configuration_file_is_refused(tmp_path: Path) -> None:
    directory = tmp_path / ".config" / "python_keyring"
    directory.mkdir(parents=True)
    (directory / "keyringrc.cfg").write_text("[backend]\ndefault-keyring=keyring.backends.null.Keyring\n")
    with pytest.raises(VaultUnavailable, match="does not protect secrets"):
        choose_keyring()


def test_every_failure_says_what_to_do() -> None:
    errors = [
        KeyringLocked("Failed to unlock the collection!"),
        NoKeyringError("nothing"),
        PasswordSetError("Cancelled by user"),
        PasswordSetError("(1783, 'CredWrite', 'The stub received bad data')"),
        ConnectionResetError(),
        RuntimeError("anything"),
    ]
    told = [as_vault_error(error) for error in errors]
    assert [(error.code or "").split(":")[0] for error in told] == [
        "locked",
        "missing",
        "locked",
        "broken",
        "missing",
        "broken",
    ]
    assert all(error.message and error.next_step for error in told)
