"""The keyring library's many exceptions as one, with a sentence and a next step."""

from __future__ import annotations

from keyring.errors import KeyringLocked, NoKeyringError, PasswordDeleteError, PasswordSetError

from chatdesk.domain.errors import VaultUnavailable

SESSION_ONLY = "or go on without one: you stay signed in until ChatDesk is closed."


def missing(reason: str) -> VaultUnavailable:
    """No keyring answers; ``reason`` is for the diagnostics."""
    return VaultUnavailable(
        "No keyring answers on this computer, so ChatDesk cannot keep your sign-in safely.",
        f"Start GNOME Keyring, KWallet or another Secret Service and try again, {SESSION_ONLY}",
        code=f"missing: {reason}",
    )


def refused(keyring: str) -> VaultUnavailable:
    """Somebody configured a keyring that does not protect what it keeps; ``keyring`` is its class."""
    return VaultUnavailable(
        f"The keyring that is set up here ({keyring}) does not protect secrets, so ChatDesk does not use it.",
        "Remove that setting (keyringrc.cfg or PYTHON_KEYRING_BACKEND) and try again, " + SESSION_ONLY,
        code=f"refused: {keyring}",
    )


def locked(reason: str) -> VaultUnavailable:
    """The keyring is there but closed."""
    return VaultUnavailable(
        "The keyring of this computer is locked.",
        f"Unlock it and try again, {SESSION_ONLY}",
        code=f"locked: {reason}",
    )


def not_set_up(reason: str) -> VaultUnavailable:
    """The service runs but has no keyring, and nobody gave it a password for a new one."""
    return VaultUnavailable(
        "The keyring of this computer has not been set up.",
        f"Give it a password when it asks for one, or create a keyring in its program, {SESSION_ONLY}",
        code=f"not set up: {reason}",
    )


def broken(reason: str) -> VaultUnavailable:
    """The keyring answered with an error."""
    return VaultUnavailable(
        "The keyring of this computer answered with an error.",
        f"Open it with its own program to see what is wrong and try again, {SESSION_ONLY}",
        code=f"broken: {reason}",
    )


def as_vault_error(error: Exception) -> VaultUnavailable:
    """Sort an exception of keyring or of what it stands on (secretstorage, jeepney, dbus, pywin32).

    Sorted by name where the class is only there on one system. As of keyring 25.7 a dismissed prompt for a
    new keyring is ``InitError`` from the Secret Service (``Failed to create the collection: Prompt
    dismissed.``), and a dismissed unlocking is ``PasswordSetError`` or ``PasswordDeleteError`` with
    ``Cancelled by user`` from KWallet.
    """
    kinds = {kind.__name__ for kind in type(error).__mro__}
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, KeyringLocked) or "LockedException" in kinds:
        return locked(text)
    if "dismissed" in str(error).lower():
        return not_set_up(text)
    if isinstance(error, PasswordSetError | PasswordDeleteError) and "cancelled" in str(error).lower():
        return locked(text)
    if isinstance(error, NoKeyringError | ConnectionError | FileNotFoundError | EOFError):
        return missing(text)
    if "SecretServiceNotAvailableException" in kinds:
        return missing(text)
    return broken(text)
