"""A small OpenAI-compatible server on loopback, with the faults that real ones have."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

WORDS = {
    "no credit": ("insufficient_quota", 429),
    "too long, as llama.cpp says it": ("exceed_context_size_error", 400),
    "too long, in words": ("This model's maximum context length is 8192 tokens.", 400),
    "filtered before": ("content_filter", 400),
}
"""Refusals in the many words of real providers: the code and the status."""


@dataclass
class OpenAIServer:
    """Answers every request as ``behaviour`` says and remembers the requests."""

    url: str = ""
    origin: str = ""
    behaviour: str = "normal"
    pieces: tuple[str, ...] = ("Hel", "lo ", "wörld ", "🙂")
    models: tuple[str, ...] = ("small", "large", "text-embedding-3")
    wish: dict[str, str] = field(default_factory=lambda: {"Retry-After": "7"})
    """The headers with which it asks to slow down."""

    requests: list[dict[str, Any]] = field(default_factory=list)
    heads: list[dict[str, str]] = field(default_factory=list)
    """The headers of every request."""

    closed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client left in the middle of a reply."""

    enough: asyncio.Event = field(default_factory=asyncio.Event)
    """Set to end the replies that drip."""

    said: list[tuple[float, int]] = field(default_factory=list)
    """When a dripping reply had how many characters; the clock is this process's monotonic one."""

    async def list_models(self, request: web.Request) -> web.Response:
        self.heads.append({name.lower(): value for name, value in request.headers.items()})
        if self.behaviour.isdigit():
            return web.json_response({"error": {"message": "no"}}, status=int(self.behaviour))
        if self.behaviour == "portal":
            return web.Response(text="<html>Sign in to the Wi-Fi</html>", content_type="text/html")
        return web.json_response(
            {"object": "list", "data": [{"id": m, "object": "model"} for m in self.models]}
        )

    async def complete(self, request: web.Request) -> web.StreamResponse:
        self.heads.append({name.lower(): value for name, value in request.headers.items()})
        self.requests.append(await request.json() | {"authorization": request.headers.get("Authorization")})
        if self.behaviour.isdigit():
            status = int(self.behaviour)
            return web.json_response(
                {"error": {"message": "no", "code": f"code_{status}"}},
                status=status,
                headers=self.wish if status == 429 else {},
            )
        if self.behaviour in WORDS:
            code, status = WORDS[self.behaviour]
            return web.json_response({"error": {"message": code, "code": code}}, status=status)
        if self.behaviour == "strict" and "stream_options" in self.requests[-1]:
            message = "body.stream_options: Extra inputs are not permitted"
            return web.json_response({"error": {"message": message}}, status=422)
        if self.behaviour == "warm" and "temperature" in self.requests[-1]:
            message = "Unsupported value: 'temperature' does not support 0.5 with this model."
            return web.json_response({"error": {"message": message, "code": "unsupported_value"}}, status=400)
        if self.behaviour == "blind" and "image_url" in str(self.requests[-1]["messages"]):
            return web.json_response({"error": {"message": "no pictures", "code": "invalid"}}, status=400)
        if self.behaviour == "too long":
            return web.json_response({"error": {"code": "context_length_exceeded"}}, status=400)
        if self.behaviour == "portal":
            return web.Response(text="<html>Sign in to the Wi-Fi</html>", content_type="text/html")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        try:
            await self._stream(request, response)
        except (ConnectionResetError, asyncio.CancelledError):
            self.closed.set()
            raise
        return response

    async def _stream(self, request: web.Request, response: web.StreamResponse) -> None:
        for piece in self.pieces:
            await self._send(response, {"choices": [{"index": 0, "delta": {"content": piece}}]})
        match self.behaviour:
            case "cut":
                assert request.transport is not None
                request.transport.abort()
                return
            case "silent end":
                return
            case "endless":
                while True:
                    await self._send(response, {"choices": [{"index": 0, "delta": {"content": "."}}]})
                    await asyncio.sleep(0.001)
            case "drip":
                await self._drip(response)
            case "mute":
                await asyncio.Event().wait()
            case "garbage":
                await response.write(b"data: {broken\n\n")
            case "error in stream":
                await response.write(b'data: {"error": {"message": "overloaded", "code": 500}}\n\n')
            case "huge":
                await self._send(response, {"choices": [{"index": 0, "delta": {"content": "ä" * 5_000_000}}]})
                await self._send(response, self._end("stop"))
            case "torn":
                await self._torn(response)
            case "filtered":
                await self._send(response, self._end("content_filter"))
            case _:
                await self._send(response, self._end("stop"))
                await self._send(response, {"choices": [], "usage": {"total_tokens": 7}})
        await response.write(b"data: [DONE]\n\n")

    async def _drip(self, response: web.StreamResponse) -> None:
        """A word every 50 ms, until it is enough."""
        length = sum(map(len, self.pieces))
        while not self.enough.is_set():
            word = f"{len(self.said)} and on "
            await self._send(response, {"choices": [{"index": 0, "delta": {"content": word}}]})
            length += len(word)
            self.said.append((time.monotonic(), length))
            await asyncio.sleep(0.05)
        await self._send(response, self._end("stop"))

    async def _torn(self, response: web.StreamResponse) -> None:
        """Every byte in a packet of its own, so that characters are torn apart."""
        for chunk in ({"choices": [{"index": 0, "delta": {"content": "ß🙂"}}]}, self._end("stop")):
            event = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m", **chunk}
            for byte in b"data: " + json.dumps(event, ensure_ascii=False).encode() + b"\n\n":
                await response.write(bytes([byte]))
                await asyncio.sleep(0)

    @staticmethod
    def _end(reason: str) -> dict[str, Any]:
        return {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}

    @staticmethod
    async def _send(response: web.StreamResponse, chunk: dict[str, Any]) -> None:
        event = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m", **chunk}
        line = b"data: " + json.dumps(event, ensure_ascii=False).encode() + b"\n\n"
        # In two halves, so that characters and events are split between reads.
        half = len(line) // 2
        await response.write(line[:half])
        await response.write(line[half:])


@asynccontextmanager
async def openai_server(behaviour: str = "normal", path: str = "/v1") -> AsyncIterator[OpenAIServer]:
    """Run the server on a free port for as long as the block lasts."""
    server = OpenAIServer(behaviour=behaviour)
    application = web.Application()
    application.router.add_post(f"{path}/chat/completions", server.complete)
    application.router.add_get(f"{path}/models", server.list_models)
    runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    server.url = server.origin + path
    try:
        yield server
    finally:
        await runner.cleanup()
