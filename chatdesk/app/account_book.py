"""The accounts of this machine, without any secret: who they are, where they live, which was open last."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from chatdesk.domain.session import Account, BackendAddress, BackendKind
from chatdesk.runtime.whole_file import write_whole

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account, the address it was reached at, and what its owner is called as far as that is known.

    A local account's address changes with every start.
    """

    account: Account
    address: BackendAddress
    name: str = ""


class AccountBook:
    """``accounts.json``: read at every start before anything else, written when somebody signs in or out.

    A file that cannot be read counts as empty: signing in again writes a good one, and no data depends on it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def last(self) -> KnownAccount | None:
        """Return the account that was open last."""
        content = self._read()
        return next(
            (known for known in self._accounts(content) if known.account.key == content["last"]), None
        )

    def known(self, key: str) -> KnownAccount | None:
        """Return the account named ``key``."""
        return next((known for known in self._accounts(self._read()) if known.account.key == key), None)

    def all(self) -> tuple[KnownAccount, ...]:
        """Return every account that can be opened here, the one that was opened last first."""
        return tuple(self._accounts(self._read()))

    def opened(self, known: KnownAccount) -> None:
        """Remember ``known`` as the one to open at the next start; a name that is known already stays."""
        accounts = self._accounts(self._read())
        before = next((each for each in accounts if each.account.key == known.account.key), known)
        others = [other for other in accounts if other.account.key != known.account.key]
        known = replace(known, name=known.name or before.name)
        self._write({"last": known.account.key, "accounts": [asdict(each) for each in (known, *others)]})

    def named(self, key: str, name: str) -> None:
        """Note what the owner of an account is called."""
        content = self._read()
        accounts = self._accounts(content)
        if any(each.account.key == key and each.name != name for each in accounts):
            renamed = [replace(each, name=name) if each.account.key == key else each for each in accounts]
            self._write({"last": content["last"], "accounts": [asdict(each) for each in renamed]})

    def closed(self, key: str) -> None:
        """Forget ``key``: the next start asks whom to open."""
        content = self._read()
        others = [other for other in self._accounts(content) if other.account.key != key]
        # Another process may have another account open, which is still the last one then.
        last = None if content["last"] == key else content["last"]
        self._write({"last": last, "accounts": [asdict(each) for each in others]})

    def _read(self) -> dict[str, Any]:
        try:
            content = json.loads(self._path.read_text("utf-8"))
            return {"last": content["last"], "accounts": list(content["accounts"])}
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError) as failure:
            _log.warning("accounts.json cannot be read (%s); it counts as empty", type(failure).__name__)
        return {"last": None, "accounts": []}

    @staticmethod
    def _accounts(content: dict[str, Any]) -> list[KnownAccount]:
        found = []
        for entry in content["accounts"]:
            try:
                account = Account(**{**entry["account"], "kind": BackendKind(entry["account"]["kind"])})
                address = BackendAddress(
                    **{**entry["address"], "kind": BackendKind(entry["address"]["kind"])}
                )
            except (KeyError, TypeError, ValueError):
                continue
            found.append(KnownAccount(account, address, str(entry.get("name") or "")))
        return found

    def _write(self, content: dict[str, Any]) -> None:
        write_whole(self._path, json.dumps(content, indent=1))
