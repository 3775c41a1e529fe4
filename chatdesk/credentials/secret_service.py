"""keyring's Secret Service back end, without its leak."""

from __future__ import annotations

import secretstorage
from keyring.backends import SecretService
from keyring.errors import InitError, KeyringLocked


class Keyring(SecretService.Keyring):
    """The same back end, which also closes its bus connection when a collection is locked or missing.

    keyring 25.7 closes the connection only after a success; a locked keyring that is asked again and again
    would collect sockets. Entries are the same, so other programs see them alike.
    """

    def get_preferred_collection(self) -> secretstorage.Collection:
        bus = secretstorage.dbus_init()
        try:
            collection = secretstorage.get_default_collection(bus)
            if collection.is_locked():
                collection.unlock()
                if collection.is_locked():
                    raise KeyringLocked("The collection stayed locked.")
        except secretstorage.SecretServiceNotAvailableException:
            bus.close()
            raise
        except secretstorage.SecretStorageException as error:
            bus.close()
            raise InitError(f"Failed to create the collection: {error}") from error
        except BaseException:
            bus.close()
            raise
        return collection
