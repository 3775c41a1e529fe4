"""ChatDesk's tables as one SQL script, for the SQL editor of a Supabase project."""

from __future__ import annotations

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


def schema_script(migrations: Path | None = None) -> str:
    """Return the script; ``migrations`` is the directory of the files ``NNNN_name.sql``."""
    return "".join(_parts(migrations or resource("supabase", "migrations")))


def _parts(directory: Path) -> Iterator[str]:
    yield _HEAD
    for path in sorted(directory.glob("*.sql")):
        version, _, name = path.stem.partition("_")
        yield _PART.format(version=version, name=name, text=path.read_text("utf-8").strip())
    # The REST server learns of new functions by this word.
    yield "\nnotify pgrst, 'reload schema';\ncommit;\n"
