"""Keeps Qt's binding from reading the source of every module that is imported after it."""

from __future__ import annotations

import sys


def without_reading() -> None:
    """Say once for all modules that none of them switches a ``__feature__`` of PySide6.

    To find out, PySide6 opens each module's source and looks for its own name in it, which took a sixth of
    all importing (``_mod_uses_pyside`` in its ``feature.py``; PYSIDE-1368). Called when PySide6 is imported
    and the rest is not; where that private function is not there any more, nothing is lost but the time.
    """
    feature = sys.modules.get("shibokensupport.feature")
    if feature is not None and hasattr(feature, "_mod_uses_pyside"):
        feature._mod_uses_pyside = lambda module: False  # type: ignore[attr-defined]  # private
