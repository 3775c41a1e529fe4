"""Fetch, check and detect against a real server."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from PySide6.QtCore import SignalInstance

from chatdesk.domain.errors import ChatDeskError
from chatdesk.providers import presets
from chatdesk.providers.registry import connected
from chatdesk.services.device_access import DeviceAccess
from chatdesk.services.provider_inquiry import LocalProvider, ProviderDraft, ProviderInquiry
from tests.support.openai_server import openai_server


async def heard(signal: SignalInstance) -> Any:
    """Wait for the next value of a signal."""
    arrived: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def take(value: object) -> None:
        if not arrived.done():
            arrived.set_result(value)

    signal.connect(take)
    async with asyncio.timeout(30):
        return await arrived


def draft(url: str, *models: str) -> ProviderDraft:
    return ProviderDraft("", "custom", "Mine", url, models, DeviceAccess("k", {"X-A": "b"}))


async def test_models_are_fetched_and_the_first_one_is_asked() -> None:
    inquiry = ProviderInquiry(connected)
    async with openai_server() as server:
        inquiry.fetch_models(draft(server.url), "me")
        fetched = await heard(inquiry.models_fetched)
        assert (fetched.asked_by, fetched.models, fetched.failure) == ("me", ("small", "large"), None)
        inquiry.check(draft(server.url, *fetched.models), "me")
        checked = await heard(inquiry.provider_checked)
        assert (checked.model, checked.failure) == ("small", None)
        assert server.requests[0]["model"] == "small"
    await inquiry.close()


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [("401", "refused the API key"), ("404", "no model named m"), ("429", "slow down"), ("cut", "")],
)
async def test_a_check_says_what_failed(behaviour: str, words: str) -> None:
    inquiry = ProviderInquiry(connected)
    async with openai_server(behaviour) as server:
        inquiry.check(draft(server.url, "m"), "me")
        checked = await heard(inquiry.provider_checked)
    await inquiry.close()
    if words:
        assert isinstance(checked.failure, ChatDeskError)
        assert words in checked.failure.message
        assert checked.failure.next_step
    else:
        assert checked.failure is None, "the first word is proof enough"


async def test_what_runs_on_this_computer_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    inquiry = ProviderInquiry(connected)
    async with openai_server() as server:
        there = presets.Preset("ollama", "Ollama", server.url, local=True)
        away = presets.Preset("lmstudio", "LM Studio", "http://127.0.0.1:9/v1", local=True)
        monkeypatch.setattr("chatdesk.services.provider_inquiry.PRESETS", {"ollama": there, "lmstudio": away})
        inquiry.detect(())
        assert await heard(inquiry.detected) == (LocalProvider("ollama", ("small", "large")),)
        inquiry.detect({"ollama"})
        assert await heard(inquiry.detected) == ()
    await inquiry.close()
