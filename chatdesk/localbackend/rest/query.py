"""What a table request asks for, once it has been understood."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Condition", "Group", "Order", "Selected", "TableQuery"]


@dataclass(frozen=True, slots=True)
class Condition:
    """``column operator value``; for ``in`` the values are several, for ``is`` one of five words."""

    column: str
    operator: str
    values: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions joined by ``and`` or ``or``."""

    joiner: str
    members: tuple[Condition | Group, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Selected:
    """A column of the answer and the name it has there; column ``*`` means all."""

    column: str
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A column to sort by; ``nulls_first`` None means PostgreSQL's habit."""

    column: str
    descending: bool = False
    nulls_first: bool | None = None


@dataclass(slots=True)
class TableQuery:
    """Everything the query string of a table request can say."""

    select: tuple[Selected, ...] = (Selected("*"),)
    where: list[Condition | Group] = field(default_factory=list)
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0
    columns: tuple[str, ...] | None = None

    def names(self) -> set[str]:
        """Every column that is mentioned."""
        found = {item.column for item in self.select} | {item.column for item in self.order}
        waiting: list[Condition | Group] = list(self.where)
        while waiting:
            part = waiting.pop()
            if isinstance(part, Group):
                waiting.extend(part.members)
            else:
                found.add(part.column)
        return (found | set(self.columns or ())) - {"*"}
