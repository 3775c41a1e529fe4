"""Requests to the model server, and the tokens that they need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from chatdesk.backend.base import ChangesPage, GenerationReply, MessagesPage
from chatdesk.domain.change import RowBatch
from chatdesk.domain.ephemeral import MemberMarks
from chatdesk.domain.errors import NeedsSignIn, Offline, Refused, Retryable
from chatdesk.domain.mutation import Mutation
from tests.support.fake_network import NO_CONNECTION, Network

if TYPE_CHECKING:
    from tests.support.fake_backend import FakeBackend

T = TypeVar("T")


class FakeTokens:
    """Tokens with a life time; a token is renewed in its last minute."""

    def __init__(self, backend: FakeBackend, network: Network, life: float) -> None:
        self._backend = backend
        self._network = network
        self._life = life
        self._token = ""
        self.over = False
        self.issued = 0

    async def access_token(self) -> str:
        now = self._backend.clock.monotonic()
        if self.over:
            raise NeedsSignIn("The session ended.", "Sign in again.")
        if not self._token or self._backend.expires[self._token] - now < 60:
            if self._network.down:
                raise Offline(NO_CONNECTION)
            self.issued += 1
            self._token = f"token-{len(self._backend.expires) + 1}"
            self._backend.expires[self._token] = now + self._life
        return self._token


class FakeRemote:
    """``Remote`` for one user."""

    def __init__(self, backend: FakeBackend, user_id: str, network: Network, tokens: FakeTokens) -> None:
        self._backend = backend
        self._server = backend.server
        self._user = user_id
        self._network = network
        self._tokens = tokens

    async def push(self, mutation: Mutation) -> RowBatch:
        return await self._ask("push", lambda: self._server.push(mutation))

    async def pull_changes(self, after: int, limit: int = 200) -> ChangesPage:
        return await self._ask("pull_changes", lambda: self._server.pull_changes(self._user, after, limit))

    async def pull_messages(self, conversation_id: str, after: int, limit: int = 200) -> MessagesPage:
        return await self._ask(
            f"pull_messages {conversation_id}",
            lambda: self._server.pull_messages(self._user, conversation_id, after, limit),
        )

    async def page_messages(
        self, conversation_id: str, before_seq: int | None, limit: int = 100
    ) -> MessagesPage:
        return await self._ask(
            f"page_messages {conversation_id}",
            lambda: self._server.page_messages(self._user, conversation_id, before_seq, limit),
        )

    async def claim_generation(
        self, *, generation_id: str, message_id: str, reply_to: str, attempt: int, holder: str, model: str
    ) -> GenerationReply:
        return await self._ask(
            "claim_generation",
            lambda: self._server.claim(
                self._user,
                generation_id=generation_id,
                message_id=message_id,
                reply_to=reply_to,
                attempt=attempt,
                holder=holder,
                model=model,
            ),
        )

    async def renew_generation(self, generation_id: str, fence: int, content: str | None) -> GenerationReply:
        return await self._ask("renew_generation", lambda: self._server.renew(generation_id, content))

    async def finish_generation(
        self,
        generation_id: str,
        fence: int,
        *,
        status: str,
        content: str,
        usage: Mapping[str, Any] | None,
        error: str | None,
    ) -> GenerationReply:
        return await self._ask(
            "finish_generation", lambda: self._server.finish(generation_id, status, content, error)
        )

    async def put_file(self, path: str, content: bytes, media_type: str) -> None:
        def put() -> None:
            self._server.files[path] = content
            self._server.puts += 1

        await self._ask("put_file", put)

    async def get_file(self, path: str) -> bytes:
        def get() -> bytes:
            if path not in self._server.files:
                raise Refused("This file is not there.", code="404")
            return self._server.files[path]

        return await self._ask("get_file", get)

    async def stop_generation(self, message_id: str) -> GenerationReply:
        raise NotImplementedError

    async def reap_generations(self, conversation_id: str) -> GenerationReply:
        raise NotImplementedError

    async def member_marks(self, conversation_id: str) -> MemberMarks:
        return await self._ask("member_marks", lambda: self._server.marks(self._user, conversation_id))

    async def _ask(self, name: str, answer: Callable[[], T]) -> T:
        network, chance, faults = self._network, self._backend.random.random, self._network.faults
        network.requests[name] += 1
        await self._backend.clock.sleep(network.latency)
        if network.next_failures:
            raise network.next_failures.pop(0)
        if network.fail_requests.get(name):
            raise network.fail_requests[name].pop(0)
        if network.down or chance() < faults.drop_request:
            raise Offline(NO_CONNECTION)
        await self._tokens.access_token()
        if chance() < faults.server_error:
            raise Retryable("The server has a problem of its own.", code="503")
        result = answer()
        if chance() < faults.send_twice:
            result = answer()
        await self._backend.clock.sleep(network.latency)
        if network.lose_next_responses > 0:
            network.lose_next_responses -= 1
            raise Offline(NO_CONNECTION)
        if network.down or chance() < faults.drop_response:
            raise Offline(NO_CONNECTION)
        return result
