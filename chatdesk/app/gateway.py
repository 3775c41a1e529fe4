"""The way to one account's back end: opened when first needed, opened again when it was lost."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chatdesk.app.secrets import Secrets
from chatdesk.app.session_files import MemorySession, SealedSession, forget_session
from chatdesk.app.slow_import import Part, imported
from chatdesk.backend.local_server import read_port_file
from chatdesk.backend.reach import listens
from chatdesk.config.paths import private_directory
from chatdesk.domain.clock import Clock
from chatdesk.domain.errors import ChatDeskError, Misconfigured, Offline, StoreDamaged, VaultUnavailable
from chatdesk.domain.session import BackendAddress, BackendKind, Session
from chatdesk.domain.sign_in import LocalMail
from chatdesk.runtime.tasks import TaskScope

if TYPE_CHECKING:
    from chatdesk.backend.auth import AuthApi, SignOutScope
    from chatdesk.backend.auth_flows import AuthFlows
    from chatdesk.backend.avatars import SupabaseAvatars
    from chatdesk.backend.client import BackendClient
    from chatdesk.backend.guard import GuardedRemote, Watchman
    from chatdesk.backend.inspection import SignedInInspection
    from chatdesk.backend.local_launcher import LocalLauncher
    from chatdesk.backend.removal import AccountRemoval
    from chatdesk.backend.sessions import SessionKeeper

_log = logging.getLogger(__name__)

LOCAL_ACCOUNT = "local"
"""The key of the account that the owner of this computer has on its back end."""

LOCAL_KEY = "local-back-end"
"""The vault's name for the key that the embedded back end derives its secrets from."""

TELL_SECONDS = 5.0
"""How long a sign-out waits for the server: whoever leaves does not wait for a network that is gone."""


def session_key(account_key: str) -> str:
    """Return the vault's name for the key that seals an account's session."""
    return f"session-{account_key}"


@dataclass(frozen=True)
class Ears:
    """Who is told of what no single request can be told: a vault that does not answer (the engine's requests
    then fail with ``Offline``, a sign-in with ``VaultUnavailable``), a server that became too new to be
    written to, and an account that was deleted elsewhere."""

    vault_missing: Callable[[VaultUnavailable], None] = lambda _failure: None
    server_newer: Callable[[], None] = lambda: None
    account_gone: Callable[[], None] = lambda: None


DEAF = Ears()


