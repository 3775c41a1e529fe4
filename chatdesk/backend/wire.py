"""Rows: JSON as it arrives, domain types as they leave.

Pulls, answers of RPCs and frames carry the same shapes, so this is the only place that knows them. A newer
server may say more: unknown fields are ignored, and an unknown word in a row counts as the most harmless one
that is known (a row that was left out would be missed for good, and a change whose answer holds it would be
sent for ever). A field that is missing or of the wrong kind makes the row a ``BadRow``, which never leaves
this room.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from chatdesk.domain.attachment import from_records
from chatdesk.domain.conversation import Answers, Conversation, MemberRole, Membership
from chatdesk.domain.generation import Generation, GenerationState
from chatdesk.domain.ids import is_id
from chatdesk.domain.message import Message, MessageStatus, Role
from chatdesk.domain.profile import Profile
from chatdesk.domain.provider import ProviderSettings
from chatdesk.domain.text import MAX_CONTENT, plain_name

_log = logging.getLogger(__name__)

Choice = TypeVar("Choice", bound=StrEnum)
T = TypeVar("T")

MAX_NUMBER = 2**63 - 1
"""PostgreSQL's bigint and SQLite's integer end here."""


@functools.cache
def _meanings(words: type[Choice]) -> Mapping[str, Choice]:
    """Return the members of an enumeration by their words: looking up takes a fifth of asking the class."""
    return {each.value: each for each in words}


class BadRow(Exception):
    """A row that cannot be believed; the text names the field and the fault, never what the field held."""


class Quarantine:
    """Counts what was set aside, and says so in the log without a word of its content.

    A broken server may send thousands: only the 1st, 2nd, 4th, 8th ... is logged.
    """

    def __init__(self) -> None:
        self.count = 0

    def note(self, fault: Exception, where: str) -> None:
        """Count one; ``where`` is a fixed word for the kind of thing that was set aside."""
        self.count += 1
        if self.count & (self.count - 1) == 0:
            reason = str(fault) if isinstance(fault, BadRow) else type(fault).__name__
            _log.warning("Set aside %s (%d so far): %s", where, self.count, reason)

    def rows(self, read: Callable[[object], T], values: object, where: str) -> tuple[T, ...]:
        """Read a JSON array row by row and leave out the bad ones; None counts as an empty array."""
        if values is None:
            return ()
        if not isinstance(values, list):
            self.note(BadRow(f"{where} is not a list"), where)
            return ()
        good = []
        for value in values:
            try:
                good.append(read(value))
            except BadRow as fault:
                self.note(fault, where)
        return tuple(good)


class Fields:
    """One JSON object, read field by field; every method raises ``BadRow``."""

    def __init__(self, value: object, kind: str) -> None:
        if not isinstance(value, Mapping):
            raise BadRow(f"{kind} is not an object")
        self._value: Mapping[str, Any] = value
        self._kind = kind

    def get(self, name: str) -> object:
        return self._value.get(name)

    def bad(self, name: str, fault: str) -> BadRow:
        return BadRow(f"{self._kind}.{name} {fault}")

    def text(self, name: str, limit: int = MAX_CONTENT) -> str:
        value = self._value.get(name)
        if not isinstance(value, str):
            raise self.bad(name, "is not text")
        if len(value) > limit:
            raise self.bad(name, "is too long")
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise self.bad(name, "is not Unicode text") from None
        if "\0" in value:
            raise self.bad(name, "holds a NUL")
        return value

    def text_or_none(self, name: str, limit: int = MAX_CONTENT) -> str | None:
        return None if self._value.get(name) is None else self.text(name, limit)

    def id(self, name: str) -> str:
        value = self._value.get(name)
        if not isinstance(value, str) or not is_id(value):
            raise self.bad(name, "is not an id")
        return value

    def id_or_none(self, name: str) -> str | None:
        return None if self._value.get(name) is None else self.id(name)

    def whole(self, name: str) -> int:
        value = self._value.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_NUMBER:
            raise self.bad(name, "is not a counter")
        return value

    def number_or_none(self, name: str) -> float | None:
        value = self._value.get(name)
        if value is None:
            return None
        if not isinstance(value, int | float) or isinstance(value, bool) or not -1e9 < value < 1e9:
            raise self.bad(name, "is not a number")
        return float(value)

    def flag(self, name: str) -> bool:
        value = self._value.get(name)
        if not isinstance(value, bool):
            raise self.bad(name, "is not true or false")
        return value

    def moment(self, name: str) -> datetime:
        value = self._value.get(name)
        if not isinstance(value, str) or len(value) > 40:
            raise self.bad(name, "is not a time")
        try:
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is None:
                raise self.bad(name, "is a time without an offset")
            return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            raise self.bad(name, "is not a time") from None

    def moment_or_none(self, name: str) -> datetime | None:
        return None if self._value.get(name) is None else self.moment(name)

    def choice(self, name: str, words: type[Choice], unknown: Choice | None = None) -> Choice:
        """Read one of ``words``; any other counts as ``unknown`` if that is given."""
        word = self.text(name, 100)
        known: Choice | None = _meanings(words).get(word)
        if known is not None:
            return known
        if unknown is None or not word:
            raise self.bad(name, "is not a known word")
        return unknown

    def mapping_or_none(self, name: str) -> Mapping[str, Any] | None:
        value = self._value.get(name)
        if value is not None and not isinstance(value, Mapping):
            raise self.bad(name, "is not an object")
        return value

    def list(self, name: str) -> Sequence[object]:
        value = self._value.get(name)
        if not isinstance(value, list):
            raise self.bad(name, "is not a list")
        return value


def profile(value: object) -> Profile:
    """Read a row of ``profiles``."""
    row = Fields(value, "profile")
    return Profile(
        id=row.id("id"),
        username=row.text_or_none("username", 100),
        display_name=row.text_or_none("display_name", 1_000) or "",
        avatar_path=row.text_or_none("avatar_path", 1_000),
        revision=row.whole("revision"),
        updated_at=row.moment("updated_at"),
        **{
            switch: row.get(switch) is not False
            for switch in ("shows_presence", "shows_typing", "shows_reading")
        },
    )


def conversation(value: object) -> Conversation:
    """Read a row of ``conversations``."""
    row = Fields(value, "conversation")
    return Conversation(
        id=row.id("id"),
        owner_id=row.id_or_none("owner_id"),
        title=row.text("title", 10_000),
        model=row.text_or_none("model", 1_000),
        system_prompt=row.text_or_none("system_prompt"),
        temperature=row.number_or_none("temperature"),
        last_seq=row.whole("last_seq"),
        revision=row.whole("revision"),
        epoch=row.whole("epoch"),
        created_at=row.moment("created_at"),
        updated_at=row.moment("updated_at"),
        deleted_at=row.moment_or_none("deleted_at"),
        # Who does not know the word asks nobody without being told to.
        answers=None
        if row.get("answers") is None
        else row.choice("answers", Answers, unknown=Answers.MENTIONED),
    )


def membership(value: object) -> Membership:
    """Read a row of ``conversation_members``."""
    row = Fields(value, "membership")
    return Membership(
        conversation_id=row.id("conversation_id"),
        user_id=row.id("user_id"),
        role=row.choice("role", MemberRole, unknown=MemberRole.VIEWER),
        last_read_seq=row.whole("last_read_seq"),
        pinned=row.flag("pinned"),
        archived=row.flag("archived"),
        revision=row.whole("revision"),
    )


def message(value: object) -> Message:
    """Read a row of ``messages``."""
    row = Fields(value, "message")
    message_id, conversation_id = row.id("id"), row.id("conversation_id")
    # A project without the newest part of the schema says nothing of it.
    author_name = row.text_or_none("author_name", 1_000)
    return Message(
        id=message_id,
        conversation_id=conversation_id,
        parent_id=row.id_or_none("parent_id"),
        author_id=row.id_or_none("author_id"),
        role=row.choice("role", Role, unknown=Role.SYSTEM),
        content=row.text("content"),
        model=row.text_or_none("model", 1_000),
        status=row.choice("status", MessageStatus, unknown=MessageStatus.COMPLETE),
        seq=row.whole("seq"),
        revision=row.whole("revision"),
        created_at=row.moment("created_at"),
        updated_at=row.moment("updated_at"),
        usage=row.mapping_or_none("usage"),
        error=row.text_or_none("error", 100_000),
        deleted_at=row.moment_or_none("deleted_at"),
        replaces=row.id_or_none("replaces"),
        attachments=from_records(row.get("attachments"), conversation_id, message_id),
        author_name=plain_name(author_name) if author_name else "",
    )


def provider(value: object) -> ProviderSettings:
    """Read a row of ``provider_settings``."""
    row = Fields(value, "provider")
    models = row.list("models")
    if not all(isinstance(model, str) and 0 < len(model) <= 160 for model in models):
        raise row.bad("models", "is not a list of names")
    return ProviderSettings(
        id=row.id("id"),
        kind=row.text("kind", 100),
        name=row.text("name", 1_000),
        base_url=row.text("base_url", 2_000),
        models=tuple(str(model) for model in models),
        revision=row.whole("revision"),
        updated_at=row.moment("updated_at"),
        deleted_at=row.moment_or_none("deleted_at"),
    )


def generation(value: object) -> Generation:
    """Read a row of ``generations``."""
    row = Fields(value, "generation")
    return Generation(
        id=row.id("id"),
        conversation_id=row.id("conversation_id"),
        message_id=row.id("message_id"),
        reply_to=row.id("reply_to"),
        attempt=row.whole("attempt"),
        holder=row.id("holder"),
        fence=row.whole("fence"),
        state=row.choice("state", GenerationState),
        stop_requested=row.flag("stop_requested"),
        expires_at=row.moment("expires_at"),
    )
