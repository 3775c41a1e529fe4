"""The self-test: whether this copy of ChatDesk does on this computer what it is for."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import secrets
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TextIO

from chatdesk import __version__
from chatdesk.app.puppeteer import Puppet, PuppetError
from chatdesk.credentials.vault import Vault
from chatdesk.domain.errors import ChatDeskError, VaultUnavailable

KEYRING_SERVICE = "ChatDesk self-test"
"""Not the service of the user's own secrets."""

KEYRING_SECONDS = 15.0
MODEL_SECONDS = 60.0
END_LOOKS, END_PAUSE = 300, 0.1
"""How often, and how many seconds apart, it is looked whether the back end has ended."""

MESSAGE = "Is anybody there?"


class Outcome(StrEnum):
    """``SPARE``: it works in the second best way, which the row names."""

    PASSED = "ok"
    SPARE = "ok, without"
    ABSENT = "not in this copy"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what was looked at, what came of it, and what was seen."""

    what: str
    outcome: Outcome
    seen: str


class SelfTest:
    """Two real instances, in a directory of their own, with one embedded back end.

    ``screen`` is Qt's name of the platform for their windows, empty for its own choice; ``vault`` makes what
    is asked as the keyring. ``environment`` says whether there may be a built-in model.
    """

    def __init__(
        self, directory: Path, *, screen: str, vault: Callable[[], Vault], environment: Mapping[str, str]
    ) -> None:
        self._directory = directory
        self._screen = screen
        self._vault = vault
        self._environment = environment
        self._instances: list[Puppet] = []
        self.rows: list[Row] = []

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return bool(self.rows) and all(row.outcome is not Outcome.FAILED for row in self.rows)

    async def run(self) -> None:
        """Do everything; what depends on a failed part is left out: it would only fail again."""
        self._note("Program", Outcome.PASSED, _program())
        await self._step("Keyring", self._keyring)
        try:
            if not await self._step("Window", self._window):
                return
            if not await self._step("Embedded back end", self._back_end):
                return
            await self._step("Message and realtime", self._message)
            await self._step("Leaving", self._leave)
        finally:
            for instance in self._instances:
                await instance.kill()
        await self._step("Built-in model", self._model)

    async def _step(self, what: str, work: Callable[[], Awaitable[tuple[Outcome, str]]]) -> bool:
        began = time.monotonic()
        try:
            outcome, seen = await work()
        except (ChatDeskError, PuppetError, OSError, TimeoutError, LookupError) as failure:
            outcome, seen = Outcome.FAILED, str(failure) or type(failure).__name__
        self._note(what, outcome, f"{seen} ({time.monotonic() - began:.1f} s)")
        return outcome is not Outcome.FAILED

    def _note(self, what: str, outcome: Outcome, seen: str) -> None:
        self.rows.append(Row(what, outcome, seen))

    # Steps --------------------------------------------------------------------------------------------------

    async def _keyring(self) -> tuple[Outcome, str]:
        """Write a secret, read it and remove it; a keyring that asks its user gets some seconds."""
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        loop = asyncio.get_running_loop()

        def settle(method: Callable[[Any], None], value: object) -> None:
            if not answer.done():
                method(value)

        def ask() -> None:
            try:
                kept = _round_trip(self._vault())
                loop.call_soon_threadsafe(settle, answer.set_result, kept)
            except Exception as failure:
                loop.call_soon_threadsafe(settle, answer.set_exception, failure)

        # A daemon: a keyring that never answers must not keep the process.
        threading.Thread(target=ask, name="keyring", daemon=True).start()
        try:
            async with asyncio.timeout(KEYRING_SECONDS):
                return Outcome.PASSED, f"{await answer} kept a secret and gave it back"
        except VaultUnavailable as failure:
            return Outcome.SPARE, f"{failure.message} Secrets would be kept until ChatDesk is closed."
        except TimeoutError:
            return Outcome.SPARE, "It waits for its user. Until it is unlocked, secrets are not kept."

    async def _window(self) -> tuple[Outcome, str]:
        began = time.monotonic()
        for name in "ab":
            self._instances.append(
                await Puppet.start(
                    name,
                    self._directory,
                    log=self._directory / f"{name}.log",
                    environment={"QT_QPA_PLATFORM": self._screen},
                    scripted=True,
                )
            )
        seen = [await each.ask("surface") for each in self._instances]
        took = time.monotonic() - began
        if not all(each["visible"] for each in seen):
            return Outcome.FAILED, "The window did not open."
        width, height = seen[0]["size"]
        return Outcome.PASSED, f"two of {width} × {height} on {seen[0]['platform']} within {took:.1f} s"

    async def _back_end(self) -> tuple[Outcome, str]:
        await asyncio.gather(*(each.ask("sign_in") for each in self._instances))
        for each in self._instances:
            state = await each.until_state("being connected", _connected_or_refused)
            if state["local_error"]:
                return Outcome.FAILED, state["local_error"]
        found = next((self._directory / "local").rglob("PG_VERSION"), None)
        if found is None:
            return Outcome.FAILED, "It keeps nothing in its directory."
        major = found.read_text("ascii").strip()
        return Outcome.PASSED, f"PostgreSQL {major} started; both windows are connected"

    async def _message(self) -> tuple[Outcome, str]:
        a, b = self._instances
        conversation = (await a.ask("create", title="Self-test"))["conversation_id"]
        known = [conversation]
        await b.until_state(
            "the conversation in the second window",
            lambda state: any(entry["id"] in known for entry in state["conversations"]),
        )
        await b.ask("open", conversation_id=conversation)
        sent = await a.ask("send", text=MESSAGE)
        message = sent["message_id"]
        painted = await b.until_painted(message)
        stored = await a.until_state("the message being stored", lambda state: _stored(state, message))
        shown = await b.ask("state")
        if not _stored(stored, message) or not _stored(shown, message):
            return Outcome.FAILED, "The second window shows another message than was sent."
        after = (painted["at"] - sent["at"]) / 1e6
        return Outcome.PASSED, f"stored, and painted in the second window after {after:.0f} ms"

    async def _leave(self) -> tuple[Outcome, str]:
        for each in self._instances:
            await each.quit()
        for _ in range(END_LOOKS):
            if not (self._directory / "local" / "server.json").exists():
                break
            await asyncio.sleep(END_PAUSE)
        else:
            return Outcome.FAILED, "The back end did not end."
        return Outcome.PASSED, "windows and back end ended on their own"

    async def _model(self) -> tuple[Outcome, str]:
        from chatdesk.app.set_up import built_in_model
        from chatdesk.domain.message import Role
        from chatdesk.providers.base import ReplyRequest, Turn

        model = built_in_model(self._environment, self._directory)
        if model is None:
            return Outcome.ABSENT, "the environment does without it"
        if not model.supported:
            return Outcome.ABSENT, "what runs it is not in this copy"
        if not model.installed:
            return Outcome.ABSENT, "its file is not here; the settings can fetch it"
        said = ""
        request = ReplyRequest(model.models[0], [Turn(Role.USER, "Say hello.")])
        try:
            async with asyncio.timeout(MODEL_SECONDS), aclosing(model.stream(request)) as chunks:
                async for chunk in chunks:
                    said += chunk.text
                    if len(said) > 20:
                        break
        finally:
            await model.close()
        if not said.strip():
            return Outcome.FAILED, "It answered nothing."
        return Outcome.PASSED, f"it says {json.dumps(said.strip()[:40], ensure_ascii=False)}"


def table(rows: Sequence[Row]) -> str:
    """The rows as a table that is readable as it is and as Markdown."""
    lines = ["| part | result | seen |", "| --- | --- | --- |"]
    lines += [f"| {row.what} | {row.outcome} | {' '.join(row.seen.split())} |" for row in rows]
    return "\n".join(lines)


def run_selftest(*, on_screen: bool, out: TextIO | None = None) -> int:
    """Run it and print the table; returns 0 only if nothing failed. Nothing of the user's is touched."""
    from chatdesk.credentials.keyring_vault import KeyringVault

    out = out or sys.stdout
    directory = Path(tempfile.mkdtemp(prefix="chatdesk-selftest-"))
    test = SelfTest(
        directory,
        screen=os.environ.get("QT_QPA_PLATFORM", "") if on_screen else "offscreen",
        vault=lambda: KeyringVault(KEYRING_SERVICE),
        environment=os.environ,
    )
    try:
        asyncio.run(test.run())
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    verdict = "ChatDesk works here." if test.passed else "ChatDesk does NOT work here."
    if out is not None:  # a program without a console has nowhere to write to
        if hasattr(out, "reconfigure"):
            out.reconfigure(encoding="utf-8", errors="replace")
        print(f"{table(test.rows)}\n\n{verdict}", file=out, flush=True)
    return 0 if test.passed else 1


def _program() -> str:
    kind = "packaged program" if getattr(sys, "frozen", False) else "source"
    return f"ChatDesk {__version__}, {kind}, Python {platform.python_version()}, {platform.platform()}"


def _round_trip(vault: Vault) -> str:
    name, value = f"probe-{os.getpid()}", secrets.token_urlsafe(24)
    vault.set(name, value)
    try:
        if vault.get(name) != value:
            raise LookupError("It gave back something else than was put in.")
    finally:
        vault.delete(name)
    return "the system's keyring"


def _connected_or_refused(state: dict[str, Any]) -> bool:
    return bool(state["link"] == "connected" or state["local_error"])


def _stored(state: dict[str, Any], message_id: str) -> bool:
    return any(
        each["id"] == message_id and each["seq"] is not None and each["content"] == MESSAGE
        for each in state["messages"]
    )
