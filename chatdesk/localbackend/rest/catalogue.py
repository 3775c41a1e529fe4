"""What the schema ``public`` holds: no identifier reaches an SQL text that was not found here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Catalogue", "Column", "Function", "Relation", "quoted"]

_COLUMNS = """
select c.relname as relation, a.attname as name,
       format_type(a.atttypid, a.atttypmod) as type,
       case when a.atttypid = 'bpchar'::regtype then 'bpchar'
            else format_type(a.atttypid, null) end as cast_type
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where n.nspname = 'public' and c.relkind in ('r', 'p', 'v', 'm', 'f')
order by c.relname, a.attnum
"""

_FUNCTIONS = """
select p.oid, p.proname as name, p.proretset as returns_set, p.pronargdefaults as defaults,
       coalesce(p.proargnames, '{}') as names, coalesce(p.proargmodes::text[], '{}') as modes,
       (select array_agg(format_type(t.oid, null) order by t.place)
        from unnest(p.proargtypes) with ordinality as t (oid, place)) as types,
       r.typname as return_type, r.typtype in ('c') or r.oid = 'record'::regtype as returns_row
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
join pg_catalog.pg_type r on r.oid = p.prorettype
where n.nspname = 'public' and p.prokind = 'f' and r.typname not in ('trigger', 'event_trigger')
order by p.proname, p.oid
"""


def quoted(identifier: str) -> str:
    """``identifier`` as SQL spells it."""
    return '"' + identifier.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class Column:
    """A column: ``type`` with its modifier as declared, ``cast_type`` without."""

    name: str
    type: str
    cast_type: str


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or view of ``public`` and its columns by name."""

    name: str
    columns: Mapping[str, Column] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Function:
    """A function of ``public``: its input arguments by name with their types, and what it answers.

    ``calls`` keeps the SQL of its calls by the arguments given, as long as the catalogue keeps the function.
    """

    name: str
    arguments: Mapping[str, str]
    required: frozenset[str]
    returns_set: bool
    returns_row: bool
    return_type: str
    calls: dict[frozenset[str], str] = field(default_factory=dict, repr=False, compare=False)

    def accepts(self, names: frozenset[str]) -> bool:
        """Whether a call with exactly these named arguments is possible."""
        return self.required <= names <= self.arguments.keys()


class Catalogue:
    """The catalogue, read once and again when a name is missing, so that a new migration is seen."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self._lock = asyncio.Lock()
        self._generation = 0
        self._relations: dict[str, Relation] = {}
        self._functions: dict[str, list[Function]] = {}

    async def relation(self, name: str, *columns: str) -> Relation | None:
        """The table ``name``; read anew when it, or one of ``columns``, is not known yet."""
        known, generation = self._relations.get(name), self._generation
        if known is None or any(column not in known.columns for column in columns):
            await self._read(generation)
            known = self._relations.get(name)
        return known

    async def functions(self, name: str, arguments: frozenset[str]) -> list[Function]:
        """The functions ``name`` that accept these arguments."""
        generation = self._generation
        fitting = [function for function in self._functions.get(name, ()) if function.accepts(arguments)]
        if not fitting:
            await self._read(generation)
            fitting = [function for function in self._functions.get(name, ()) if function.accepts(arguments)]
        return fitting

    async def _read(self, seen: int) -> None:
        async with self._lock:
            if self._generation != seen:
                return  # somebody else has read it while we waited
            async with self._pool.acquire() as connection:
                columns = await connection.fetch(_COLUMNS)
                functions = await connection.fetch(_FUNCTIONS)
            relations: dict[str, dict[str, Column]] = {}
            for row in columns:
                column = Column(row["name"], row["type"], row["cast_type"])
                relations.setdefault(row["relation"], {})[column.name] = column
            self._relations = {name: Relation(name, found) for name, found in relations.items()}
            self._functions = {}
            for row in functions:
                if (function := _function(row)) is not None:
                    self._functions.setdefault(function.name, []).append(function)
            self._generation += 1


def _function(row: Any) -> Function | None:
    """The function as it can be called by name; None when an input argument has no name."""
    types: list[str] = list(row["types"] or ())
    names: list[str] = list(row["names"])
    modes: list[str] = list(row["modes"]) or ["i"] * len(names)
    if "v" in modes:
        return None
    inputs = [name for name, mode in zip(names, modes, strict=True) if mode in ("i", "b")]
    if len(inputs) != len(types) or not all(inputs):
        return None
    required = len(inputs) - row["defaults"]
    return Function(
        name=row["name"],
        arguments=dict(zip(inputs, types, strict=True)),
        required=frozenset(inputs[:required]),
        returns_set=row["returns_set"],
        returns_row=row["returns_row"],
        return_type=row["return_type"],
    )
