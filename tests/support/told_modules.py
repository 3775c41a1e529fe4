"""``python -m tests.support.told_modules``: ChatDesk with one request more, for what it has imported."""

from __future__ import annotations

import sys
from typing import Any

from chatdesk.__main__ import main
from chatdesk.app.puppet import PuppetStrings


async def modules(_: object, request: dict[str, Any]) -> dict[str, Any]:
    """Answer ``modules`` with their names."""
    return {"modules": sorted(sys.modules)}


if __name__ == "__main__":
    PuppetStrings.modules = modules  # type: ignore[attr-defined]  # one request more
    sys.exit(main())
