"""The peer: a web page in headless Chromium, driven over its debugging socket.

The page lives on the back end's own origin, since that answers no other, and gets supabase-js and ``peer.js``
put into it. Frames are not held back to a display's rate, as Qt's offscreen windows are not either. Chromium
is Debian's package ``chromium``; without it there is no peer.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.place import Place

PEER = Path(__file__).with_name("peer")
WANTED = "CHATDESK_BENCH_PEER"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--headless=new",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--disable-gpu",
    "--metrics-recording-only",
    "--mute-audio",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--window-size=1100,720",
)
FREE = (
    "--disable-frame-rate-limit",
    "--disable-gpu-vsync",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
)


def chromium() -> str | None:
    """Return the path of a Chromium, if there is one and ``CHATDESK_BENCH_PEER`` is not ``off``."""
    if os.environ.get(WANTED) == "off":
        return None
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


def command(profile: Path, *more: str) -> list[str]:
    """Return the command that starts it with a profile of its own; raises ``LookupError`` without one."""
    program = chromium()
    if program is None:
        raise LookupError("Chromium is missing: apt-get install chromium")
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return [program, *QUIET, *sandbox, f"--user-data-dir={profile}", *more]


class Page:
    """One page; ``run`` evaluates an expression in it and returns its value, promises awaited."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser = browser
        self._session = session

    async def run(self, expression: str) -> Any:
        answer = await self._browser.call(
            "Runtime.evaluate",
            self._session,
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"])[:2000])
        return answer["result"].get("value")

    async def call(self, function: str, *arguments: Any) -> Any:
        """Call a function of ``peer.js``."""
        return await self.run(f"{function}({', '.join(json.dumps(each) for each in arguments)})")


class Browser:
    """A Chromium with its debugging socket."""

    def __init__(self, process: asyncio.subprocess.Process, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.process = process
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reading = asyncio.get_running_loop().create_task(self._read())

    async def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Ask the browser; raises ``RuntimeError`` with what it says."""
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        frame: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if session is not None:
            frame["sessionId"] = session
        await self._socket.send_json(frame)
        async with asyncio.timeout(60):
            told = await answer
        if "error" in told:
            raise RuntimeError(f"{method}: {told['error']}")
        result: dict[str, Any] = told["result"]
        return result

    async def page(self, address: str, scripts: Sequence[str] = ("supabase.js", "peer.js")) -> Page:
        """Open a window at ``address`` and put the scripts into it."""
        target = await self.call("Target.createTarget", url="about:blank", newWindow=True)
        session = await self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        page = Page(self, session["sessionId"])
        await self.call("Page.enable", session["sessionId"])
        await self.call("Page.navigate", session["sessionId"], url=address)
        while await page.run("document.readyState + location.href") != f"complete{address}":  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        for script in scripts:
            await page.run((PEER / script).read_text("utf-8") + "\n;undefined")
        return page

    async def _read(self) -> None:
        async for message in self._socket:
            told = json.loads(message.data)
            answer = self._waiting.pop(told.get("id", 0), None)
            if answer is not None and not answer.done():
                answer.set_result(told)

    async def close(self) -> None:
        with suppress(Exception):
            await self.call("Browser.close")
        await self._socket.close()
        await self._reading
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()


@asynccontextmanager
async def browser(place: Place) -> AsyncIterator[Browser | None]:
    """A Chromium in ``place``, or None where there is none."""
    if chromium() is None:
        yield None
        return
    profile = place.directory / "chromium"
    profile.mkdir()
    process = await place.process(*command(profile, *FREE, "--remote-debugging-port=0", "about:blank"))
    told = profile / "DevToolsActivePort"
    async with asyncio.timeout(30):
        while not told.exists() or len(told.read_text().splitlines()) < 2:  # noqa: ASYNC110 (a file)
            await asyncio.sleep(0.02)
    port, path = told.read_text().splitlines()[:2]
    socket = await place.http.ws_connect(f"ws://127.0.0.1:{port}{path}", max_msg_size=0)
    made = Browser(process, socket)
    try:
        yield made
    finally:
        await made.close()
