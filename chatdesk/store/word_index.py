"""The words of the cached messages and titles: put in, taken out, looked up.

What is written here belongs to the transaction that changes the row. Only rows with their words in it have a
line in ``documents`` or ``titles``, and FTS5 has to be told exactly the text whose words it should forget.
"""

from __future__ import annotations

from typing import NamedTuple

from chatdesk.domain.search import Query
from chatdesk.domain.words import folded
from chatdesk.store.connection import Database

SLICE_ROWS = 60
SLICE_LETTERS = 120_000
"""What one slice of belated work takes on, about 10 ms; one text is always taken, however long it is."""

_ADD = "INSERT INTO message_words (rowid, place, words) VALUES (?, ?, ?)"
_TAKE_OUT = "INSERT INTO message_words (message_words, rowid, place, words) VALUES ('delete', ?, ?, ?)"
_ADD_TITLE = "INSERT INTO title_words (rowid, words) VALUES (?, ?)"
_TAKE_OUT_TITLE = "INSERT INTO title_words (title_words, rowid, words) VALUES ('delete', ?, ?)"
_TAKEN = "SELECT 1 FROM documents WHERE id = ?1 UNION ALL SELECT 1 FROM departed WHERE id = ?1"
_NEXT_GAP = (
    "SELECT id + 1 FROM documents AS here WHERE id >= ?"
    " AND NOT EXISTS (SELECT 1 FROM documents WHERE id = here.id + 1) ORDER BY id LIMIT 1"
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

NEWEST = 2**63 - 1
"""Before this come all documents."""

# Writing


def index_message(cache: Database, message_id: str, before: tuple[str, bool] | None) -> None:
    """Take in a stored message; ``before``: its earlier content, and whether that was alive."""
    row = cache.row(
        "SELECT conversation_id, content, deleted_at IS NULL, CAST(strftime('%s', created_at) AS INTEGER)"
        " FROM messages WHERE id = ?",
        (message_id,),
    )
    if row is not None:
        index_words(cache, message_id, Indexed(row[0], row[1], bool(row[2]), int(row[3] or 0)), before)


class Indexed(NamedTuple):
    """What the index needs of a stored message; ``second``: of its creation, since 1970."""

    conversation_id: str
    content: str
    alive: bool
    second: int


def index_words(cache: Database, message_id: str, row: Indexed, before: tuple[str, bool] | None) -> None:
    """Do what ``index_message`` does for a row that is known."""
    number = _document(cache, message_id)
    if number is not None and before is not None:
        if row.alive and before[0] == row.content:
            return
        cache.execute(_TAKE_OUT, (number, _place(row.conversation_id), folded(before[0])))
    if not row.alive:
        cache.execute("DELETE FROM documents WHERE message_id = ?", (message_id,))
        return
    if number is None:
        number = _free_number(cache, row.second)
        cache.execute("INSERT INTO documents VALUES (?, ?)", (number, message_id))
    cache.execute(_ADD, (number, _place(row.conversation_id), folded(row.content)))


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
        cache.execute(_TAKE_OUT, (number, _place(conversation_id), folded(content)))
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
        "SELECT rowid, id, length(content) FROM messages WHERE rowid < ? ORDER BY rowid DESC LIMIT ?",
        (mark[0], SLICE_ROWS),
    )
    below, letters = 0, 0
    for rowid, message_id, length in rows:
        if letters > SLICE_LETTERS:
            break
        below, letters = rowid, letters + length
        if _document(cache, message_id) is None:
            index_message(cache, message_id, None)
    if rows:
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


def _document(cache: Database, message_id: str) -> int | None:
    row = cache.row("SELECT id FROM documents WHERE message_id = ?", (message_id,))
    return None if row is None else int(row[0])


def _free_number(cache: Database, number: int) -> int:
    while cache.row(_TAKEN, (number,)) is not None:
        gap = cache.row(_NEXT_GAP, (number,))
        number = number + 1 if gap is None else max(number + 1, int(gap[0]))
    return number
