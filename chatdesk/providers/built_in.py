"""The small model that comes with ChatDesk: offline, without a key, and not to be believed."""

from __future__ import annotations

import asyncio
import importlib.util
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

from chatdesk.domain.errors import ChatDeskError, Misconfigured, Offline, Refused
from chatdesk.domain.message import Role
from chatdesk.providers import weights
from chatdesk.providers.base import ReplyChunk, ReplyRequest, Turn
from chatdesk.providers.model_process import ModelProcess
from chatdesk.providers.repetition import is_going_round

NAME = "SmolLM2-135M"
RUNTIME = "xllamacpp"
SYSTEM = "You are a helpful assistant. Always answer in English, briefly and correctly."
TEMPERATURE = 0.2
OPTIONS = {"max_tokens": 256, "top_p": 0.9, "extra_body": {"repeat_penalty": 1.1}}


class BuiltInModel:
    """A ``ChatProvider`` over a process of its own, started at the first request.

    ``url`` is where the file can be had, whatever the user says; without it ``use_address`` says where.
    ``places`` are where the file may lie, the first one being where it is put.
    """

    name = "ChatDesk"
    models: Sequence[str] = (NAME,)

    def __init__(self, places: Sequence[Path], url: str = "", command: Sequence[str] | None = None) -> None:
        self._places = tuple(places)
        self._url = url
        self.address_fixed = bool(url)
        self._command = command
        self._process: ModelProcess | None = None
        self._starting = asyncio.Lock()
        self._stopped = threading.Event()

    @property
    def supported(self) -> bool:
        """Whether the runtime is installed; it is not imported here, only in the process."""
        return importlib.util.find_spec(RUNTIME) is not None

    @property
    def installed(self) -> bool:
        """Whether it can answer."""
        return self.supported and weights.found(self._places) is not None

    @property
    def fetchable(self) -> bool:
        """Whether there is an address to fetch the file from."""
        return self.supported and bool(self._url)

    def use_address(self, url: str) -> None:
        """Fetch the file from here from now on, unless the address is fixed."""
        if not self.address_fixed:
            self._url = url

    @property
    def removable(self) -> bool:
        """Whether the file is this user's own."""
        return weights.found(self._places[:1]) is not None

    async def fetch(self, progress: Callable[[float], None]) -> None:
        """Download the file; ``progress`` is called on this thread. Raises what ``weights.fetch`` raises."""
        loop = asyncio.get_running_loop()
        self._stopped = stopped = threading.Event()

        def tell(part: float) -> None:
            if not stopped.is_set():
                loop.call_soon_threadsafe(progress, part)

        try:
            await asyncio.to_thread(weights.fetch, self._url, self._places[0], tell, stopped)
        finally:
            stopped.set()

    def stop_fetching(self) -> None:
        """End the download."""
        self._stopped.set()

    async def remove(self) -> None:
        """Delete the file that was fetched, and end the process."""
        await self.close()
        try:
            await asyncio.to_thread(self._places[0].unlink, True)
        except OSError as failure:
            raise Refused("The built-in model could not be removed.", "Try again later.") from failure

    async def stream(self, request: ReplyRequest) -> AsyncGenerator[ReplyChunk, None]:
        """Stream the reply; one that goes round in circles is ended."""
        process = await self._running()
        turns = list(request.turns)
        if not turns or turns[0].role is not Role.SYSTEM:
            turns.insert(0, Turn(Role.SYSTEM, SYSTEM))
        warmth = TEMPERATURE if request.temperature is None else request.temperature
        wanted = replace(request, turns=turns, temperature=warmth, options=OPTIONS)
        text = ""
        try:
            await process.provider.fetch_models()
        except Offline:
            # It died and nobody has noticed yet.
            await self.close()
            process = await self._running()
        async with aclosing(process.provider.stream(wanted)) as chunks:
            async for chunk in chunks:
                text += chunk.text
                yield chunk
                if is_going_round(text):
                    return

    async def close(self) -> None:
        """End the process."""
        self._stopped.set()
        process, self._process = self._process, None
        if process is not None:
            await process.close()

    async def _running(self) -> ModelProcess:
        async with self._starting:
            if self._process is not None and self._process.running:
                return self._process
            await self.close()
            path = weights.found(self._places)
            if path is None or not self.supported:
                raise _absent()
            self._process = await ModelProcess.start(path, NAME, self._command)
            return self._process


def _absent() -> ChatDeskError:
    return Misconfigured("The built-in model is not installed.", "Install it in the settings, under Models.")
