"""Which model answers in this run."""

from __future__ import annotations

from collections.abc import Mapping

from chatdesk.domain.errors import Misconfigured
from chatdesk.providers.base import ChatProvider
from chatdesk.providers.registry import provider_from


def provider_for(
    environment: Mapping[str, str], *, scripted: bool
) -> tuple[ChatProvider | None, Misconfigured | None]:
    """Return the provider, and what is wrong with the environment's wish for one."""
    if scripted:
        from chatdesk.app.demo_script import answer
        from chatdesk.providers.scripted import ScriptedProvider

        return ScriptedProvider(answer), None
    try:
        return provider_from(environment), None
    except Misconfigured as failure:
        return None, failure
