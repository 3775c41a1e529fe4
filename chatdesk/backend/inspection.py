"""A look at a project, part by part: what is there, what is missing, and what only a sign-in could tell."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from chatdesk.backend import check
from chatdesk.backend.base import ChannelState
from chatdesk.backend.feed import RealtimeFeed
from chatdesk.domain.errors import ChatDeskError, Misconfigured
from chatdesk.domain.ids import new_id
from chatdesk.domain.project import Finding, ProjectPart, Standing
from chatdesk.domain.session import BackendAddress

_log = logging.getLogger(__name__)

if TYPE_CHECKING:
    from chatdesk.backend.avatars import SupabaseAvatars
    from chatdesk.backend.tables import RenewableTokens, SupabaseRemote

Told = Callable[[Finding], None]

JOIN_SECONDS = 12.0
ECHO_SECONDS = 6.0
"""How long a word may take; a project that was idle wakes its replication slot first."""

ECHOES = 3

SIGN_IN_FIRST = "It is tried when you are signed in: Settings, Account and sync."
RUN_SCRIPT = "Run ChatDesk's script in the project's SQL editor, then check again."

# One grey pixel.
_PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a4944415478da6368000000820081da45083b0000000049454e44ae426082"
)


async def inspect(address: BackendAddress, told: Told) -> bool:
    """Look at a project before anybody is signed in; tells a finding for every part.

    Returns whether nothing is missing. Raises nothing: whatever goes wrong is a finding.
    """
    findings: dict[ProjectPart, Finding] = {}

    def tell(finding: Finding) -> None:
        findings[finding.part] = finding
        told(finding)

    try:
        state = await check.ask_project(address)
    except ChatDeskError as failure:
        _tell_failure(failure, tell)
    else:
        tell(Finding(ProjectPart.SERVER, Standing.OK, "The project answers."))
        tell(Finding(ProjectPart.KEY, Standing.OK, "The project knows the key."))
        _tell_state(state, tell)
    for part in ProjectPart:
        if part not in findings:
            tell(Finding(part, Standing.UNKNOWN, "This cannot be told before the rest is in order."))
    return all(each.standing is not Standing.MISSING for each in findings.values())


class SignedInInspection:
    """The same with a session: joins the user's private channel, then sends, and stores a picture.

    A hosted project keeps no place for messages before somebody has joined a channel for the first time, so
    what is sent before that is lost.
    """

    def __init__(
        self,
        address: BackendAddress,
        user_id: str,
        tokens: RenewableTokens,
        remote: SupabaseRemote,
        avatars: SupabaseAvatars,
    ) -> None:
        self._address = address
        self._user_id = user_id
        self._tokens = tokens
        self._remote = remote
        self._avatars = avatars

    async def run(self, told: Told) -> bool:
        """Tell a finding for every part, and of the last two a second one from trying them."""
        if not await inspect(self._address, told):
            return False
        live = await self._live()
        told(live)
        stored = await self._stored()
        told(stored)
        return live.standing is stored.standing is Standing.OK

    async def _live(self) -> Finding:
        feed = _EchoFeed(self._address)
        try:
            await feed.open(await self._tokens.access_token())
            topic = f"user:{self._user_id}"
            await feed.join(topic)
            async with asyncio.timeout(JOIN_SECONDS):
                state, reason = await feed.outcome
            if state == ChannelState.REFUSED:
                return _missing(
                    ProjectPart.REALTIME, "The project does not let you listen to your own changes.", True
                )
            if state != ChannelState.JOINED:
                _log.info("The live channel was closed: %s", reason)
                return _missing(ProjectPart.REALTIME, "The server closed the live channel.", False)
            for _ in range(ECHOES):
                word = feed.expect()
                await self._remote.call("echo", {"p_word": word})
                if await feed.came_back(ECHO_SECONDS):
                    return Finding(ProjectPart.REALTIME, Standing.OK, "Live changes arrive.")
            return Finding(
                ProjectPart.REALTIME,
                Standing.MISSING,
                "The channel is open, but what is sent there does not arrive.",
                "Look at the Realtime settings and logs of the project, then check again.",
            )
        except TimeoutError:
            return Finding(
                ProjectPart.REALTIME,
                Standing.MISSING,
                "The live channel did not answer.",
                "Look whether Realtime is turned on in the project's settings.",
            )
        except ChatDeskError as failure:
            return Finding(ProjectPart.REALTIME, Standing.MISSING, failure.message, failure.next_step)
        finally:
            await feed.close()

    async def _stored(self) -> Finding:
        try:
            path = await self._avatars.upload(self._user_id, _PICTURE, "image/png")
            same = await self._avatars.download(path) == _PICTURE
            await self._avatars.remove(path)
        except ChatDeskError as failure:
            _log.info("A picture could not be stored: %s", failure.message)
            return _missing(ProjectPart.STORAGE, "A picture could not be stored and read again.", True)
        if not same:
            return _missing(ProjectPart.STORAGE, "A picture came back damaged.", False)
        return Finding(ProjectPart.STORAGE, Standing.OK, "Pictures and files can be stored.")


class _EchoFeed(RealtimeFeed):
    """A feed that is opened to hear one's own word."""

    def __init__(self, address: BackendAddress) -> None:
        super().__init__(address, lambda _change: None, self._note)
        self.outcome: asyncio.Future[tuple[str, str | None]] = asyncio.get_running_loop().create_future()
        self._word = ""
        self._heard = asyncio.Event()

    def expect(self) -> str:
        """Return a new word to send."""
        self._word = new_id()
        self._heard.clear()
        return self._word

    async def came_back(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._heard.wait()
        except TimeoutError:
            return False
        return True

    def _echoed(self, payload: object) -> None:
        if isinstance(payload, dict) and payload.get("word") == self._word:
            self._heard.set()

    def _note(self, _topic: str, state: str, reason: str | None) -> None:
        if not self.outcome.done():
            self.outcome.set_result((state, reason))


def _tell_failure(failure: ChatDeskError, tell: Told) -> None:
    code = failure.code or ""
    if isinstance(failure, Misconfigured) and code == "key":
        tell(Finding(ProjectPart.SERVER, Standing.OK, "The project answers."))
        tell(Finding(ProjectPart.KEY, Standing.MISSING, failure.message, failure.next_step))
    elif isinstance(failure, Misconfigured) and code == "schema_missing":
        tell(Finding(ProjectPart.SERVER, Standing.OK, "The project answers."))
        tell(Finding(ProjectPart.KEY, Standing.OK, "The project knows the key."))
        tell(_missing(ProjectPart.SCHEMA, failure.message, True))
    else:
        tell(Finding(ProjectPart.SERVER, Standing.MISSING, failure.message, failure.next_step))


def _tell_state(state: check.ProjectState, tell: Told) -> None:
    try:
        check.judge_version(state.version)
    except Misconfigured as failure:
        older = state.version < check.SCHEMA_VERSION
        step = RUN_SCRIPT if older else failure.next_step
        tell(Finding(ProjectPart.SCHEMA, Standing.MISSING, failure.message, step, older))
        if not state.version:
            return
    else:
        tell(Finding(ProjectPart.SCHEMA, Standing.OK, "ChatDesk's tables are there."))
    if state.policies >= check.CHANNEL_POLICIES:
        tell(
            Finding(
                ProjectPart.REALTIME,
                Standing.UNKNOWN,
                "The rules for live changes are there; whether they arrive cannot be told yet.",
                SIGN_IN_FIRST,
            )
        )
    else:
        tell(_missing(ProjectPart.REALTIME, "The rules for live changes are missing.", True))
    if not state.buckets >= check.BUCKETS:
        tell(_missing(ProjectPart.STORAGE, "The places for pictures and files are missing.", True))
    elif not state.policies >= check.FILE_POLICIES:
        tell(_missing(ProjectPart.STORAGE, "The rules for pictures and files are missing.", True))
    else:
        tell(
            Finding(
                ProjectPart.STORAGE,
                Standing.UNKNOWN,
                "The places for pictures and files are there; storing one cannot be tried yet.",
                SIGN_IN_FIRST,
            )
        )


def _missing(part: ProjectPart, sentence: str, needs_script: bool) -> Finding:
    step = RUN_SCRIPT if needs_script else "Look at the project's logs, then check again."
    return Finding(part, Standing.MISSING, sentence, step, needs_script)
