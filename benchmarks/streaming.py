"""A whole window while a model writes at a pace, in a process of its own.

``python -m benchmarks.streaming SECONDS SLICE`` opens the account of ``CHATDESK_DATA``, whose embedded
back end runs already, sends a question, and lets a model answer with 200 tokens a second. Prints one line
of JSON with a list each of: ``frames`` (milliseconds from the beginning of laying out until everything of
it is painted), ``echoes`` (from a key until the composer is painted with it) and ``busy`` (percent of a
core), one entry a slice of the time, and how many ``tokens`` were given out a second.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from collections.abc import AsyncGenerator

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QPaintEvent
from PySide6.QtWidgets import QApplication, QPlainTextEdit

from benchmarks import machine
from benchmarks.traced import around
from benchmarks.whole_window import at_work
from chatdesk.app.application import Application
from chatdesk.domain.session import LinkState
from chatdesk.providers.base import ReplyChunk, ReplyRequest
from chatdesk.ui.composer.text_field import TextField
from chatdesk.ui.timeline.row import RowView
from chatdesk.ui.timeline.view import TimelineView
from tests.support.messages import markdown

PACE = 200
KEY_SECONDS = 0.25
SETTLED = 3.0
QUESTION = "Tell me everything."


class PacedModel:
    """Writes Markdown by the clock: who reads late gets what is due at once."""

    name = "Paced"
    models = ("paced",)

    def __init__(self, seconds: float) -> None:
        text = markdown(random.Random(5), int(PACE * seconds) * 6)
        self._tokens = [text[at : at + 4] for at in range(0, len(text), 4)][: int(PACE * seconds)]
        self.begun = asyncio.Event()
        self.given = 0

    async def stream(self, request: ReplyRequest) -> AsyncGenerator[ReplyChunk, None]:
        del request
        self.begun.set()
        start = time.monotonic()
        for number, token in enumerate(self._tokens):
            ahead = start + number / PACE - time.monotonic()
            if ahead > 0:
                await asyncio.sleep(ahead)
            self.given += 1
            yield ReplyChunk(token)
        yield ReplyChunk(usage={"completion_tokens": self.given})

    async def close(self) -> None:
        """There is nothing to close."""


class Watch:
    """Notes frames and echoes as they come; made before the window, which keeps what it calls."""

    def __init__(self) -> None:
        self.frames: list[float] = []
        self.echoes: list[float] = []
        self._began = 0.0
        self._pressed = 0.0
        self._painting = False
        around(TimelineView, "flush", self._lay_out)
        around(RowView, "paintEvent", self._paint)

        def painted(field: TextField, event: QPaintEvent) -> None:
            QPlainTextEdit.paintEvent(field, event)
            self._typed()

        setattr(TextField, "paintEvent", painted)  # noqa: B010 (it is a method to the type checker)

    def press(self, field: TextField, back: bool) -> None:
        """Type a letter, or take it back."""
        key, text = (Qt.Key.Key_Backspace, "") if back else (Qt.Key.Key_X, "x")
        self._pressed = time.perf_counter()
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            QApplication.postEvent(field, QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, text))

    def take(self) -> tuple[list[float], list[float]]:
        """Return what came since the last time."""
        frames, self.frames = self.frames, []
        echoes, self.echoes = self.echoes, []
        return frames, echoes

    def _lay_out(self, *_: object) -> None:
        if not self._painting:
            self._began = time.perf_counter()

    def _paint(self, *_: object) -> None:
        if self._began and not self._painting:
            self._painting = True
            QTimer.singleShot(0, self._painted)  # All rows of a frame are painted in one turn of the loop.

    def _painted(self) -> None:
        self.frames.append((time.perf_counter() - self._began) * 1000)
        self._began, self._painting = 0.0, False

    def _typed(self) -> None:
        if self._pressed:
            self.echoes.append((time.perf_counter() - self._pressed) * 1000)
            self._pressed = 0.0


async def connected(whole: Application) -> None:
    """Wait until its link is up."""
    async with asyncio.timeout(60):
        while whole.open_account.engine.diagnostics()["link"] != LinkState.CONNECTED:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def measured(
    whole: Application, model: PacedModel, watch: Watch, seconds: float, part: float
) -> dict[str, list[object]]:
    """Ask the question and watch the answer being written."""
    await connected(whole)
    active = whole.windows.active
    composer = active.window.composer
    conversation = active.realtime.create_conversation("Streaming", model.models[0])
    async with asyncio.timeout(60):
        while active.realtime.current_conversation != conversation:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await asyncio.sleep(SETTLED)
    composer.field.setPlainText(QUESTION)
    composer.button.click()
    async with asyncio.timeout(60):
        await model.begun.wait()
    told: dict[str, list[object]] = {"frames": [], "echoes": [], "busy": [], "tokens": []}
    slices = int(seconds / part)
    begun, back = time.monotonic(), False
    for number in range(1, slices + 1):
        busy, given, since = machine.cpu_seconds(os.getpid()), model.given, time.monotonic()
        watch.take()
        # The last moments are left to whoever writes the end of the answer down.
        while (left := begun + number * part - 0.5 - time.monotonic()) > 0:
            await asyncio.sleep(min(KEY_SECONDS, left))
            watch.press(composer.field, back)
            back = not back
        passed = time.monotonic() - since
        frames, echoes = watch.take()
        told["frames"].append(frames)
        told["echoes"].append(echoes)
        told["busy"].append((machine.cpu_seconds(os.getpid()) - busy) / passed * 100)
        told["tokens"].append((model.given - given) / passed)
    return told


def main() -> int:
    seconds, part = float(sys.argv[1]), float(sys.argv[2])
    model, watch = PacedModel(seconds), Watch()
    return at_work(lambda whole: measured(whole, model, watch, seconds, part), model)


if __name__ == "__main__":
    sys.exit(main())
