"""Accounts, sessions and the state of the link, as closed sets that carry their reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class BackendKind(StrEnum):
    """Where an account lives."""

    LOCAL = "local"
    SUPABASE = "supabase"


@dataclass(frozen=True, slots=True)
class BackendAddress:
    """How to reach a Supabase-wire back end; ``api_key`` is the publishable (anon) key."""

    kind: BackendKind
    url: str
    api_key: str


@dataclass(frozen=True, slots=True)
class Account:
    """One user on one back end; ``key`` names its files and keyring entries on this machine."""

    key: str
    user_id: str
    kind: BackendKind
    url: str
    email: str | None = None

    @property
    def is_owner(self) -> bool:
        """Whether this is the account that the owner of this computer has without a password."""
        return self.kind is BackendKind.LOCAL and self.email is None


@dataclass(frozen=True, slots=True)
class Session:
    """What signs requests: a short-lived access token and the token that renews it once."""

    access_token: str
    refresh_token: str
    expires_at: datetime
    user_id: str
    email: str | None = None


class LinkState(StrEnum):
    """The link as the badge shows it."""

    STARTING = "starting"
    OFFLINE = "offline"
    CONNECTING = "connecting"
    CATCHING_UP = "catching_up"
    CONNECTED = "connected"
    NEEDS_SIGN_IN = "needs_sign_in"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class SyncState:
    """The link, why it is so, since when, and what waits in the outbox."""

    link: LinkState
    reason: str | None = None
    since: datetime | None = None
    pending: int = 0
    failed: int = 0
