"""Memory that this process has freed, given back to the system."""

from __future__ import annotations

import sys


def give_back() -> bool:
    """Have the C library return to the system what it keeps for later; tell whether there is a way to ask it.

    glibc shrinks its heap only from the end, so one small piece that lives on keeps megabytes of free ones
    before it (malloc_trim(3)); going through it takes some 8 ms. musl, macOS and Windows have no such call:
    there this does nothing. Of Python's own arenas nothing can be asked.
    """
    if sys.platform != "linux":
        return False
    import ctypes  # Hardly ever needed, and not for the first painting.

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is None:
        return False
    trim(ctypes.c_size_t(0))
    return True
