"""Domain rows as SQL values and back.

Both directions keep the columns in the order of the ``*_COLUMNS`` texts. A stored value that cannot be turned
back raises ``DamagedFile``: the cache is disposable, so a bad value is treated as a bad file.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from chatdesk.domain.attachment import as_record, from_records
from chatdesk.domain.conversation import Answers, Conversation, MemberRole, Membership
from chatdesk.domain.message import Message, MessageStatus, Role
from chatdesk.domain.profile import Profile
from chatdesk.domain.provider import ProviderSettings
from chatdesk.store.failures import DamagedFile

PROFILE_COLUMNS = (
    "id, username, display_name, avatar_path, revision, updated_at,"
    " shows_presence, shows_typing, shows_reading"
)
PROVIDER_COLUMNS = "id, kind, name, base_url, models, revision, updated_at, deleted_at"
CONVERSATION_COLUMNS = (
    "id, owner_id, title, model, system_prompt, temperature, last_seq, revision, epoch, created_at,"
    " updated_at, deleted_at, answers"
)
MEMBERSHIP_COLUMNS = "conversation_id, user_id, role, last_read_seq, pinned, archived, revision"
MESSAGE_COLUMNS = (
    "id, conversation_id, parent_id, author_id, role, content, model, status, seq, revision, created_at,"
    " updated_at, usage, error, deleted_at, replaces, attachments, author_name"
)

SqlRow = tuple[Any, ...]

# A table look-up is three times as fast as Enum's call, and a list has ten thousand of them.
_MEMBER_ROLES = {role.value: role for role in MemberRole}
_ROLES = {role.value: role for role in Role}
_ANSWERS: dict[str | None, Answers | None] = {None: None, **{word.value: word for word in Answers}}
_STATUSES = {status.value: status for status in MessageStatus}

_time = datetime.fromisoformat


_BAD_VALUE = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


class _Decoding:
    """A class, because a generator's context costs four times as much, and each row stored needs several."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, failure: BaseException | None, _trace: object) -> None:
        if isinstance(failure, _BAD_VALUE):
            raise DamagedFile("cache", f"bad value: {failure}"[:200]) from failure


_DECODING = _Decoding()


def decoding() -> _Decoding:
    """Turn the failure of a decoder into ``DamagedFile``."""
    return _DECODING


def time_text(moment: datetime) -> str:
    """Write a time in UTC, always with six decimals; a time without an offset is taken as UTC."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return (moment if moment.tzinfo is UTC else moment.astimezone(UTC)).isoformat(timespec="microseconds")
    except OverflowError:  # year 1 or 9999 with an offset that leads out of the calendar
        return moment.replace(tzinfo=UTC).isoformat(timespec="microseconds")


def _storable(text: str) -> str:
    """Replace lone surrogates, which SQLite cannot hold; PostgreSQL cannot either, so none is expected."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _storable_or_none(text: str | None) -> str | None:
    return None if text is None else _storable(text)


def _time_or_none(text: str | None) -> datetime | None:
    return None if text is None else _time(text)


def encode_profile(row: Profile) -> SqlRow:
    return (
        row.id,
        _storable_or_none(row.username),
        _storable(row.display_name),
        _storable_or_none(row.avatar_path),
        row.revision,
        time_text(row.updated_at),
        row.shows_presence,
        row.shows_typing,
        row.shows_reading,
    )


def decode_profile(row: SqlRow) -> Profile:
    switches = (bool(row[6]), bool(row[7]), bool(row[8]))
    return Profile(row[0], row[1], row[2], row[3], row[4], _time(row[5]), *switches)


def encode_provider(row: ProviderSettings) -> SqlRow:
    return (
        row.id,
        row.kind,
        _storable(row.name),
        _storable(row.base_url),
        json.dumps([_storable(model) for model in row.models]),
        row.revision,
        time_text(row.updated_at),
        None if row.deleted_at is None else time_text(row.deleted_at),
    )


def decode_provider(row: SqlRow) -> ProviderSettings:
    models = tuple(str(model) for model in json.loads(row[4]))
    changed, gone = _time(row[6]), _time_or_none(row[7])
    return ProviderSettings(row[0], row[1], row[2], row[3], models, row[5], changed, gone)


def encode_conversation(row: Conversation) -> SqlRow:
    return (
        row.id,
        row.owner_id,
        _storable(row.title),
        _storable_or_none(row.model),
        _storable_or_none(row.system_prompt),
        row.temperature,
        row.last_seq,
        row.revision,
        row.epoch,
        time_text(row.created_at),
        time_text(row.updated_at),
        None if row.deleted_at is None else time_text(row.deleted_at),
        row.answers,
    )


def decode_conversation(row: SqlRow) -> Conversation:
    return Conversation(
        row[0],
        row[1],
        row[2],
        row[3],
        row[4],
        row[5],
        row[6],
        row[7],
        row[8],
        _time(row[9]),
        _time(row[10]),
        None if row[11] is None else _time(row[11]),
        _ANSWERS[row[12]],
    )


def encode_membership(row: Membership) -> SqlRow:
    return (
        row.conversation_id,
        row.user_id,
        row.role.value,
        row.last_read_seq,
        int(row.pinned),
        int(row.archived),
        row.revision,
    )


def decode_membership(row: SqlRow) -> Membership:
    return Membership(row[0], row[1], _MEMBER_ROLES[row[2]], row[3], row[4] != 0, row[5] != 0, row[6])


def encode_message(row: Message) -> SqlRow:
    return (
        row.id,
        row.conversation_id,
        row.parent_id,
        row.author_id,
        row.role.value,
        _storable(row.content),
        _storable_or_none(row.model),
        row.status.value,
        row.seq,
        row.revision,
        time_text(row.created_at),
        time_text(row.updated_at),
        None if row.usage is None else json.dumps(dict(row.usage)),
        _storable_or_none(row.error),
        None if row.deleted_at is None else time_text(row.deleted_at),
        row.replaces,
        json.dumps([as_record(each) for each in row.attachments]) if row.attachments else None,
        _storable_or_none(row.author_name or None),
    )


def decode_message(row: SqlRow) -> Message:
    return Message(
        row[0],
        row[1],
        row[2],
        row[3],
        _ROLES[row[4]],
        row[5],
        row[6],
        _STATUSES[row[7]],
        row[8],
        row[9],
        _time(row[10]),
        _time(row[11]),
        None if row[12] is None else json.loads(row[12]),
        row[13],
        _time_or_none(row[14]),
        replaces=row[15],
        attachments=from_records(json.loads(row[16]), row[1], row[0]) if row[16] is not None else (),
        author_name=row[17] or "",
    )
