"""How Auth of this computer is set up; the stock settings are what a person at home wants."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["FILE", "AuthSettings", "IdentityProvider", "read_settings"]

FILE = "auth.json"
"""In the back end's home; read once, at the start."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """An OAuth 2 provider as its owner registered us there; ``user_url`` answers with the person's JSON."""

    client_id: str
    client_secret: str = field(repr=False)
    authorize_url: str
    token_url: str
    user_url: str
    scope: str = "email"


@dataclass(frozen=True, slots=True)
class AuthSettings:
    """``confirm_email``: a new address must be confirmed first. ``recent_session``: changing the password
    with an older session needs a code as well, None never asks. ``code_tries``: so many codes may be shown
    in five minutes. Times are seconds."""

    confirm_email: bool = False
    confirm_both_addresses: bool = True
    recent_session: float | None = None
    mail_pause: float = 60.0
    code_life: float = 3600.0
    code_tries: int = 30
    providers: Mapping[str, IdentityProvider] = field(default_factory=dict)


def read_settings(home: Path) -> AuthSettings:
    """The settings that ``auth.json`` asks for; the stock ones without it, or when it cannot be read."""
    path = home / FILE
    try:
        wanted: Any = json.loads(path.read_text("utf-8"))
        named = wanted.pop("providers", {})
        providers = {name: IdentityProvider(**each) for name, each in named.items()}
        return AuthSettings(**wanted, providers=providers)
    except FileNotFoundError:
        return AuthSettings()
    except (OSError, ValueError, TypeError, AttributeError) as failure:
        _log.warning("%s is not used: %s", path.name, type(failure).__name__)
        return AuthSettings()
