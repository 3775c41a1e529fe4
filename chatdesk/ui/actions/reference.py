"""The table of shortcuts in the README, made from the table of actions.

``python -m chatdesk.ui.actions.reference README.md`` writes it anew.
"""

from __future__ import annotations

import sys
from pathlib import Path

from chatdesk.ui.actions.groups import FIELD_KEYS, grouped, plain

HEADING = "## Shortcuts"
INTRODUCTION = """\
On macOS, Ctrl is the Command key. Settings, Shortcuts changes them; Ctrl+/ shows those in force.
"""


def shortcut_section() -> str:
    """Return the whole section as Markdown."""
    lines = [HEADING, "", INTRODUCTION, "| action | keys |", "| --- | --- |"]
    for title, rows in grouped():
        shown = [(plain(row.text), row.shortcuts[0]) for row in rows if row.shortcuts]
        if title == "Writing":
            shown = [*FIELD_KEYS, *shown]
        lines += [f"| {text} | {_keys(keys)} |" for text, keys in shown]
    return "\n".join(lines) + "\n"


def _keys(keys: str) -> str:
    # macOS writes its table with Meta where the others have Ctrl; the README speaks of the others.
    return f"`{keys.replace('Meta+', 'Ctrl+')}`"


def with_section(readme: str) -> str:
    """Return the README with its section replaced; raises ``ValueError`` where it has none."""
    start = readme.index(f"{HEADING}\n")
    end = readme.find("\n## ", start)
    return readme[:start] + shortcut_section() + (readme[end:] if end >= 0 else "")


if __name__ == "__main__":
    place = Path(sys.argv[1])
    place.write_text(with_section(place.read_text("utf-8")), "utf-8")
