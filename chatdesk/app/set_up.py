"""Which model answers in this run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from chatdesk.config.environment import BUILT_IN, BUILT_IN_URL
from chatdesk.domain.errors import Misconfigured
from chatdesk.providers import weights
from chatdesk.providers.base import ChatProvider
from chatdesk.providers.registry import provider_from

if TYPE_CHECKING:
    from chatdesk.providers.built_in import BuiltInModel


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


def built_in_model(environment: Mapping[str, str], data: Path) -> BuiltInModel | None:
    """Return the small model that comes along, None where it is not wanted."""
    from chatdesk.providers.built_in import BuiltInModel

    if environment.get(BUILT_IN.name, "").strip().lower() == "off":
        return None
    return BuiltInModel(weights.places(data), environment.get(BUILT_IN_URL.name, "").strip())
