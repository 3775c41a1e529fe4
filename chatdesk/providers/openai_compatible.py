"""Models behind an address that speaks OpenAI's chat completions."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chatdesk.domain.errors import ChatDeskError, Misconfigured
from chatdesk.providers.base import ReplyChunk, ReplyRequest, Turn
from chatdesk.providers.failures import cut_off, translated, withheld
from chatdesk.providers.openai_messages import (
    message_of,
    refuses_pictures,
    refuses_usage,
    without_pictures,
)
from chatdesk.providers.presets import is_loopback

if TYPE_CHECKING:
    from openai import AsyncOpenAI

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 120.0
"""How long a model may think before its first word, and between two."""
MODELS_MOST = 500
MODEL_NAME_MOST = 160

_NO_CHAT = (
    "embed",
    "whisper",
    "tts",
    "dall-e",
    "moderation",
    "transcribe",
    "rerank",
    "image",
    "sora",
    "realtime",
)
"""Parts of the names of models that answer no messages."""


class OpenAICompatibleProvider:
    """A ``ChatProvider`` over the official SDK.

    The SDK costs 0.7 s to import, so it is imported in a thread at the first request. It never retries by
    itself: a reply that is paid for is asked for again by the user only. ``proxy`` is an address, else the
    system's is used, but never for this computer's own addresses; ``socket`` the path of a unix socket.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        models: Sequence[str],
        name: str = "OpenAI",
        headers: Mapping[str, str] | None = None,
        proxy: str = "",
        socket: str = "",
        connect_seconds: float = CONNECT_SECONDS,
    ) -> None:
        self.name = name
        self.models = tuple(models)
        self._base_url = base_url
        self._api_key = api_key
        self._headers = dict(headers or {})
        self._proxy = proxy
        self._socket = socket
        self._connect_seconds = connect_seconds
        self._client: AsyncOpenAI | None = None
        self._making = asyncio.Lock()
        self._tells_usage = True
        """Whether the address knows the wish for token usage; some refuse what they do not know."""

    async def _connected(self) -> AsyncOpenAI:
        async with self._making:
            if self._client is None:
                # In a thread: the SDK imports hundreds of modules, some only when its client is made.
                self._client = await asyncio.to_thread(self._make)
            return self._client

    def _make(self) -> AsyncOpenAI:
        openai = importlib.import_module("openai")
        timeout = openai.Timeout(SILENCE_SECONDS, connect=self._connect_seconds)
        road: dict[str, Any] = {"trust_env": not is_loopback(self._base_url)}
        if self._socket:
            # The SDK has changed its HTTP library before; its transports must be of the same one.
            client = next(c for c in openai.DefaultAsyncHttpxClient.__mro__ if c.__name__ == "AsyncClient")
            library = importlib.import_module(client.__module__.partition(".")[0])
            road = {"trust_env": False, "transport": library.AsyncHTTPTransport(uds=self._socket)}
        elif self._proxy:
            road["proxy"] = self._proxy
        made: AsyncOpenAI = openai.AsyncOpenAI(
            base_url=self._base_url,
            api_key=self._api_key or "none",
            max_retries=0,
            timeout=timeout,
            default_headers=self._headers,
            http_client=openai.DefaultAsyncHttpxClient(**road, timeout=timeout),
        )
        _ = made.chat.completions
        return made

    async def stream(self, request: ReplyRequest) -> AsyncGenerator[ReplyChunk, None]:
        """Stream the reply; the last chunk carries token usage where the address tells it.

        Raises ``Retryable`` when the stream ends without the finish reason that the protocol demands: a cut
        connection often looks like a clean end.
        """
        client = await self._connected()
        finished: str | None = None
        begun = False
        try:
            options: dict[str, Any] = dict(request.options or {})
            if request.temperature is not None:
                options["temperature"] = request.temperature
            response = await self._begun(client, request, options)
            begun = True
            async with response:
                async for chunk in response:
                    usage = chunk.usage.model_dump(exclude_none=True) if chunk.usage else None
                    choice = chunk.choices[0] if chunk.choices else None
                    text = (choice.delta.content or "") if choice and choice.delta else ""
                    finished = (choice.finish_reason if choice else None) or finished
                    if text or usage:
                        yield ReplyChunk(text, usage)
        except (asyncio.CancelledError, GeneratorExit, ChatDeskError):
            raise
        except Exception as failure:
            raise translated(failure, request.model, begun) from failure
        if finished is None:
            raise cut_off()
        if finished == "content_filter":
            raise withheld(finished)

    async def fetch_models(self) -> tuple[str, ...]:
        """Ask the address which models it has; those that cannot chat are left out."""
        client = await self._connected()
        found: list[str] = []
        try:
            async for model in client.models.list():
                name = str(model.id)
                if 0 < len(name) <= MODEL_NAME_MOST and not any(part in name.lower() for part in _NO_CHAT):
                    found.append(name)
                if len(found) >= MODELS_MOST:
                    break
        except (asyncio.CancelledError, ChatDeskError):
            raise
        except Exception as failure:
            raise _no_list(translated(failure, "", False)) from failure
        return tuple(dict.fromkeys(found))

    async def _begun(self, client: AsyncOpenAI, request: ReplyRequest, options: dict[str, Any]) -> Any:
        """Ask for the reply; once more without what the address or its model refuses and can do without.

        A request that was refused is not paid for.
        """

        async def ask(turns: Sequence[Turn]) -> Any:
            messages: Any = [message_of(turn) for turn in turns]
            usage: dict[str, Any] = {"stream_options": {"include_usage": True}} if self._tells_usage else {}
            return await client.chat.completions.create(
                model=request.model, messages=messages, stream=True, **usage, **options
            )

        turns = request.turns
        while True:
            try:
                return await ask(turns)
            except Exception as failure:
                if self._tells_usage and refuses_usage(failure):
                    self._tells_usage = False
                elif refuses_pictures(failure) and any(turn.pictures for turn in turns):
                    turns = [without_pictures(turn) for turn in turns]
                else:
                    raise

    async def close(self) -> None:
        """Close the connections to the address."""
        if self._client is not None:
            await self._client.close()
            self._client = None


def _no_list(failure: ChatDeskError) -> ChatDeskError:
    """Say it for a list of models: there, "not found" is about the address."""
    if failure.code == "404" or failure.message.startswith("The provider has no model named"):
        return Misconfigured(
            "This address has no list of models.", "Check it, or type the models' names.", "404"
        )
    if failure.message == cut_off().message:
        return Misconfigured(
            "What answers at this address is no model provider.", "Check the address.", failure.code
        )
    return failure
