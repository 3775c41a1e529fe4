"""Which of keyring's back ends ChatDesk trusts."""

from __future__ import annotations

import importlib
import logging
import sys

from keyring import core
from keyring.backend import KeyringBackend

from chatdesk.credentials.keyring_failures import missing, refused

_log = logging.getLogger(__name__)

_ALLOWED = {
    "win32": ("keyring.backends.Windows.WinVaultKeyring",),
    "darwin": ("keyring.backends.macOS.Keyring",),
}
_ALLOWED_ELSEWHERE = (
    "keyring.backends.SecretService.Keyring",
    "keyring.backends.kwallet.DBusKeyring",
    "keyring.backends.kwallet.DBusKeyringKWallet4",
)
_BETTER = {"keyring.backends.SecretService.Keyring": "chatdesk.credentials.secret_service.Keyring"}


def allowed_keyrings() -> tuple[str, ...]:
    """Full class names of the keyrings that protect what they keep, on this system.

    An allow list, because other packages add back ends merely by being installed: keyrings.alt brings one
    that writes base64 to a file and is picked silently where there is no session bus, and the chainer mixes
    both.
    """
    return _ALLOWED.get(sys.platform, _ALLOWED_ELSEWHERE)


def choose_keyring() -> KeyringBackend:
    """Return the keyring the user configured, or the best allowed one; raises ``VaultUnavailable``."""
    configured = _configured()
    if configured is not None:
        name = f"{type(configured).__module__}.{type(configured).__qualname__}"
        if name not in allowed_keyrings():
            raise refused(name)
        return _made(name)
    best: tuple[float, str] | None = None
    reasons: list[str] = []
    for name in allowed_keyrings():
        try:
            # Asking for the priority is how keyring tells whether a back end works here; it raises if not.
            priority = float(_class(name).priority)
        except Exception as error:
            reasons.append(f"{name.removeprefix('keyring.backends.')}: {error}")
            continue
        if best is None or priority > best[0]:
            best = (priority, name)
    if best is None:
        raise missing("; ".join(reasons))
    _log.debug("Keyring: %s", best[1])
    return _made(best[1])


def _configured() -> KeyringBackend | None:
    try:
        return core.load_env() or core.load_config()
    except Exception as error:
        # The named back end is not installed or does not work here; using another one behind the user's back
        # would split the secrets over two places.
        raise missing(f"the configured keyring does not load: {error}") from error


def _made(name: str) -> KeyringBackend:
    return _class(_BETTER.get(name, name))()


def _class(name: str) -> type[KeyringBackend]:
    module, _, class_name = name.rpartition(".")
    found: type[KeyringBackend] = getattr(importlib.import_module(module), class_name)
    return found
