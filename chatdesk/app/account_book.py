"""The accounts of this machine, without any secret: who they are, where they live, which was open last."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from chatdesk.domain.session import Account, BackendAddress, BackendKind
from chatdesk.runtime.whole_file import write_whole

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account and the address it was reached at; a local account's address changes with every start."""

    account: Account
    address: BackendAddress


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

    def opened(self, known: KnownAccount) -> None:
        """Remember ``known`` as the one to open at the next start."""
        others = [other for other in self._accounts(self._read()) if other.account.key != known.account.key]
        self._write({"last": known.account.key, "accounts": [asdict(each) for each in (known, *others)]})

    def closed(self, key: str) -> None:
        """Forget ``key``: the next start asks whom to open."""
        others = [other for other in self._accounts(self._read()) if other.account.key != key]
        self._write({"last": None, "accounts": [asdict(each) for each in others]})

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
            found.append(KnownAccount(account, address))
        return found

    def _write(self, content: dict[str, Any]) -> None:
        write_whole(self._path, json.dumps(content, indent=1))
