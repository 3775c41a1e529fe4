"""The SQL files as they are handed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatdesk.app.schema_script import write_migrations
from chatdesk.cli import run
from tests.support.postgres import MIGRATIONS


def test_they_are_laid_out_for_the_command_line_tool(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert run(["schema", "--directory", str(tmp_path)]) == 0
    laid = tmp_path / "supabase" / "migrations"
    assert {path.name: path.read_bytes() for path in laid.iterdir()} == {
        path.name: path.read_bytes() for path in MIGRATIONS.glob("*.sql")
    }
    assert str(laid) in capsys.readouterr().out


def test_work_of_somebody_else_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_migrations(tmp_path)
    changed = tmp_path / "supabase" / "migrations" / "0002_access.sql"
    changed.write_text("-- mine", "utf-8")
    assert run(["schema", "--directory", str(tmp_path)]) == 1
    assert changed.read_text("utf-8") == "-- mine"
    assert "already with another content" in capsys.readouterr().err


def test_without_a_directory_one_script_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("-- ChatDesk's tables")
    assert all(path.read_text("utf-8").strip() in printed for path in MIGRATIONS.glob("*.sql"))
