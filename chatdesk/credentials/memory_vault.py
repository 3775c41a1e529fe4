"""A vault that forgets: for one run, chosen by the user or by a test."""

from __future__ import annotations

import threading

from chatdesk.credentials.values import check_name, check_value


class MemoryVault:
    """Secrets in this process only. Same rules for names and values as every other vault."""

    persistent = False

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._lock = threading.Lock()

    def get(self, name: str) -> str | None:
        check_name(name)
        with self._lock:
            return self._values.get(name)

    def set(self, name: str, value: str) -> None:
        check_name(name)
        check_value(value)
        with self._lock:
            self._values[name] = value

    def delete(self, name: str) -> None:
        check_name(name)
        with self._lock:
            self._values.pop(name, None)
