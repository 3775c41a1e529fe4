"""Ways into an account: what a back end offers, where one signs in, and the mails that lead there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chatdesk.domain.session import Account, BackendKind


class MailPurpose(StrEnum):
    """Why a mail with a code was asked for."""

    SIGN_UP = "sign_up"
    SIGN_IN = "sign_in"
    NEW_PASSWORD = "new_password"
    NEW_ADDRESS = "new_address"


@dataclass(frozen=True, slots=True)
class SignInPlace:
    """The back end to sign in to; ``account`` only when it is to go on with that one, and no other.

    The embedded back end has neither ``url`` nor ``api_key`` here: both are found when it is reached.
    """

    kind: BackendKind
    url: str = ""
    api_key: str = field(default="", repr=False)
    account: Account | None = None


@dataclass(frozen=True, slots=True)
class Offers:
    """What a project allows: providers by their names at Auth, new accounts, and whether a new address has
    to be confirmed."""

    providers: frozenset[str] = frozenset()
    sign_up: bool = True
    confirms: bool = True


@dataclass(frozen=True, slots=True)
class LocalMail:
    """A mail of the embedded back end, which never leaves this computer; ``kind`` is Auth's word for it."""

    number: int
    to: str
    kind: str
    code: str = field(repr=False)
    link: str | None = field(repr=False)
    sent_at: datetime
