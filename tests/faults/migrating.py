"""Upgrades that are killed at each statement: ``python -m tests.faults.migrating FILE ROLE DIRECTORY``.

For every n there is a copy of FILE in DIRECTORY/n on which a process was upgrading to ``NEXT`` when it got
SIGKILL as its n-th statement began. The last copy is the one whose process lived to the end. Prints how many
there are.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from chatdesk.store.connection import connect
from chatdesk.store.migrations import migrate
from chatdesk.store.schema import CACHE, OUTBOX, Layout

# What an upgrade may do: new columns, a table that is rebuilt, rows that are rewritten, an index.
NEXT: dict[str, tuple[tuple[str, ...], ...]] = {
    OUTBOX.role: (
        (
            "ALTER TABLE entries ADD COLUMN wish TEXT",
            "UPDATE entries SET wish = 'soon'",
            "CREATE INDEX entries_state ON entries (state)",
        ),
        (
            "CREATE TABLE notes (conversation_id TEXT PRIMARY KEY, body TEXT NOT NULL, kind TEXT NOT NULL)",
            "INSERT INTO notes SELECT conversation_id, body, 'draft' FROM drafts",
            "UPDATE drafts SET body = upper(body)",
        ),
    ),
    CACHE.role: (
        (
            "CREATE TABLE extras (id TEXT)",
            "INSERT INTO extras SELECT id FROM messages",
            "UPDATE progress SET user_revision = 0",
        ),
    ),
}


def newer(layout: Layout) -> Layout:
    """The layout of the release after this one."""
    return replace(layout, steps=(*layout.steps, *NEXT[layout.role]))


def upgrade(path: Path, layout: Layout, kill_at: int) -> None:
    """Upgrade ``path``; this process dies when statement number ``kill_at`` begins."""
    begun = 0

    def statement(_: str) -> None:
        nonlocal begun
        begun += 1
        if begun == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    with closing(connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode = {layout.journal}").fetchall()
        connection.set_trace_callback(statement)
        migrate(connection, newer(layout))


def main(file: Path, role: str, directory: Path) -> int:
    """Make the copies; return how many."""
    layout = OUTBOX if role == OUTBOX.role else CACHE
    number = 0
    while True:
        number += 1
        path = directory / str(number) / file.name
        path.parent.mkdir(parents=True)
        shutil.copy(file, path)
        child = os.fork()
        if child == 0:
            upgrade(path, layout, number)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0
            return number


if __name__ == "__main__":
    sys.stdout.write(f"{main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))}\n")
