"""The words of the cached messages and titles: put in, taken out, looked up.

What is written here belongs to the transaction that changes the row. Only rows with their words in it have a
line in ``documents`` or ``titles``, and FTS5 has to be told exactly the text whose words it should forget.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from chatdesk.domain.search import Query
from chatdesk.domain.words import folded
from chatdesk.store.connection import Database

SLICE_ROWS = 60
SLICE_LETTERS = 120_000
"""What one slice of belated work takes on, about 10 ms; one text is always taken, however long it is."""

_WORDS = "message_words (message_words, rowid, place, words)"
_ADD_TITLE = "INSERT INTO title_words (rowid, words) VALUES (?, ?)"
_TAKE_OUT_TITLE = "INSERT INTO title_words (title_words, rowid, words) VALUES ('delete', ?, ?)"
_TAKEN = "SELECT id FROM documents WHERE id IN ({0}) UNION ALL SELECT id FROM departed WHERE id IN ({0})"
_OLDER = (
    "SELECT id, conversation_id, content, deleted_at IS NULL, CAST(strftime('%s', created_at) AS INTEGER)"
    " FROM messages WHERE rowid >= ? AND rowid < ?"
    " AND NOT EXISTS (SELECT 1 FROM documents WHERE message_id = messages.id)"
)
_SCOPE = "conversation_id = ?1 AND seq < coalesce(?2, seq + 1)"
_DEPART = (
    "INSERT INTO departed SELECT documents.id, conversation_id, content FROM messages"
    f" JOIN documents ON message_id = messages.id WHERE {_SCOPE}"
)
_FORGET = f"DELETE FROM documents WHERE message_id IN (SELECT id FROM messages WHERE {_SCOPE})"
_FOUND = (
    "SELECT documents.id, message_id FROM message_words CROSS JOIN documents"
    " ON documents.id = message_words.rowid"
    " WHERE message_words MATCH ? AND message_words.rowid < ? ORDER BY message_words.rowid DESC LIMIT ?"
)
_FOUND_IN = (
    "SELECT message_id, messages.seq FROM message_words CROSS JOIN documents"
    " ON documents.id = message_words.rowid CROSS JOIN messages ON messages.id = message_id"
    " WHERE message_words MATCH ? ORDER BY message_words.rowid DESC LIMIT ?"
)
_FOUND_TITLES = (
    "SELECT conversation_id FROM title_words CROSS JOIN titles ON titles.id = title_words.rowid"
    " WHERE title_words MATCH ? ORDER BY title_words.rowid DESC LIMIT ?"
)

_AT_ONCE = 400
"""Numbers in one query, which names them twice; an older SQLite takes 999."""

NEWEST = 2**63 - 1
"""Before this come all documents."""

# Writing


class Indexed(NamedTuple):
    """What the index needs of a stored message; ``second``: of its creation, since 1970.

    ``before`` and ``number``: its earlier content and the number of its words, None where it had none.
    """

    message_id: str
    conversation_id: str
    content: str
    alive: bool
    second: int
    before: str | None = None
    number: int | None = None


def index_words(cache: Database, rows: Sequence[Indexed]) -> None:
    """Follow messages that were stored, each of them named once."""
    changes: list[tuple[int, bool, str, str]] = []
    fresh = []
    for row in rows:
        place = _place(row.conversation_id)
        if row.number is None:
            if row.alive:
                fresh.append(row)
        elif not row.alive or row.before != row.content:
            changes.append((row.number, False, place, folded(row.before or "")))
            if row.alive:
                changes.append((row.number, True, place, folded(row.content)))
            else:
                cache.execute("DELETE FROM documents WHERE id = ?", (row.number,))
    for number, row in _numbered(cache, fresh):
        changes.append((number, True, _place(row.conversation_id), folded(row.content)))
    # In the order of their numbers: FTS5 writes away what it has gathered whenever they go back.
    changes.sort(key=lambda change: change[:2])
    cache.insert(_WORDS, [(None if new else "delete", number, *text) for number, new, *text in changes])


def _numbered(cache: Database, rows: Sequence[Indexed]) -> Iterator[tuple[int, Indexed]]:
    """Give each of these messages a number of its own, its time or a free one after it."""
    taken = _taken(cache, [row.second for row in rows])
    alone: dict[int, Indexed] = {}
    others: dict[int, list[Indexed]] = {}
    for row in rows:
        if row.second in taken or row.second in alone:
            others.setdefault(row.second, []).append(row)
        else:
            alone[row.second] = row
    yield from _enter(cache, alone.items())
    for second, waiting in others.items():
        while waiting:
            first = _free_number(cache, second)
            places = range(first, first + len(waiting))
            free = sorted({*places} - _taken(cache, places))
            yield from _enter(cache, zip(free, waiting, strict=False))
            del waiting[: len(free)]


def _enter(cache: Database, rows: Iterable[tuple[int, Indexed]]) -> list[tuple[int, Indexed]]:
    entered = list(rows)
    cache.insert("documents", [(number, row.message_id) for number, row in entered])
    return entered


def forget_messages(cache: Database, conversation_id: str, below: int | None) -> None:
    """Messages are about to go: none is found from now on, their words are taken out by ``tidy``."""
    cache.execute(_DEPART, (conversation_id, below))
    cache.execute(_FORGET, (conversation_id, below))


def title_of(cache: Database, conversation_id: str) -> str | None:
    """Return the title whose words are in the index, None when they are not."""
    row = cache.row(
        "SELECT title FROM titles JOIN conversations ON conversations.id = conversation_id"
        " WHERE conversation_id = ?",
        (conversation_id,),
    )
    return None if row is None else str(row[0])


def index_title(cache: Database, conversation_id: str, before: str | None) -> None:
    """Follow a conversation that was stored or removed; ``before``: what ``title_of`` said until then."""
    row = cache.row("SELECT title FROM conversations WHERE id = ? AND deleted_at IS NULL", (conversation_id,))
    after = None if row is None else str(row[0])
    if after == before:
        return
    if before is not None:
        found = cache.row("SELECT id FROM titles WHERE conversation_id = ?", (conversation_id,))
        if found is not None:
            cache.execute(_TAKE_OUT_TITLE, (found[0], folded(before)))
            cache.execute("DELETE FROM titles WHERE id = ?", (found[0],))
    if after is not None:
        cache.execute("INSERT INTO titles (conversation_id) VALUES (?)", (conversation_id,))
        found = cache.row("SELECT id FROM titles WHERE conversation_id = ?", (conversation_id,))
        if found is not None:
            cache.execute(_ADD_TITLE, (found[0], folded(after)))


def tidy(cache: Database) -> bool:
    """Do a slice of what was put off; tell whether there may be more. Is a transaction of its own."""
    with cache.transaction():
        return _take_out_departed(cache) or _index_older_version(cache)


def unindexed(cache: Database) -> int:
    """Return how many messages are here whose words may not be in yet."""
    row = cache.row("SELECT below FROM unindexed")
    if row is None:
        return 0
    count = cache.row("SELECT count(*) FROM messages WHERE rowid < ?", (row[0],))
    return 0 if count is None else int(count[0])


def _take_out_departed(cache: Database) -> bool:
    rows = cache.rows("SELECT id, conversation_id, content FROM departed LIMIT ?", (SLICE_ROWS,))
    letters = 0
    for number, conversation_id, content in rows:
        if letters > SLICE_LETTERS:
            break
        letters += len(content)
        cache.insert(_WORDS, [("delete", number, _place(conversation_id), folded(content))])
        cache.execute("DELETE FROM departed WHERE id = ?", (number,))
    return bool(rows)


def _index_older_version(cache: Database) -> bool:
    mark = cache.row("SELECT below FROM unindexed")
    if mark is None:
        return False
    waiting = cache.rows(
        "SELECT id FROM conversations WHERE deleted_at IS NULL"
        " AND id NOT IN (SELECT conversation_id FROM titles) LIMIT ?",
        (SLICE_ROWS,),
    )
    for (conversation_id,) in waiting:
        index_title(cache, conversation_id, None)
    if waiting:
        return True
    rows = cache.rows(
        "SELECT rowid, length(content) FROM messages WHERE rowid < ? ORDER BY rowid DESC LIMIT ?",
        (mark[0], SLICE_ROWS),
    )
    below, letters = 0, 0
    for rowid, length in rows:
        if letters > SLICE_LETTERS:
            break
        below, letters = rowid, letters + length
    if rows:
        found = cache.rows(_OLDER, (below, mark[0]))
        index_words(cache, [Indexed(row[0], row[1], row[2], bool(row[3]), int(row[4] or 0)) for row in found])
        cache.execute("UPDATE unindexed SET below = ?", (below,))
    else:
        cache.execute("DELETE FROM unindexed")
    return bool(rows)


# Looking up


def find_messages(cache: Database, query: Query, before: int, limit: int) -> list[tuple[int, str]]:
    """Return (number, id) of the newest messages that match and stand before a number, newest first."""
    return [(int(row[0]), str(row[1])) for row in cache.rows(_FOUND, (_match(query, "words"), before, limit))]


def find_in(cache: Database, query: Query, conversation_id: str, limit: int) -> list[tuple[str, int]]:
    """Return (id, seq) of the messages of one conversation that match, the newest ones, in no order."""
    match = f'place : "{_place(conversation_id)}" AND {_match(query, "words")}'
    return [(str(row[0]), int(row[1])) for row in cache.rows(_FOUND_IN, (match, limit))]


def find_titles(cache: Database, query: Query, limit: int) -> list[str]:
    """Return the ids of conversations whose title matches."""
    return [str(row[0]) for row in cache.rows(_FOUND_TITLES, (_match(query, "words"), limit))]


def _match(query: Query, column: str) -> str:
    """Write the query for FTS5: only quoted strings of letters and digits, so nothing in it is syntax."""
    phrases = ['"' + " ".join(term) + '"' for term in query.terms]
    return f"{column} : ({' AND '.join(phrases)} *)"


def _place(conversation_id: str) -> str:
    return conversation_id.encode().hex()


def _taken(cache: Database, numbers: Sequence[int]) -> set[int]:
    """Return those of these numbers that are given away."""
    found: set[int] = set()
    for start in range(0, len(numbers), _AT_ONCE):
        part = numbers[start : start + _AT_ONCE]
        marks = ", ".join("?" * len(part))
        found.update(int(row[0]) for row in cache.rows(_TAKEN.format(marks), [*part, *part]))
    return found


def _free_number(cache: Database, number: int) -> int:
    """Return a free number behind a taken one, at or after ``number``, which is taken.

    Many messages of one second leave a long row of taken ones. Its end is looked for in steps that grow and
    then shrink, not from one to the next.
    """
    probes: Sequence[int] = [number + 2**power for power in range(40)]
    while True:
        taken = _taken(cache, probes)
        free = next(probe for probe in probes if probe not in taken)
        number = max((probe for probe in probes if probe < free), default=number)
        if free - number == 1:
            return free
        probes = [*range(number + 1, free, max(1, (free - number) // 16)), free]
