"""Password rules, and hashing away from the event loop's thread."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from chatdesk.localbackend.failures import auth_failure

if TYPE_CHECKING:
    from argon2 import PasswordHasher

__all__ = ["Passwords"]

_SHORTEST = 6  # the stock rule of Supabase Auth
_LONGEST = 72  # bytes; bcrypt's limit there, so a longer one would not work on a hosted project


class Passwords:
    """Hashes and checks passwords with argon2id on two threads of its own, where it is imported as well.

    The owner of this computer comes in without a password, so most runs need none. ``hasher`` may be a
    cheaper one in tests. ``close`` waits for what is being hashed.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="passwords")
        self._nobody: str | None = None

    def check_strength(self, password: str) -> None:
        """Raises a 422 ``weak_password`` or a 400 ``validation_failed`` failure."""
        if len(password) < _SHORTEST:
            raise auth_failure(
                422,
                "weak_password",
                f"Password should be at least {_SHORTEST} characters.",
                weak_password={"reasons": ["length"]},
            )
        if len(password.encode("utf-8", "replace")) > _LONGEST:
            raise auth_failure(
                400, "validation_failed", f"Password cannot be longer than {_LONGEST} characters"
            )

    async def hash(self, password: str) -> str:
        """The hash to store."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._hash, password)

    async def matches(self, password: str, stored: str | None) -> bool:
        """Whether ``password`` has the hash ``stored``. None takes as long as a wrong one, and is wrong."""
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, self._matches, password, stored
        )

    def _argon2(self) -> PasswordHasher:
        if self._hasher is None:
            from argon2 import PasswordHasher

            self._hasher = PasswordHasher()
        return self._hasher

    def _hash(self, password: str) -> str:
        return self._argon2().hash(password)

    def _matches(self, password: str, stored: str | None) -> bool:
        if stored is None:
            if self._nobody is None:
                self._nobody = self._hash("nobody")
            self._verify(password, self._nobody)
            return False
        return self._verify(password, stored)

    def _verify(self, password: str, stored: str) -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError

        try:
            return self._argon2().verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    def close(self) -> None:
        """Stop the threads."""
        self._threads.shutdown(wait=True, cancel_futures=True)
