"""Starting the embedded back end by hand, by the app or from the packaged program."""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

from chatdesk import __version__
from chatdesk.config.paths import data_directory, local_backend_home
from chatdesk.localbackend.secrets import KEY_BYTES, decode_key, derive

__all__ = ["main"]

EXIT_USAGE = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until nobody needs it. ``argv`` is without the program's name; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="chatdesk-local", description="ChatDesk's embedded back end. ChatDesk starts it on its own."
    )
    parser.add_argument("--home", type=Path, default=None, metavar="DIR", help="where it keeps everything")
    parser.add_argument(
        "--linger", type=_seconds, default=30.0, metavar="S", help="seconds to outlive the last client"
    )
    parser.add_argument(
        "--key-stdin",
        action="store_true",
        help="read the installation's key from standard input; without it, a new one is made",
    )
    parser.add_argument("--debug", action="store_true", help="log more")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    arguments = parser.parse_args(argv)
    # The owner of the data directory can always set new passwords, so a new key loses nothing but sessions.
    key = secrets.token_bytes(KEY_BYTES)
    if arguments.key_stdin:
        try:
            key = decode_key(_first_line())
        except ValueError as error:
            sys.stderr.write(f"{error}\n")
            return EXIT_USAGE
    from chatdesk.localbackend.libraries import collect_later

    collect_later()
    from chatdesk.localbackend import host

    home = (arguments.home or local_backend_home(data_directory())).absolute()
    return host.run(host.Options(home, arguments.linger, derive(key), arguments.debug))


def _first_line() -> str:
    """The first line of standard input; a packaged program without a console has one, but no sys.stdin."""
    if sys.stdin is not None:
        return sys.stdin.readline(1000)
    with open(0, encoding="ascii", errors="replace", closefd=False) as stream:
        return stream.readline(1000)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= 86_400:
        raise argparse.ArgumentTypeError("between 0 and 86400 seconds")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
