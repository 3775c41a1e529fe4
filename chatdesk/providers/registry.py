"""Which provider answers, as the environment says."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from chatdesk.domain.errors import Misconfigured
from chatdesk.providers.base import ChatProvider, Connection, ListingProvider

API_BASE = "CHATDESK_API_BASE"
API_KEY = "CHATDESK_API_KEY"
MODEL = "CHATDESK_MODEL"

HASTY_SECONDS = 0.5
DEFAULT_BASE = "https://api.openai.com/v1"


def provider_from(environment: Mapping[str, str]) -> ChatProvider | None:
    """Make the provider that ``environment`` describes, or None where it names no model.

    ``CHATDESK_MODEL`` is one name or several with commas; the first is the default. Without a key only an
    address of one's own is accepted (a local server needs none). Raises ``Misconfigured``.
    """
    models = [name.strip() for name in environment.get(MODEL, "").split(",") if name.strip()]
    base = environment.get(API_BASE, "").strip()
    key = environment.get(API_KEY, "").strip()
    if not models and not base and not key:
        return None
    if not models:
        raise Misconfigured("No model is named.", f"Set {MODEL} to the name of a model.")
    if not base and not key:
        raise Misconfigured("The model has no API key.", f"Set {API_KEY}, or {API_BASE} for a local model.")
    address = urlsplit(base or DEFAULT_BASE)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise Misconfigured(f"{base!r} is not a web address.", f"Set {API_BASE} to an http(s) address.")
    from chatdesk.providers.openai_compatible import OpenAICompatibleProvider

    return OpenAICompatibleProvider(
        base_url=base or DEFAULT_BASE, api_key=key, models=models, name=address.hostname
    )


def connected(connection: Connection, *, hasty: bool = False) -> ListingProvider:
    """Make the adapter for a provider that the user has set up."""
    from chatdesk.providers.openai_compatible import CONNECT_SECONDS, OpenAICompatibleProvider

    return OpenAICompatibleProvider(
        base_url=connection.base_url,
        api_key=connection.key,
        models=connection.models,
        name=connection.name,
        headers=connection.headers,
        proxy=connection.proxy,
        connect_seconds=HASTY_SECONDS if hasty else CONNECT_SECONDS,
    )
