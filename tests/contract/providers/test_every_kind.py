"""Every kind of provider against a real server with every fault of the list."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from chatdesk.domain.errors import ChatDeskError, Misconfigured, Refused, Retryable
from chatdesk.domain.message import Role
from chatdesk.domain.provider import BUILT_IN
from chatdesk.providers.base import Connection, ListingProvider, ReplyRequest, Turn
from chatdesk.providers.model_process import ModelProcess
from chatdesk.providers.presets import CUSTOM, PRESETS, final_address
from chatdesk.providers.registry import connected
from tests.support.openai_server import OpenAIServer, openai_server

REQUEST = ReplyRequest("m", [Turn(Role.USER, "hi")], temperature=0.5)

FAULTS: tuple[tuple[str, type[ChatDeskError], str], ...] = (
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
)

# Stands for the built-in model's process: carries its unix socket's bytes to a port of this computer.
_FORWARDER = """
import asyncio, json, sys

async def carry(reader, writer):
    while piece := await reader.read(65536):
        writer.write(piece)
        await writer.drain()
    writer.close()

async def serve(reader, writer):
    there, onward = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]))
    await asyncio.gather(carry(reader, onward), carry(there, writer), return_exceptions=True)

async def main():
    order = json.loads(sys.stdin.readline())
    await asyncio.start_unix_server(serve, order["socket"])
    print(json.dumps({"address": order["socket"]}), flush=True)
    await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""


@asynccontextmanager
async def provider_of(kind: str) -> AsyncIterator[tuple[OpenAIServer, ListingProvider]]:
    """A server where addresses of this kind lead, and the adapter that ChatDesk makes for it."""
    if kind == BUILT_IN:
        async with openai_server() as server:
            port = server.origin.rpartition(":")[2]
            process = await ModelProcess.start(Path("m"), "m", [sys.executable, "-c", _FORWARDER, port])
            try:
                yield server, process.provider
            finally:
                await process.close()
        return
    base_url = PRESETS[kind].base_url or "https://models.example.com/api/v2"
    path = urlsplit(base_url).path.rstrip("/")
    async with openai_server(path=path) as server:
        base = base_url.replace(base_url.split(path)[0], server.origin)
        provider = connected(Connection(kind, base, ("m",), "k", {"X-Title": "ChatDesk"}))
        assert final_address(base) == f"{server.url}/chat/completions"
        try:
            yield server, provider
        finally:
            await provider.close()


async def text_of(provider: ListingProvider) -> str:
    """Ask for a reply to its end."""
    return "".join([chunk.text async for chunk in provider.stream(REQUEST)])


@pytest.mark.parametrize("kind", [*PRESETS, BUILT_IN])
async def test_a_kind_of_provider_lives_through_the_whole_list(kind: str) -> None:
    async with asyncio.timeout(60), provider_of(kind) as (server, provider):
        assert await provider.fetch_models() == ("small", "large")
        assert await text_of(provider) == "Hello wörld 🙂"
        if kind != BUILT_IN:
            assert {head["x-title"] for head in server.heads} == {"ChatDesk"}
            assert {head["authorization"] for head in server.heads} == {"Bearer k"}
        for behaviour, failure, words in FAULTS:
            server.behaviour = behaviour
            server.requests.clear()
            with pytest.raises(failure, match=words) as caught:
                await text_of(provider)
            assert caught.value.next_step, behaviour
            assert len(server.requests) == 1, "a reply that is paid for is never asked for twice by itself"
        server.behaviour = "torn"
        assert (await text_of(provider)).endswith("ß🙂"), "characters that were torn apart"
        server.behaviour = "huge"
        assert (await text_of(provider)).endswith("ä" * 5_000_000), "a piece of ten megabytes"
        server.behaviour = "endless"
        async with aclosing(provider.stream(REQUEST)) as chunks:
            async for chunk in chunks:
                if chunk.text == ".":
                    break
        await server.closed.wait()
        server.behaviour = "normal"
        assert await text_of(provider) == "Hello wörld 🙂", "and the next one is answered"


def test_the_list_of_kinds_is_the_one_that_was_promised() -> None:
    promised = "openai anthropic gemini openrouter ollama lmstudio deepseek mistral groq xai"
    assert {*promised.split(), CUSTOM} == set(PRESETS)
