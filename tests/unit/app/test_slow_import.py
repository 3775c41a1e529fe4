"""The adapters come once, and cost nobody anything afterwards."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chatdesk.app.slow_import import adapters_loaded, window_painted


async def test_only_the_first_who_needs_the_adapters_waits_for_a_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    window_painted()
    await adapters_loaded()
    asked: list[Any] = []
    monkeypatch.setattr(asyncio, "to_thread", asked.append)
    for _ in range(3):
        await adapters_loaded()
    assert asked == []
