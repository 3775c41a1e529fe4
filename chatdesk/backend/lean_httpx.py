"""httpx without its command line, which would bring click, rich and pygments where they are installed.

httpx tries to import it and goes on where that fails. ``None`` in ``sys.modules`` is Python's own way to make
an import fail; it stays there for no longer than the import of httpx takes. Who imports this module first has
the lean one; without it everything works as well, it only takes longer (40 ms) and more memory (6 MB).
"""

from __future__ import annotations

import sys

_COMMAND_LINE = "httpx._main"

if "httpx" not in sys.modules:
    sys.modules[_COMMAND_LINE] = None  # type: ignore[assignment]  # typeshed does not know of it
    try:
        import httpx  # noqa: F401  # imported to be there
    finally:
        del sys.modules[_COMMAND_LINE]