class Gateway:
    """Address, session and adapters of one account; the engine's ``TokenSource``.

    The embedded back end has another port after each start, so nothing holds an address for longer than a
    request. ``directory`` is the account's own. ``memory`` keeps its session where there is no keyring: it
    lasts as long as the process, also while another account is shown.
    """

    def __init__(
        self,
        address: BackendAddress,
        *,
        account_key: str,
        directory: Path,
        backend_home: Path,
        secrets: Secrets,
        clock: Clock,
        linger: float,
        ears: Ears = DEAF,
        memory: MemorySession | None = None,
    ) -> None:
        self._address = address
        self._account_key = account_key
        self._directory = directory
        self._backend_home = backend_home
        self._secrets = secrets
        self._clock = clock
        self._linger = linger
        self._ears = ears
        self._memory = memory or MemorySession()
        self._watchman: Watchman | None = None
        self._busy = asyncio.Lock()
        self._launcher: LocalLauncher | None = None
        self._client: BackendClient | None = None
        self._keeper: SessionKeeper | None = None
        self._closed = False
        self._scope = TaskScope("gateway")

    @property
    def address(self) -> BackendAddress:
        """The address as last known."""
        return self._address

    @property
    def _is_owner(self) -> bool:
        """Whether the files of the embedded back end are all the proof that this account asks for."""
        return self._address.kind is BackendKind.LOCAL and self._account_key == LOCAL_ACCOUNT

    # TokenSource --------------------------------------------------------------------------------------------

    async def access_token(self) -> str:
        """Return a good token, opening the way first; raises what opening raises, and ``NeedsSignIn``."""
        return await (await self._opened()).access_token()

    def distrust(self, token: str) -> None:
        """Note that the server refused ``token``."""
        if self._keeper is not None:
            self._keeper.distrust(token)

    # Adapters -----------------------------------------------------------------------------------------------

    async def remote(self) -> GuardedRemote:
        """Return the adapter for requests."""
        await self._opened()
        await imported(Part.REQUESTS)
        from chatdesk.backend.guard import GuardedRemote, Watchman

        if self._watchman is None:
            self._watchman = Watchman(self._ears.server_newer, self._ears.account_gone)
        return GuardedRemote(self._require(), self, self._watchman)

    def connected(self) -> None:
        """A live connection was made: see whether the server may still be written to."""
        if self._watchman is not None:
            self._watchman.anew()
        self._scope.start(self._look(), "look")

    async def _look(self) -> None:
        with contextlib.suppress(ChatDeskError):
            await (await self.remote()).look()

    async def avatars(self) -> SupabaseAvatars:
        """Return the adapter for profile pictures."""
        await self._opened()
        await imported(Part.REQUESTS)
        from chatdesk.backend.avatars import SupabaseAvatars

        return SupabaseAvatars(self._require(), self)

    async def reachable(self) -> bool:
        """Tell whether something listens; for the embedded back end, where it was started last.

        Never starts it: that is what an attempt does.
        """
        url = self._address.url
        if self._address.kind is BackendKind.LOCAL and (server := read_port_file(self._backend_home)):
            url = server.url
        return await listens(url)

    async def removal(self) -> AccountRemoval:
        """Return what deletes the account."""
        remote = await self.remote()
        from chatdesk.backend.removal import AccountRemoval

        return AccountRemoval(self._require(), self, remote)

    async def inspection(self, user_id: str) -> SignedInInspection:
        """Return what tries out the parts of the back end."""
        remote, avatars = await self.remote(), await self.avatars()
        from chatdesk.backend.inspection import SignedInInspection

        return SignedInInspection(self._address, user_id, self, remote, avatars)

    async def auth(self) -> AuthApi:
        """Return the adapter for signing in; needs no session."""
        async with self._busy:
            client = await self._reach()
        await imported(Part.REQUESTS)
        from chatdesk.backend.auth import AuthApi

        return AuthApi(client, self._clock)

    async def flows(self) -> AuthFlows:
        """Return the adapter for mails, codes and browsers; needs no session."""
        async with self._busy:
            client = await self._reach()
        await imported(Part.REQUESTS)
        from chatdesk.backend.auth_flows import AuthFlows

        return AuthFlows(client, self._clock)

    async def mails(self) -> tuple[LocalMail, ...]:
        """Return the mails of this computer's back end, newest first; none for any other."""
        async with self._busy:
            await self._reach()
            return await self._launcher.mails() if self._launcher is not None else ()

    # Sessions -----------------------------------------------------------------------------------------------

    async def mint(self) -> Session:
        """Make a session for the owner of this computer's back end and keep it."""
        session = await self.owner_session()
        await self.adopt(session)
        return session

    async def owner_session(self) -> Session:
        """Make a session for the owner of this computer's back end; it is not kept."""
        async with self._busy:
            await self._reach()
            return await self._minted()

    async def adopt(self, session: Session) -> None:
        """Keep a session that was just made."""
        async with self._busy:
            keeper = await self._make_keeper(await self._reach())
            await keeper.adopt(session)
            before, self._keeper = self._keeper, keeper
        if before is not None:
            await before.close()

    async def renewed_elsewhere(self) -> bool:
        """Tell whether another window has stored a newer session than the one known here, and take it."""
        keeper = self._keeper
        try:
            return keeper is not None and await keeper.replaced()
        except ChatDeskError:
            return False

    async def sign_out(self, scope: SignOutScope) -> bool:
        """End the session on the server if it can be reached soon, and forget it here in any case.

        Returns whether the server was told. Never raises because of the server, the network or the keyring.
        """
        told = False
        keeper = self._keeper
        try:
            async with asyncio.timeout(TELL_SECONDS):
                if keeper is None:
                    async with self._busy:
                        keeper = await self._make_keeper(await self._reach())
                told = await keeper.end(scope)
        except (ChatDeskError, TimeoutError, OSError) as failure:
            _log.info("The server was not told of the sign-out: %s", type(failure).__name__)
        await self.forget()
        return told

    async def forget(self) -> None:
        """Forget the session on this computer: in memory, its file, and the key that sealed it."""
        keeper, self._keeper = self._keeper, None
        self._memory.clear()
        try:
            if keeper is not None:
                await keeper.forget()
                await keeper.close()
            await asyncio.to_thread(forget_session, self._directory)
            await self._secrets.forget(session_key(self._account_key))
        except (ChatDeskError, OSError) as failure:
            reason = getattr(failure, "code", None) or type(failure).__name__
            _log.warning("Something of the session could not be removed: %s", reason)

    async def let_go(self) -> None:
        """Forget the session in memory: another window has ended it and removed the rest.

        Without a keyring each window has a session of its own, which is ended here.
        """
        if not await self._secrets.persistent():
            await self.sign_out("local")
            return
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.abandon()
            await keeper.close()

    async def close(self) -> None:
        """Close every connection and stop being a client of the embedded back end; safe to call twice.

        Whoever still asks for something afterwards is told that there is no way, and opens none.
        """
        self._closed = True
        await self._drop()
        if self._launcher is not None:
            launcher, self._launcher = self._launcher, None
            await launcher.release()
        await self._scope.close()

    # Inside -------------------------------------------------------------------------------------------------

    async def _opened(self) -> SessionKeeper:
        async with self._busy:
            try:
                client = await self._reach()
                if self._keeper is None:
                    self._keeper = await self._signed_in(await self._make_keeper(client))
                return self._keeper
            except (VaultUnavailable, Misconfigured) as failure:
                if isinstance(failure, VaultUnavailable):
                    self._ears.vault_missing(failure)
                # For the engine there is simply no way there now; it waits, and what waits with it is kept.
                raise Offline(failure.message, failure.next_step, failure.code) from failure

    async def _reach(self) -> BackendClient:
        """Make sure that there is a client, and for the embedded back end a server to talk to."""
        await imported(Part.LAUNCHER)
        if self._closed:
            raise _no_way()
        if self._address.kind is BackendKind.LOCAL:
            from chatdesk.backend.local_launcher import LocalLauncher

            if self._launcher is None:
                self._launcher = LocalLauncher(self._backend_home, self._linger, clock=self._clock)
            if self._launcher.server is None:
                await self._drop()
                server = await self._launcher.ensure(await self._secrets.text_key(LOCAL_KEY))
                await self._launcher.hold(self._lost)
                self._address = BackendAddress(BackendKind.LOCAL, server.url, server.anon_key)
        await imported(Part.SESSION)
        if self._closed:
            raise _no_way()
        if self._client is None:
            from chatdesk.backend.client import BackendClient

            self._client = BackendClient(self._address)
        return self._client

    async def _make_keeper(self, client: BackendClient) -> SessionKeeper:
        from chatdesk.app.lazy_auth import LazyAuth
        from chatdesk.backend.sessions import SessionKeeper

        private_directory(self._directory)
        storage: SealedSession | MemorySession = self._memory
        if await self._secrets.persistent():
            key = await self._secrets.key(session_key(self._account_key))
            # In a thread, like everything that brings a library: this one is cryptography.
            storage = await asyncio.to_thread(SealedSession, self._directory, key)
        remake = self._minted if self._is_owner else None
        lock = self._directory / "session.lock"
        keeper = SessionKeeper(storage, LazyAuth(client, self._clock), self._clock, lock, remake)
        try:
            await keeper.restore()
        except StoreDamaged as failure:
            # The key that sealed it is gone, so nobody can ever read it again.
            _log.warning("The stored session is set aside: %s", failure.message)
            await asyncio.to_thread(storage.set_aside)
        return keeper

    async def _signed_in(self, keeper: SessionKeeper) -> SessionKeeper:
        if keeper.session is None and self._is_owner:
            # Whoever may read the back end's files owns it: a lost key or file never locks the owner out.
            await keeper.adopt(await self._minted())
        return keeper

    async def _minted(self) -> Session:
        if self._launcher is None:
            raise _no_way()
        return await self._launcher.mint_session()

    def _require(self) -> BackendClient:
        if self._client is None:
            # The back end went away between being reached and being asked.
            raise _no_way()
        return self._client

    def _lost(self, reason: str) -> None:
        """Let go at once: whoever listens at the old port next must not be handed our tokens."""
        _log.info("The back end on this computer went away: %s", reason)
        self._scope.start(self._drop(), "drop")

    async def _drop(self) -> None:
        keeper, self._keeper = self._keeper, None
        client, self._client = self._client, None
        if keeper is not None:
            await keeper.close()
        if client is not None:
            await client.close()


def _no_way() -> Offline:
    return Offline("There is no connection to the back end.", "Try again in a moment.")
