"""The two files of a slot: what is in them, version by version."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Layout:
    """One kind of file. ``steps[n]`` brings version n to n + 1; a step that was released never changes.

    ``application_id`` (a field of SQLite's file header) tells our files from strangers.
    """

    role: str
    application_id: int
    journal: str
    steps: tuple[tuple[str, ...], ...]

    @property
    def version(self) -> int:
        return len(self.steps)


# The words of messages and titles. The FTS5 tables keep no text (content=''): to take words out again they
# are told the text they were given, so a row in documents or titles says that the words of the present text
# are in. documents.id is the time of the message in seconds, or the next free number: FTS5 walks its rows
# by number from either end, so the newest hits of the commonest word are found without looking at the others.
# place is the conversation as one word. The ascii tokenizer gets text that was folded by domain/words.
# departed holds messages that went with their conversation until their words are taken out, too.
# unindexed is there while messages of an older version wait: all below that rowid may.
_SEARCH = (
    "CREATE TABLE documents (id INTEGER PRIMARY KEY, message_id TEXT NOT NULL UNIQUE)",
    "CREATE TABLE departed (id INTEGER PRIMARY KEY, conversation_id TEXT NOT NULL, content TEXT NOT NULL)",
    "CREATE TABLE titles (id INTEGER PRIMARY KEY, conversation_id TEXT NOT NULL UNIQUE)",
    "CREATE TABLE unindexed (only INTEGER PRIMARY KEY CHECK (only = 1), below INTEGER NOT NULL)",
    "CREATE VIRTUAL TABLE message_words USING fts5 (place, words, content='', columnsize=0, prefix='2 3',"
    " tokenize='ascii')",
    "CREATE VIRTUAL TABLE title_words USING fts5 (words, content='', columnsize=0, prefix='2 3',"
    " tokenize='ascii')",
    "INSERT INTO unindexed SELECT 1, coalesce((SELECT max(rowid) FROM messages), 0) + 1"
    " WHERE EXISTS (SELECT 1 FROM conversations) OR EXISTS (SELECT 1 FROM messages)",
)

# Times are ISO 8601 in UTC with six decimals, so that they sort as text.
# tail_revision is the revision that last_seq and updated_at were taken from: a hint knows only those two and
# may be ahead of the record, whose own revision decides whether the next record is newer.
# floor_seq: below it the cache has holes, so nothing is stored there until a page reaches down.
# removals remembers at which user revision a conversation was taken away, so that a late, older row cannot
# bring it back.
CACHE = Layout(
    "cache",
    0x43444B43,
    "wal",
    (
        (
            "CREATE TABLE profiles (id TEXT PRIMARY KEY, username TEXT, display_name TEXT NOT NULL,"
            " avatar_path TEXT, revision INTEGER NOT NULL, updated_at TEXT NOT NULL)",
            "CREATE TABLE conversations (id TEXT PRIMARY KEY, owner_id TEXT, title TEXT NOT NULL, model TEXT,"
            " system_prompt TEXT, temperature REAL, last_seq INTEGER NOT NULL, revision INTEGER NOT NULL,"
            " epoch INTEGER NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, deleted_at TEXT,"
            " tail_revision INTEGER NOT NULL)",
            "CREATE TABLE memberships (conversation_id TEXT PRIMARY KEY, user_id TEXT NOT NULL,"
            " role TEXT NOT NULL, last_read_seq INTEGER NOT NULL, pinned INTEGER NOT NULL,"
            " archived INTEGER NOT NULL, revision INTEGER NOT NULL)",
            "CREATE TABLE messages (id TEXT PRIMARY KEY, conversation_id TEXT NOT NULL, parent_id TEXT,"
            " author_id TEXT, role TEXT NOT NULL, content TEXT NOT NULL, model TEXT, status TEXT NOT NULL,"
            " seq INTEGER NOT NULL, revision INTEGER NOT NULL, created_at TEXT NOT NULL,"
            " updated_at TEXT NOT NULL, usage TEXT, error TEXT, deleted_at TEXT)",
            "CREATE INDEX messages_order ON messages (conversation_id, seq)",
            "CREATE TABLE cursors (conversation_id TEXT PRIMARY KEY, revision INTEGER NOT NULL,"
            " floor_seq INTEGER NOT NULL)",
            "CREATE TABLE removals (conversation_id TEXT PRIMARY KEY, user_revision INTEGER NOT NULL)",
            "CREATE TABLE progress (only INTEGER PRIMARY KEY CHECK (only = 1),"
            " user_revision INTEGER NOT NULL)",
            "INSERT INTO progress VALUES (1, 0)",
            "CREATE TABLE settings (key TEXT PRIMARY KEY, body TEXT NOT NULL)",
        ),
        (
            "ALTER TABLE messages ADD COLUMN replaces TEXT",
            "CREATE INDEX messages_versions ON messages (conversation_id) WHERE replaces IS NOT NULL",
        ),
        _SEARCH,
        ("ALTER TABLE messages ADD COLUMN attachments TEXT",),
        (
            "CREATE TABLE providers (id TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL,"
            " base_url TEXT NOT NULL, models TEXT NOT NULL, revision INTEGER NOT NULL,"
            " updated_at TEXT NOT NULL, deleted_at TEXT)",
            # What an older version skipped is pulled again.
            "UPDATE progress SET user_revision = 0",
        ),
        (
            "ALTER TABLE conversations ADD COLUMN answers TEXT",
            "CREATE TABLE rosters (conversation_id TEXT PRIMARY KEY, revision INTEGER NOT NULL,"
            " body TEXT NOT NULL)",
            "CREATE TABLE invitations (id TEXT PRIMARY KEY, revision INTEGER NOT NULL, body TEXT)",
            "UPDATE progress SET user_revision = 0",
        ),
        (
            *(
                f"ALTER TABLE profiles ADD COLUMN {switch} INTEGER NOT NULL DEFAULT 1"
                for switch in ("shows_presence", "shows_typing", "shows_reading")
            ),
            # Somebody may have turned one off already: everybody is pulled again.
            "UPDATE profiles SET revision = 0",
            "UPDATE progress SET user_revision = 0",
        ),
        (
            "ALTER TABLE messages ADD COLUMN author_name TEXT",
            # An older version may have passed a name over: what has no author is pulled again.
            "UPDATE cursors SET revision = 0 WHERE conversation_id IN"
            " (SELECT conversation_id FROM messages WHERE author_id IS NULL AND role = 'user')",
            "UPDATE messages SET revision = 0 WHERE author_id IS NULL AND role = 'user'",
        ),
    ),
)

# body is the mutation as JSON, digest its CRC-32 and that of the position: a flipped bit must not be sent in
# the user's name, nor change the order.
# files holds the bytes that an entry's message names: written in one transaction with the entry, and removed
# in a later one than the entry, so that no entry is ever without them.
# wishes are messages that a model is to answer: a row takes the place of its entry when that is answered.
# Drafts live here because they, too, exist nowhere else.
# A rollback journal, not a WAL: everything accepted is in the one file at once. A WAL that is cut or has a
# flipped bit after a kill drops its committed tail without a word, and here that would be somebody's text.
# TRUNCATE, because with synchronous=FULL it syncs the truncation too (pager.c, pager_end_transaction), so a
# commit that was acknowledged is not rolled back by a power cut.
OUTBOX = Layout(
    "outbox",
    0x43444B4F,
    "truncate",
    (
        (
            "CREATE TABLE entries (position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL,"
            " digest INTEGER NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL, reason TEXT)",
            "CREATE TABLE drafts (conversation_id TEXT PRIMARY KEY, body TEXT NOT NULL)",
        ),
        (
            "CREATE TABLE files (path TEXT PRIMARY KEY, mutation_id TEXT NOT NULL, digest INTEGER NOT NULL,"
            " content BLOB NOT NULL)",
        ),
        ("CREATE TABLE wishes (message_id TEXT PRIMARY KEY, conversation_id TEXT NOT NULL)",),
    ),
)
