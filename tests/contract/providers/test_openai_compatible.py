"""The official SDK against a real server with real faults."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from urllib.parse import urlsplit

import pytest

from chatdesk.domain.errors import ChatDeskError, Misconfigured, Offline, Refused, Retryable
from chatdesk.domain.message import Role
from chatdesk.providers.base import Connection, ReplyRequest, Turn, TurnPicture
from chatdesk.providers.openai_compatible import OpenAICompatibleProvider
from chatdesk.providers.presets import PRESETS, final_address
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


@pytest.mark.parametrize(
    ("behaviour", "kind", "words"),
    [
        ("401", Misconfigured, "API key"),
        ("403", Misconfigured, "API key"),
        ("404", Misconfigured, "no model named m"),
        ("429", Retryable, "slow down"),
        ("500", Retryable, "fault"),
        ("503", Retryable, "fault"),
        ("400", Refused, "refused the request"),
        ("too long", Refused, "too long"),
        ("cut", Retryable, "cut off"),
        ("silent end", Retryable, "cut off"),
        ("garbage", Retryable, "cut off"),
        ("portal", Retryable, "cut off"),
        ("402", Misconfigured, "no credit"),
        ("408", Retryable, "in time"),
        ("413", Refused, "too long"),
        ("504", Retryable, "in time"),
        ("no credit", Misconfigured, "no credit"),
        ("too long, as llama.cpp says it", Refused, "too long"),
        ("too long, in words", Refused, "too long"),
        ("filtered before", Refused, "withheld"),
        ("error in stream", Retryable, "cut off"),
        ("filtered", Refused, "withheld"),
    ],
)
async def test_a_fault_becomes_one_clear_sentence(
    behaviour: str, kind: type[ChatDeskError], words: str
) -> None:
    async with openai_server(behaviour) as server:
        provider = provider_at(server.url)
        with pytest.raises(kind, match=words) as caught:
            _ = [chunk async for chunk in provider.stream(REQUEST)]
        await provider.close()
    assert caught.value.next_step
    assert len(server.requests) == 1, "a reply that is paid for is never asked for twice by itself"
    if isinstance(caught.value, Retryable) and behaviour == "429":
        assert caught.value.retry_after == 7
        assert "Wait 7 seconds" in caught.value.next_step


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


async def test_closing_the_stream_ends_the_request() -> None:
    async with openai_server("endless") as server:
        provider = provider_at(server.url)
        async with aclosing(provider.stream(REQUEST)) as chunks:
            async for chunk in chunks:
                if chunk.text == ".":
                    break
        async with asyncio.timeout(30):
            await server.closed.wait()
        await provider.close()


async def test_a_delta_of_ten_megabytes_and_torn_characters_arrive_whole() -> None:
    for behaviour, end in (("huge", "ä" * 5_000_000), ("torn", "ß🙂")):
        async with openai_server(behaviour) as server:
            provider = provider_at(server.url)
            text = "".join([chunk.text async for chunk in provider.stream(REQUEST)])
            await provider.close()
        assert text.endswith(end)


@pytest.mark.parametrize("kind", [kind for kind in PRESETS if PRESETS[kind].base_url])
async def test_every_kind_of_provider_speaks_the_same_wire(kind: str) -> None:
    """The paths that follow the base address are what an address of a preset must fit."""
    path = urlsplit(PRESETS[kind].base_url).path.rstrip("/")
    async with openai_server(path=path) as server:
        base = PRESETS[kind].base_url.replace(PRESETS[kind].base_url.split(path)[0], server.origin)
        provider = connected(Connection(kind, base, ("m",), "k", {"X-Title": "ChatDesk"}))
        assert await provider.fetch_models() == ("small", "large")
        chunks = [chunk async for chunk in provider.stream(REQUEST)]
        await provider.close()
    assert "".join(chunk.text for chunk in chunks) == "Hello wörld 🙂"
    assert {head["x-title"] for head in server.heads} == {"ChatDesk"}
    assert {head["authorization"] for head in server.heads} == {"Bearer k"}
    assert final_address(base) == f"{server.origin}{path}/chat/completions"


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
