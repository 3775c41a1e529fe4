"""The command line."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from chatdesk import __version__
from chatdesk.config.environment import DATA, VARIABLES


def parser() -> argparse.ArgumentParser:
    """Describe the options; the environment's part comes from its table."""
    variables = "\n".join(f"  {variable.name:<20}{variable.meaning}" for variable in VARIABLES)
    options = argparse.ArgumentParser(
        prog="chatdesk",
        description="Desktop AI chat whose windows and devices are in sync in real time.",
        epilog=f"environment:\n{variables}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument(
        "command",
        nargs="?",
        choices=("schema",),
        help="'schema' prints the SQL that a Supabase project needs, and ends",
    )
    options.add_argument(
        "--directory",
        type=Path,
        metavar="DIR",
        help="with 'schema': write DIR/supabase/migrations for 'supabase db push' instead of printing",
    )
    options.add_argument("--version", action="version", version=f"ChatDesk {__version__}")
    options.add_argument("--data", type=Path, metavar="DIR", help="keep all files below DIR")
    options.add_argument(
        "--vault",
        choices=("keyring", "memory"),
        default="keyring",
        help="where secrets live; 'memory' forgets them at the end (for machines without a keyring)",
    )
    options.add_argument(
        "--demo", action="store_true", help="run two instances and show that they are in sync"
    )
    options.add_argument(
        "--output", type=Path, default=Path("build/demo"), metavar="DIR", help="where the demo writes to"
    )
    options.add_argument(
        "--selftest",
        action="store_true",
        help="check in a temporary directory that everything works here, print a table and end",
    )
    # How the demo and the journey tests drive a real instance: requests on stdin, a model that recites.
    options.add_argument("--puppet", action="store_true", help=argparse.SUPPRESS)
    options.add_argument("--scripted-model", action="store_true", help=argparse.SUPPRESS)
    return options


def has_display() -> bool:
    """Tell whether a window can be shown; only Linux and its kin may lack a display."""
    if sys.platform in ("win32", "darwin") or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def run(arguments: Sequence[str]) -> int:
    """Do what ``arguments`` say; returns the exit status."""
    options = parser().parse_args(arguments)
    if options.command == "schema":
        return _schema(options.directory)
    if options.selftest:
        from chatdesk.app.selftest import run_selftest

        return run_selftest(on_screen=has_display())
    if options.data is not None:
        os.environ[DATA.name] = str(options.data.resolve())
    if not options.demo and not has_display():
        print("There is no display here, so ChatDesk runs its demo instead.", file=sys.stderr)  # noqa: T201  # for a terminal
        options.demo = True
    if options.demo:
        from chatdesk.app.demo import run_demo

        return run_demo(options.output)
    ready_to_import()
    from chatdesk.app.application import run_application

    return run_application(vault=options.vault, puppet=options.puppet, scripted=options.scripted_model)


def ready_to_import() -> None:
    """Prepare the interpreter for importing the window; what follows takes two thirds of the time."""
    # An import makes tens of thousands of things to keep and no garbage. ``run_in_qt`` collects later on.
    gc.disable()
    # pydantic, which realtime and supabase need, would look for plugins in every package that is installed.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # Asyncio before Qt, and Qt before ourselves: see ``swift_imports``.
    import asyncio  # noqa: F401  # imported for its place in the order

    from PySide6 import QtWidgets  # noqa: F401  # the same

    from chatdesk.runtime.swift_imports import without_reading

    without_reading()


def _schema(directory: Path | None) -> int:
    from chatdesk.app.schema_script import schema_script, write_migrations

    if directory is None:
        sys.stdout.write(schema_script())
        return 0
    try:
        written = write_migrations(directory)
    except OSError as failure:
        sys.stderr.write(f"The files could not be written: {failure}. Choose another directory.\n")
        return 1
    sys.stdout.write(f"{written} files are in {directory / 'supabase' / 'migrations'}.\n")
    return 0
