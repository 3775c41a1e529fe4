"""The rules of the house that no other tool checks, as tests: a rule in prose leaks."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "chatdesk"
MODULES = sorted(PACKAGE.rglob("*.py"))
EMPTY_WORDS = {
    "manager",
    "handler",
    "helper",
    "helpers",
    "data",
    "info",
    "item",
    "util",
    "utils",
    "common",
    "misc",
}

# What is banned, and the one module that may.
BANNED_CALLS = {
    "create_task": {"runtime/tasks.py"},
    "ensure_future": set(),
    "asyncSlot": set(),
    "asyncClose": set(),
    "processEvents": set(),
    "exec": set(),
    "exec_": set(),
    "openUrl": {"ui/links.py"},
}


def names_in(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, called name) for every call in a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id=name) | ast.Attribute(attr=name):
                    yield node.lineno, name


def words_of(name: str) -> set[str]:
    """Split a module or class name into lower-case words."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_keeps_to_the_rules(path: Path) -> None:
    place = path.relative_to(PACKAGE).as_posix()
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)

    assert ast.get_docstring(tree), "every module says in a sentence what it is"
    assert len(source.splitlines()) <= 400, "a module of this size hides a missing room"
    if path.name == "__init__.py" and path.parent != PACKAGE and path.parent.parent == PACKAGE:
        assert "Lives here:" in source, "the door plate of a room says what lives in it"
        assert "Never here:" in source, "and what must never be there"

    named = {path.stem} | {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    for name in named:
        assert not words_of(name) & EMPTY_WORDS, f"{name} does not say what it is"

    if not place.startswith("localbackend/"):
        for line, name in names_in(path):
            allowed = BANNED_CALLS.get(name, {place})
            assert place in allowed, f"line {line} calls {name}"


@pytest.mark.parametrize("room", ["models", "services"])
def test_no_widgets_below_the_window(room: str) -> None:
    found = [
        path.name
        for path in (PACKAGE / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module in ("PySide6.QtWidgets", "PySide6.QtGui")
    ]
    assert found == []


def test_slow_packages_are_not_imported_before_the_window_is_painted() -> None:
    """Importing supabase, openai and their kin costs a second; the window must not wait for it."""
    program = (
        "import sys, chatdesk.app.application; print(' '.join(sorted(m.split('.')[0] for m in sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    slow = {
        "supabase",
        "realtime",
        "openai",
        "pydantic",
        "httpx",
        "aiohttp",
        "keyring",
        "cryptography",
        "pygments",
    }
    assert not slow & set(done.stdout.split())


def test_the_repository_names_no_registry_but_in_one_place() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split("\0")
    hosts = re.compile(
        "|".join(["py" + "pi.org", "python" + "hosted", "registry.npm" + "js", "deb.deb" + "ian.org"])
    )
    found = [
        name
        for name in tracked
        if name and (ROOT / name).is_file() and hosts.search((ROOT / name).read_text("utf-8", "ignore"))
    ]
    assert found == ["chatdesk/config/sources.py"]


def test_every_environment_variable_that_is_read_is_in_the_table() -> None:
    from chatdesk.config.environment import VARIABLES

    known = {variable.name for variable in VARIABLES}
    read = {
        name
        for path in MODULES
        for name in re.findall(r"\bCHATDESK_[A-Z_]+\b", path.read_text(encoding="utf-8"))
    }
    assert read == known


def test_the_readme_names_every_environment_variable_with_its_meaning() -> None:
    from chatdesk.config.environment import VARIABLES

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for variable in VARIABLES:
        row = next((line for line in readme.splitlines() if line.startswith(f"| `{variable.name}`")), "")
        assert variable.meaning.rstrip(".").lower() in row.lower(), variable.name
