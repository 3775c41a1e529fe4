"""``python -m chatdesk`` and the ``chatdesk`` command."""

from __future__ import annotations

import importlib
import sys


def main() -> int:
    """Run the command line; a frozen build also starts its further processes through here."""
    if sys.argv[1:2] == ["--model-host"]:
        importlib.import_module("chatdesk.modelhost.__main__").main()
        return 0
    if sys.argv[1:2] == ["--local-backend"]:
        # A frozen build has one executable, which must be able to become the server as well.
        server = importlib.import_module("chatdesk.localbackend.__main__")
        return int(server.main(sys.argv[2:]) or 0)
    from chatdesk.cli import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
