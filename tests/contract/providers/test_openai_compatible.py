"""The official SDK against a real server with real faults."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from chatdesk.domain.errors import ChatDeskError, Offline, Refused, Retryable
from chatdesk.domain.message import Role
from chatdesk.providers.base import Connection, ReplyRequest, Turn, TurnPicture
from chatdesk.providers.openai_compatible import OpenAICompatibleProvider
from chatdesk.providers.registry import connected
from tests.support.openai_server import openai_server

REQUEST = ReplyRequest("m", [Turn(Role.SYSTEM, "be brief"), Turn(Role.USER, "hi")], temperature=0.5)


def provider_at(url: str, key: str = "secret-key") -> OpenAICompatibleProvider:
    return OpenAICompatibleProvider(base_url=url, api_key=key, models=["m"])


async def test_a_reply_arrives_in_pieces_with_its_usage() -> None:
    async with openai_server() as server:
        provider = provider_at(server.url)
        chunks = [chunk async for chunk in provider.stream(REQUEST)]
        await provider.close()
    assert "".join(chunk.text for chunk in chunks) == "Hello wörld 🙂"
    assert len(chunks) > 3
    assert chunks[-1].usage == {"total_tokens": 7}
    (request,) = server.requests
    assert request["authorization"] == "Bearer secret-key"
    assert request["messages"] == [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "hi"},
    ]
    assert request["temperature"] == 0.5


async def test_what_came_before_the_cut_is_not_lost() -> None:
    async with openai_server("cut") as server:
        provider = provider_at(server.url)
        chunks = provider.stream(REQUEST)
        first = await anext(chunks)
        with pytest.raises(Retryable):
            _ = [chunk async for chunk in chunks]
        await provider.close()
    assert first.text == "Hel"


async def test_nobody_at_the_address() -> None:
    provider = provider_at("http://127.0.0.1:9/v1")
    with pytest.raises(Offline):
        _ = [chunk async for chunk in provider.stream(REQUEST)]
    await provider.close()


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [("401", "API key"), ("404", "no list"), ("500", "fault"), ("portal", "no model provider")],
)
async def test_a_list_that_cannot_be_had_says_why(behaviour: str, words: str) -> None:
    async with openai_server(behaviour) as server:
        provider = provider_at(server.url)
        with pytest.raises(ChatDeskError, match=words) as caught:
            await provider.fetch_models()
        await provider.close()
    assert caught.value.next_step


PICTURED = ReplyRequest("m", [Turn(Role.USER, "what?", (TurnPicture("a.png", "image/png", b"png"),))])


async def test_a_picture_goes_along_as_a_data_address() -> None:
    async with openai_server() as server:
        provider = provider_at(server.url)
        assert [chunk async for chunk in provider.stream(PICTURED)]
        await provider.close()
    (request,) = server.requests
    assert request["messages"] == [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "what?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,cG5n"}},
            ],
        }
    ]


async def test_a_model_that_takes_no_pictures_is_told_their_names() -> None:
    async with openai_server("blind") as server:
        provider = provider_at(server.url)
        assert [chunk async for chunk in provider.stream(PICTURED)]
        await provider.close()
    assert len(server.requests) == 2
    content = server.requests[1]["messages"][0]["content"]
    assert content == 'what?\n\n[The picture "a.png" was attached here; you cannot see it.]'


async def test_any_other_refusal_is_not_repeated() -> None:
    async with openai_server("429") as server:
        provider = provider_at(server.url)
        with pytest.raises(Retryable):
            assert [chunk async for chunk in provider.stream(PICTURED)]
        await provider.close()
    assert len(server.requests) == 1


async def test_an_address_that_refuses_the_wish_for_usage_is_asked_without_it() -> None:
    async with openai_server("strict") as server:
        provider = provider_at(server.url)
        for _time in range(2):
            assert [chunk async for chunk in provider.stream(REQUEST)]
        await provider.close()
    assert ["stream_options" in request for request in server.requests] == [True, False, False]


async def test_a_temperature_that_a_model_does_not_take_is_named() -> None:
    async with openai_server("warm") as server:
        provider = provider_at(server.url)
        with pytest.raises(Refused, match="temperature") as caught:
            _ = [chunk async for chunk in provider.stream(REQUEST)]
        await provider.close()
    assert "chat's settings" in caught.value.next_step


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"Retry-After": "7"}, "Wait 7 seconds"),
        ({"Retry-After": "3600"}, "Wait 60 minutes"),
        ({"retry-after-ms": "1500", "Retry-After": "9"}, "Wait 2 seconds"),
        ({"Retry-After": format_datetime(datetime.now(UTC) + timedelta(days=2), usegmt=True)}, "minutes"),
        ({"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}, "Wait a moment"),
        ({"Retry-After": "soon"}, "Wait a moment"),
        ({"Retry-After": "nan"}, "Wait a moment"),
        ({}, "Wait a moment"),
    ],
)
async def test_how_long_to_wait_is_said(headers: dict[str, str], words: str) -> None:
    async with openai_server("429") as server:
        server.wish = headers
        provider = provider_at(server.url)
        with pytest.raises(Retryable, match="slow down") as caught:
            _ = [chunk async for chunk in provider.stream(REQUEST)]
        await provider.close()
    assert words in caught.value.next_step
    assert caught.value.retry_after is None or 0 <= caught.value.retry_after <= 86_400


async def test_a_model_that_says_nothing_for_too_long_is_a_time_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatdesk.providers.openai_compatible.SILENCE_SECONDS", 0.2)
    async with openai_server("mute") as server:
        provider = provider_at(server.url)
        with pytest.raises(Retryable, match="in time"):
            _ = [chunk async for chunk in provider.stream(REQUEST)]
        await provider.close()


async def test_headers_and_proxy_of_a_provider_are_used() -> None:
    """The proxy gets the whole address, and answers in the place of a server that is nowhere."""
    address = "http://models.invalid/v1"
    async with openai_server() as proxy:
        headers = {"X-Title": "ChatDesk"}
        connection = Connection("Mine", address, ("m",), "k", headers, proxy.origin)
        provider = connected(connection)
        assert await provider.fetch_models() == ("small", "large")
        assert [chunk async for chunk in provider.stream(REQUEST)]
        await provider.close()
        without = connected(replace(connection, proxy=""), hasty=True)
        with pytest.raises(Offline):
            await without.fetch_models()
        await without.close()
    assert {head["host"] for head in proxy.heads} == {"models.invalid"}
    assert {head["x-title"] for head in proxy.heads} == {"ChatDesk"}
