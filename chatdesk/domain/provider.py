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
