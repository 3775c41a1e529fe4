"""What can go wrong, sorted by what to do next.

::

    ChatDeskError            one sentence for the user, and the next step
    ├── Retryable            the same request may work later
    │   └── Offline          nothing answered
    ├── Refused              the same request will never work
    │   └── BadInput         the text itself is the reason
    ├── NeedsSignIn          the session is over
    │   └── AccountGone      and its account was deleted
    ├── Misconfigured        an address, key or model set-up is wrong
    ├── VaultUnavailable     the OS keyring does not answer
    └── StoreDamaged         a local file cannot be read
"""

from __future__ import annotations


class ChatDeskError(Exception):
    """A failure the user can be told of.

    ``message`` is one sentence a person understands; ``next_step`` is what they can do; ``code`` is the
    machine's word for it (an SQLSTATE, an HTTP status, an Auth code), for the diagnostics only.
    """

    def __init__(self, message: str, next_step: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step
        self.code = code

    def __str__(self) -> str:
        return f"{self.message} {self.next_step}".strip()


class Retryable(ChatDeskError):
    """The same request may work later; ``retry_after`` is the server's wish in seconds, if it had one."""

    def __init__(
        self, message: str, next_step: str = "", code: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message, next_step, code)
        self.retry_after = retry_after


class Offline(Retryable):
    """Nothing answered at the address."""


class Refused(ChatDeskError):
    """The server understood and said no; repeating it changes nothing."""


class BadInput(Refused):
    """The text itself cannot be stored or sent."""


class NeedsSignIn(ChatDeskError):
    """The session ended and cannot be renewed."""


class AccountGone(NeedsSignIn):
    """The account was deleted: nobody can sign in to it any more."""


class Misconfigured(ChatDeskError):
    """An address, a key or a set-up step is wrong or missing."""


class VaultUnavailable(ChatDeskError):
    """The keyring is locked, missing or broken; which one is in the message."""


class StoreDamaged(ChatDeskError):
    """A local file could not be read and was set aside."""
