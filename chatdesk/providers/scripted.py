"""A provider that recites: for tests and the demo, never chosen by the app itself."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence

from chatdesk.domain.clock import Clock, SystemClock
from chatdesk.providers.base import ReplyChunk, ReplyRequest

Script = Callable[[ReplyRequest], str]


class ScriptedProvider:
    """Answers with what ``script`` makes of the request, ``piece`` characters every ``pause`` seconds."""

    name = "Script"

    def __init__(
        self,
        script: Script,
        *,
        models: Sequence[str] = ("demo-script",),
        piece: int = 4,
        pause: float = 0.02,
        clock: Clock | None = None,
    ) -> None:
        self.models = tuple(models)
        self.requests: list[ReplyRequest] = []
        """Every request so far, for whoever counts the calls."""
        self._script = script
        self._piece = piece
        self._pause = pause
        self._clock = clock or SystemClock()

    async def stream(self, request: ReplyRequest) -> AsyncGenerator[ReplyChunk, None]:
        self.requests.append(request)
        text = self._script(request)
        for start in range(0, len(text), self._piece):
            if self._pause:
                await self._clock.sleep(self._pause)
            yield ReplyChunk(text[start : start + self._piece])
        yield ReplyChunk(usage={"completion_tokens": len(text.split())})

    async def close(self) -> None:
        """There is nothing to close."""
