"""ChatDesk's tables as one SQL script, for the SQL editor of a Supabase project."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from chatdesk.resources import resource

_HEAD = """\
-- ChatDesk's tables, functions and policies for a Supabase project.
-- Run the whole of it, as often as you like: what is applied already is left out, and nothing is done at all
-- if a part fails. It keeps the same record as the Supabase CLI.
begin;
create schema if not exists supabase_migrations;
create table if not exists supabase_migrations.schema_migrations (
    version text primary key,
    statements text[],
    name text
);
"""

_PART = """
do $chatdesk_part$
begin
    if exists (select from supabase_migrations.schema_migrations where version = '{version}') then
        return;
    end if;
    execute $chatdesk_{version}$
{text}
$chatdesk_{version}$;
    insert into supabase_migrations.schema_migrations (version, name) values ('{version}', '{name}');
end
$chatdesk_part$;
"""

# Not in our own schemas, so whoever looks after the project may well have removed one of them by hand.
_OUTSIDE = re.compile(r'^create policy "([^"]+)" on ((?:realtime|storage)\.\w+)[^;]*;', re.MULTILINE)
_BUCKET = re.compile(r"^insert into storage\.buckets [^;]*;", re.MULTILINE)

_MEND = """
do $chatdesk_part$
begin
    if not exists (
        select from pg_catalog.pg_policies
        where schemaname || '.' || tablename = '{table}' and policyname = '{name}'
    ) then
        execute $chatdesk_policy${text}$chatdesk_policy$;
    end if;
end
$chatdesk_part$;
"""


def schema_script(migrations: Path | None = None) -> str:
    """Return the script; ``migrations`` is the directory of the files ``NNNN_name.sql``.

    Beside the parts that are missing it brings back policies and buckets that somebody has removed.
    """
    return "".join(_parts(migrations or resource("supabase", "migrations")))


def write_migrations(directory: Path, migrations: Path | None = None) -> int:
    """Lay the files out for ``supabase db push`` in ``directory``; return how many there are.

    A file that is there already is replaced only by itself: whatever a project was given is never changed, so
    another content under the same name is somebody else's work. Raises ``OSError``, ``FileExistsError`` then.
    """
    source = migrations or resource("supabase", "migrations")
    target = directory / "supabase" / "migrations"
    target.mkdir(parents=True, exist_ok=True)
    files = sorted(source.glob("*.sql"))
    for path in files:
        placed = target / path.name
        if placed.exists() and placed.read_bytes() != path.read_bytes():
            raise FileExistsError(f"{placed} is there already with another content")
        placed.write_bytes(path.read_bytes())
    return len(files)


def _parts(directory: Path) -> Iterator[str]:
    yield _HEAD
    for path in sorted(directory.glob("*.sql")):
        version, _, name = path.stem.partition("_")
        yield _PART.format(version=version, name=name, text=path.read_text("utf-8").strip())
    yield from _mending("\n".join(path.read_text("utf-8") for path in sorted(directory.glob("*.sql"))))
    # The REST server learns of new functions by this word.
    yield "\nnotify pgrst, 'reload schema';\ncommit;\n"


def _mending(text: str) -> Iterator[str]:
    for found in _BUCKET.finditer(text):
        yield f"\n{found[0]}\n"
    # Of several definitions under one name the last one counts.
    policies = {(found[1], found[2]): found[0] for found in _OUTSIDE.finditer(text)}
    for (name, table), policy in policies.items():
        yield _MEND.format(table=table, name=name, text=policy)
