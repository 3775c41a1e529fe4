"""The operating system's keyring."""

from __future__ import annotations

import threading

from keyring.backend import KeyringBackend

from chatdesk.credentials.keyring_choice import choose_keyring
from chatdesk.credentials.keyring_failures import as_vault_error
from chatdesk.credentials.values import check_name, check_value

SERVICE = "ChatDesk"

GONE = "ItemNotFoundException"
"""What secretstorage raises when another process removes an entry between the search and the reading."""


class KeyringVault:
    """Secrets under the service name ``ChatDesk`` in the Secret Service, KWallet, Keychain or Windows vault.

    The back end is looked for at the first call, and again after a failure, so that a keyring that is
    unlocked or started later is found. Calls block; a locked keyring asks the user, however long that takes.
    Raises ``VaultUnavailable`` (missing, locked, broken or refused: the message says which) and ``BadInput``
    for a value that is not ASCII or too long.
    """

    persistent = True

    def __init__(self, service: str = SERVICE) -> None:
        self._service = service
        self._keyring: KeyringBackend | None = None
        self._lock = threading.Lock()

    def get(self, name: str) -> str | None:
        check_name(name)
        with self._lock:
            keyring = self._open()
            try:
                return self._read(keyring, name)
            except Exception as error:
                raise self._failed(error) from error

    def set(self, name: str, value: str) -> None:
        check_name(name)
        check_value(value)
        with self._lock:
            keyring = self._open()
            try:
                keyring.set_password(self._service, name, value)
            except Exception as error:
                raise self._failed(error) from error

    def delete(self, name: str) -> None:
        check_name(name)
        with self._lock:
            keyring = self._open()
            try:
                # Asked first: for keyring "no such entry" and "the user said no" are the same exception.
                if self._read(keyring, name) is None:
                    return
                self._delete(keyring, name)
            except Exception as error:
                raise self._failed(error) from error

    def _read(self, keyring: KeyringBackend, name: str) -> str | None:
        try:
            return keyring.get_password(self._service, name)
        except Exception as error:
            if type(error).__name__ != GONE:
                raise
            return keyring.get_password(self._service, name)

    def _delete(self, keyring: KeyringBackend, name: str) -> None:
        try:
            keyring.delete_password(self._service, name)
        except Exception:
            # Another process of ours may have removed it between the question and this.
            if self._read(keyring, name) is not None:
                raise

    def _open(self) -> KeyringBackend:
        if self._keyring is None:
            self._keyring = choose_keyring()
        return self._keyring

    def _failed(self, error: Exception) -> Exception:
        self._keyring = None
        return as_vault_error(error)
