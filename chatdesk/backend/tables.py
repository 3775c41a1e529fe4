"""Requests to the back end: every read and write is one RPC, each of them safe to repeat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import httpx

from chatdesk.backend import answers, failures
from chatdesk.backend.attachments import AttachmentFiles
from chatdesk.backend.base import ChangesPage, GenerationReply, ImportReply, MessagesPage, TokenSource
from chatdesk.backend.client import BackendClient
from chatdesk.backend.http import last_answer
from chatdesk.backend.wire import Quarantine
from chatdesk.domain.change import RowBatch
from chatdesk.domain.ephemeral import MemberMarks
from chatdesk.domain.errors import AccountGone, NeedsSignIn
from chatdesk.domain.mutation import Mutation, MutationKind
from chatdesk.domain.sharing import SharingKind


class RenewableTokens(TokenSource, Protocol):
    """A token source that can be told that the server refused a token which still looked good."""

    def distrust(self, token: str) -> None: ...


class SupabaseRemote:
    """The ``Remote`` port over PostgREST, in the name of the user whose tokens ``tokens`` hands out.

    Bad rows inside a page are set aside in ``quarantine``; an answer that lacks what was written is
    ``Retryable``.
    """

    def __init__(
        self, client: BackendClient, tokens: RenewableTokens, quarantine: Quarantine | None = None
    ) -> None:
        self._client = client
        self._tokens = tokens
        self._files = AttachmentFiles(client, tokens)
        self.quarantine = quarantine or Quarantine()

    async def ensure_profile(self) -> RowBatch:
        """Make the user's profile if the sign-up trigger could not."""
        return answers.profile_answer(await self._call("ensure_profile", {}))

    async def push(self, mutation: Mutation) -> RowBatch:
        answer = await self._call(mutation.kind.value, dict(mutation.args))
        rows = answers.acknowledgement(mutation, answer)
        if mutation.kind is MutationKind.DELETE_MESSAGE:
            await self._files.forget(mutation.lane, mutation.entity_id)
        return rows

    async def pull_changes(self, after: int, limit: int = 200) -> ChangesPage:
        answer = await self._call("pull_changes", {"p_after": after, "p_limit": limit})
        return answers.changes_page(answer, after, self.quarantine)

    async def pull_messages(self, conversation_id: str, after: int, limit: int = 200) -> MessagesPage:
        answer = await self._call(
            "pull_messages", {"p_conversation_id": conversation_id, "p_after": after, "p_limit": limit}
        )
        return answers.messages_page(answer, after, self.quarantine)

    async def page_messages(
        self, conversation_id: str, before_seq: int | None, limit: int = 100
    ) -> MessagesPage:
        answer = await self._call(
            "page_messages",
            {"p_conversation_id": conversation_id, "p_before_seq": before_seq, "p_limit": limit},
        )
        return answers.messages_page(answer, None, self.quarantine)

    async def claim_generation(
        self, *, generation_id: str, message_id: str, reply_to: str, attempt: int, holder: str, model: str
    ) -> GenerationReply:
        return await self._lease(
            "claim_generation",
            {
                "p_id": generation_id,
                "p_message_id": message_id,
                "p_reply_to": reply_to,
                "p_attempt": attempt,
                "p_holder": holder,
                "p_model": model,
            },
        )

    async def renew_generation(self, generation_id: str, fence: int, content: str | None) -> GenerationReply:
        return await self._lease(
            "renew_generation", {"p_id": generation_id, "p_fence": fence, "p_content": content}
        )

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
        return await self._lease(
            "finish_generation",
            {
                "p_id": generation_id,
                "p_fence": fence,
                "p_status": status,
                "p_content": content,
                "p_usage": None if usage is None else dict(usage),
                "p_error": error,
            },
        )

    async def stop_generation(self, message_id: str) -> GenerationReply:
        return await self._lease("stop_generation", {"p_message_id": message_id})

    async def put_file(self, path: str, content: bytes, media_type: str) -> None:
        await self._files.put(path, content, media_type)

    async def get_file(self, path: str) -> bytes:
        return await self._files.get(path)

    async def reap_generations(self, conversation_id: str) -> GenerationReply:
        answer = await self._call("reap_generations", {"p_conversation_id": conversation_id})
        return answers.generation_reply(answer, lease=False, quarantine=self.quarantine)

    async def member_marks(self, conversation_id: str) -> MemberMarks:
        answer = await self._call("member_marks", {"p_conversation_id": conversation_id})
        return answers.member_marks(answer, conversation_id, self.quarantine)

    async def import_conversations(self, conversations: Sequence[Mapping[str, Any]]) -> ImportReply:
        answer = await self._call(
            "import_conversations", {"p_conversations": [dict(e) for e in conversations]}
        )
        return answers.import_reply(answer, self.quarantine)

    async def share(self, kind: SharingKind, args: Mapping[str, Any]) -> RowBatch:
        return answers.sharing_answer(await self._call(kind.value, args))

    async def call(self, name: str, args: Mapping[str, Any]) -> object:
        """Call an RPC that is no part of the port; raises what the port raises."""
        return await self._call(name, args)

    async def _lease(self, name: str, args: Mapping[str, Any]) -> GenerationReply:
        answer = await self._call(name, args)
        return answers.generation_reply(answer, lease=True, quarantine=self.quarantine)

    async def _call(self, name: str, args: Mapping[str, Any]) -> object:
        """Call an RPC, once more with another token when the server refuses the one that looked good.

        That happens when this computer's clock is wrong, or when the server's keys changed.
        """
        token = await self._tokens.access_token()
        try:
            return await self._request(name, args, token)
        except AccountGone:
            raise
        except NeedsSignIn:
            self._tokens.distrust(token)
            fresh = await self._tokens.access_token()
            if fresh == token:
                raise
            return await self._request(name, args, fresh)

    async def _request(self, name: str, args: Mapping[str, Any], token: str) -> object:
        last_answer.set(None)
        try:
            try:
                return await self._execute(name, args, token)
            except httpx.TransportError as error:
                if not failures.was_cut(error):
                    raise
                # Every RPC of ours may be repeated.
                return await self._execute(name, args, token)
        except Exception as error:
            raise failures.from_request(error, last_answer.get()) from error

    async def _execute(self, name: str, args: Mapping[str, Any], token: str) -> object:
        # No await between auth() and rpc(): the headers are copied there, so requests cannot mix up tokens.
        rest = self._client.supabase.postgrest.auth(token)
        answer = await rest.rpc(name, dict(args)).execute()
        return answer.data
