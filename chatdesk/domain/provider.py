"""Where a person's models are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """One row of ``provider_settings``, the same on all devices of its user; it holds no secret.

    ``kind`` is the key of a preset, ``models`` the names last fetched or typed, the preferred first.
    """

    id: str
    kind: str
    name: str
    base_url: str
    models: tuple[str, ...]
    revision: int
    updated_at: datetime
    deleted_at: datetime | None = None


SEPARATOR = "@"
BUILT_IN = "built-in"
"""The provider's id in the ids of the built-in model."""


def model_id(model: str, provider_id: str) -> str:
    """Return the id of a provider's model."""
    return f"{model}{SEPARATOR}{provider_id}"


def parts_of(choice_id: str) -> tuple[str, str]:
    """Return (name, provider's id) of an id; a plain name, as the environment gives it, has no provider."""
    name, separator, provider_id = choice_id.rpartition(SEPARATOR)
    if separator and name and (provider_id == BUILT_IN or provider_id.count("-") == 4):
        return name, provider_id
    return choice_id, ""


def model_name(choice_id: str) -> str:
    """Return the name of a model for people."""
    return parts_of(choice_id)[0]
