"""The engine's ports, resolved at the moment of use: the engine starts before they have a back end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chatdesk.app.gateway import Gateway
from chatdesk.app.slow_import import Part, imported
from chatdesk.backend.base import (
    ChangesPage,
    ChannelListener,
    Feed,
    FrameListener,
    GenerationReply,
    ImportReply,
    MessagesPage,
)
from chatdesk.domain.change import RowBatch
from chatdesk.domain.ephemeral import Broadcast, MemberMarks
from chatdesk.domain.errors import Offline
from chatdesk.domain.mutation import Mutation
from chatdesk.domain.presence import Sign
from chatdesk.domain.sharing import SharingKind


class LazyRemote:
    """A ``Remote`` that asks the gateway for the current back end at every request."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def push(self, mutation: Mutation) -> RowBatch:
        return await (await self._gateway.remote()).push(mutation)

    async def pull_changes(self, after: int, limit: int = 200) -> ChangesPage:
        return await (await self._gateway.remote()).pull_changes(after, limit)

    async def pull_messages(self, conversation_id: str, after: int, limit: int = 200) -> MessagesPage:
        return await (await self._gateway.remote()).pull_messages(conversation_id, after, limit)

    async def page_messages(
        self, conversation_id: str, before_seq: int | None, limit: int = 100
    ) -> MessagesPage:
        return await (await self._gateway.remote()).page_messages(conversation_id, before_seq, limit)

    async def claim_generation(
        self, *, generation_id: str, message_id: str, reply_to: str, attempt: int, holder: str, model: str
    ) -> GenerationReply:
        return await (await self._gateway.remote()).claim_generation(
            generation_id=generation_id,
            message_id=message_id,
            reply_to=reply_to,
            attempt=attempt,
            holder=holder,
            model=model,
        )

    async def renew_generation(self, generation_id: str, fence: int, content: str | None) -> GenerationReply:
        return await (await self._gateway.remote()).renew_generation(generation_id, fence, content)

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
        return await (await self._gateway.remote()).finish_generation(
            generation_id, fence, status=status, content=content, usage=usage, error=error
        )

    async def stop_generation(self, message_id: str) -> GenerationReply:
        return await (await self._gateway.remote()).stop_generation(message_id)

    async def put_file(self, path: str, content: bytes, media_type: str) -> None:
        await (await self._gateway.remote()).put_file(path, content, media_type)

    async def get_file(self, path: str) -> bytes:
        return await (await self._gateway.remote()).get_file(path)

    async def reap_generations(self, conversation_id: str) -> GenerationReply:
        return await (await self._gateway.remote()).reap_generations(conversation_id)

    async def member_marks(self, conversation_id: str) -> MemberMarks:
        return await (await self._gateway.remote()).member_marks(conversation_id)

    async def import_conversations(self, conversations: Sequence[Mapping[str, Any]]) -> ImportReply:
        return await (await self._gateway.remote()).import_conversations(conversations)

    async def share(self, kind: SharingKind, args: Mapping[str, Any]) -> RowBatch:
        return await (await self._gateway.remote()).share(kind, args)


class LazyFeeds:
    """A ``FeedFactory`` whose feeds learn the address when they open."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def __call__(self, on_frame: FrameListener, on_channel: ChannelListener) -> LazyFeed:
        return LazyFeed(self._gateway, on_frame, on_channel)

    async def reachable(self) -> bool:
        return await self._gateway.reachable()


class LazyFeed:
    """A ``Feed`` that is made when it is opened, at the address that holds then."""

    def __init__(self, gateway: Gateway, on_frame: FrameListener, on_channel: ChannelListener) -> None:
        self._gateway = gateway
        self._on_frame = on_frame
        self._on_channel = on_channel
        self._feed: Feed | None = None

    async def open(self, token: str) -> None:
        await imported(Part.FEED)
        from chatdesk.backend.feed import RealtimeFeed

        self._feed = RealtimeFeed(
            self._gateway.address,
            self._on_frame,
            self._on_channel,
            on_bad_token=self._gateway.distrust,
        )
        await self._feed.open(token)
        self._gateway.connected()

    async def join(self, topic: str) -> None:
        await self._opened.join(topic)

    async def leave(self, topic: str) -> None:
        await self._opened.leave(topic)

    async def renew(self, token: str) -> None:
        await self._opened.renew(token)

    async def send(self, topic: str, change: Broadcast) -> None:
        await self._opened.send(topic, change)

    async def track(self, topic: str, sign: Sign | None) -> None:
        await self._opened.track(topic, sign)

    async def beat(self) -> None:
        await self._opened.beat()

    async def close(self) -> None:
        if self._feed is not None:
            await self._feed.close()

    @property
    def _opened(self) -> Feed:
        if self._feed is None:
            raise Offline("The live connection is not open.", "Try again in a moment.")
        return self._feed


class LazyAvatars:
    """An ``AvatarStore`` that asks the gateway for the current back end at every request."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def upload(self, user_id: str, image: bytes, content_type: str) -> str:
        return await (await self._gateway.avatars()).upload(user_id, image, content_type)

    async def download(self, path: str) -> bytes:
        return await (await self._gateway.avatars()).download(path)
