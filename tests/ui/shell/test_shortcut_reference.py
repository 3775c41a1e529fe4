"""The README's table of shortcuts is the table of actions."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatdesk.ui.actions.reference import HEADING, shortcut_section, with_section
from chatdesk.ui.actions.table import ACTIONS

README = Path(__file__).parents[3] / "README.md"


def test_the_readme_has_the_shortcuts_in_force() -> None:
    """``make texts`` writes it."""
    readme = README.read_text("utf-8")
    assert with_section(readme) == readme


def test_every_action_with_keys_is_in_it() -> None:
    section = shortcut_section()
    assert section.startswith(HEADING)
    assert section.count("\n| ") == 2 + 2 + sum(bool(row.shortcuts) for row in ACTIONS.values())


def test_only_its_own_section_is_written() -> None:
    before = f"# A\n\n{HEADING}\n\nold\n\n## B\n\nrest\n"
    after = with_section(before)
    assert after.startswith("# A\n\n## Shortcuts\n")
    assert after.endswith("\n\n## B\n\nrest\n")
    assert "old" not in after
    assert with_section(after) == after
    with pytest.raises(ValueError, match="substring"):
        with_section("# A\n")
