"""A conversation's title, made by a model after the first exchange."""

from __future__ import annotations

import asyncio
import logging
import re
from contextlib import aclosing

from chatdesk.domain.errors import ChatDeskError
from chatdesk.domain.message import Message, MessageStatus, Role
from chatdesk.domain.text import storable, title_from
from chatdesk.providers.base import ReplyRequest, Turn
from chatdesk.services.model_source import Asked, ModelSource
from chatdesk.services.mutations import NEW_TITLE
from chatdesk.services.open_account import OpenAccount

_log = logging.getLogger(__name__)

WISH = (
    "Write a title for this conversation: two to six words, in the language of the conversation, without "
    "quotation marks. Answer with the title only."
)
LONGEST = 80
SECONDS = 30.0
_SEEN = 2_000
"""Characters of each message that the model is shown: a title needs no more, and is paid for."""

_FRAME = " \t\"'“”„«»*#`_.:"
_CAPTION = re.compile(r"^(title|titel)\s*:\s*", re.IGNORECASE)


class Titles:
    """Gives titles; a title that the user gave, before or meanwhile, is never touched."""

    def __init__(self, account: OpenAccount, models: ModelSource) -> None:
        self._account = account
        self._models = models

    async def entitle(self, question_id: str, reply_id: str, asked: Asked) -> None:
        """Name the conversation of a first exchange; whatever goes wrong, it keeps the title it has."""
        store = self._account.store
        question, reply = await store.message(question_id), await store.message(reply_id)
        if question is None or reply is None or not _is_first_exchange(question, reply):
            return
        conversation_id = question.conversation_id
        own = {title_from(question.content), NEW_TITLE}
        if not await self._may_name(conversation_id, own):
            return
        try:
            writer = await self._models.title_model(asked)
            title = clean_title(await _written(writer, question, reply)) if writer is not None else ""
        except (ChatDeskError, TimeoutError) as failure:
            _log.info("A conversation keeps its title: %s", type(failure).__name__)
            return
        if title and await self._may_name(conversation_id, own):
            self._account.change(lambda make: make.update_conversation(conversation_id, {"title": title}))

    async def _may_name(self, conversation_id: str, own: set[str]) -> bool:
        """Whether the title is still the one that was made from the first words."""
        entry = await self._account.store.entry(conversation_id)
        return entry is not None and entry.conversation.title in own


def clean_title(text: str) -> str:
    """Take the title out of what a model wrote; empty when there is none."""
    line = next((line.strip() for line in storable(text).splitlines() if line.strip(_FRAME)), "")
    line = _CAPTION.sub("", line.strip(_FRAME)).strip(_FRAME)
    return line if len(line) <= LONGEST else ""


def _is_first_exchange(question: Message, reply: Message) -> bool:
    return (
        question.role is Role.USER
        and question.parent_id is None
        and question.replaces is None
        and reply.status is MessageStatus.COMPLETE
        and bool(reply.content)
    )


async def _written(writer: Asked, question: Message, reply: Message) -> str:
    turns = [
        Turn(Role.USER, question.content[:_SEEN]),
        Turn(Role.ASSISTANT, reply.content[:_SEEN]),
        Turn(Role.USER, WISH),
    ]
    text = ""
    async with (
        asyncio.timeout(SECONDS),
        aclosing(writer.provider.stream(ReplyRequest(writer.model, turns))) as chunks,
    ):
        async for chunk in chunks:
            text += chunk.text
            if len(text) > LONGEST * 4:
                break
    return text
