"""The provider that the environment describes."""

from __future__ import annotations

import pytest

from chatdesk.domain.errors import Misconfigured
from chatdesk.providers.registry import provider_from


def test_nothing_set_means_no_provider() -> None:
    assert provider_from({}) is None


def test_a_key_and_models_are_enough() -> None:
    provider = provider_from({"CHATDESK_API_KEY": "k", "CHATDESK_MODEL": "a, b"})
    assert provider is not None
    assert list(provider.models) == ["a", "b"]
    assert provider.name == "api.openai.com"


def test_a_local_address_needs_no_key() -> None:
    provider = provider_from({"CHATDESK_API_BASE": "http://localhost:11434/v1", "CHATDESK_MODEL": "llama"})
    assert provider is not None
    assert provider.name == "localhost"


@pytest.mark.parametrize(
    "environment",
    [
        {"CHATDESK_API_KEY": "k"},
        {"CHATDESK_MODEL": "m"},
        {"CHATDESK_MODEL": "m", "CHATDESK_API_BASE": "ollama"},
        {"CHATDESK_MODEL": "m", "CHATDESK_API_BASE": "file:///etc/passwd"},
    ],
)
def test_half_a_set_up_is_named(environment: dict[str, str]) -> None:
    with pytest.raises(Misconfigured) as caught:
        provider_from(environment)
    assert "CHATDESK_" in caught.value.next_step
