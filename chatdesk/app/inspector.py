"""The ``Inspector`` of this machine: forms name projects, open accounts have gateways."""

from __future__ import annotations

from chatdesk.app.accounts import MachineAccounts
from chatdesk.app.slow_import import Part, imported
from chatdesk.domain.errors import Refused
from chatdesk.services.open_account import OpenAccount
from chatdesk.services.project_check import Told


class MachineInspector:
    """Looks at what somebody typed, or at the server of the open account."""

    def __init__(self, accounts: MachineAccounts, open_account: OpenAccount) -> None:
        self._accounts = accounts
        self._open_account = open_account

    async def inspect(self, url: str, api_key: str, told: Told) -> bool:
        await imported(Part.REQUESTS)
        from chatdesk.backend.check import clean_address
        from chatdesk.backend.inspection import inspect

        return await inspect(clean_address(url, api_key), told)

    async def inspect_open(self, told: Told) -> bool:
        account = self._open_account.account
        if account is None:
            raise Refused("No account is open.", "Sign in first.")
        inspection = await self._accounts.gateway(account).inspection(account.user_id)
        return await inspection.run(told)
