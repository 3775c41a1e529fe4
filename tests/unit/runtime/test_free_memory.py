"""Memory that was freed in the midst of other pieces goes back to the system, where it can be asked for."""

from __future__ import annotations

import ctypes
import resource
import sys
from pathlib import Path

import pytest

from chatdesk.runtime.free_memory import give_back

PIECE, PIECES, KEPT = 2_000, 20_000, 200
"""Bytes of a piece, how many there are, and how many of them one lives on."""


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def test_it_goes_back() -> None:
    pieces = [bytearray(PIECE) for _ in range(PIECES)]
    kept = pieces[::KEPT]
    del pieces
    before = resident()
    assert give_back()
    assert before - resident() > PIECE * PIECES // 2
    assert len(kept) == PIECES // KEPT


def test_elsewhere_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: object())  # As musl is: it has no such call.
    assert not give_back()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not give_back()
