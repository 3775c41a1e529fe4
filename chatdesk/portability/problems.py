"""What an import or a copy could not read, as its report tells it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chatdesk.portability.limits import NAMED_PROBLEMS

if TYPE_CHECKING:
    from chatdesk.portability.records import Skipped, Trouble


@dataclass(slots=True)
class Problems:
    """What could not be read: the first of them by name, the rest by number."""

    count: int = 0
    named: list[Skipped] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    def note(self, problem: Skipped | Trouble) -> None:
        from chatdesk.portability.records import Trouble

        if isinstance(problem, Trouble):
            self.troubles.append(problem.reason)
            return
        self.count += 1
        if len(self.named) < NAMED_PROBLEMS:
            self.named.append(problem)

    def add(self, others: Problems) -> None:
        """Take over what was noted elsewhere."""
        self.count += others.count
        self.named = [*self.named, *others.named][:NAMED_PROBLEMS]
        self.troubles += others.troubles
