"""What is known of the open account."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QImage

from chatdesk.domain.profile import Profile
from chatdesk.domain.session import Account, BackendKind, LinkState, SyncState
from chatdesk.ui.actions.table import Need

_STARTING = SyncState(LinkState.STARTING)


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """The account (None: nobody is signed in), its person and picture if they are known, and its link."""

    account: Account | None = None
    profile: Profile | None = None
    image: QImage | None = None
    state: SyncState = _STARTING

    @property
    def needs(self) -> Need:
        """What the account makes possible."""
        holds = Need.NOTHING
        if self.account is not None:
            holds |= Need.NOTHING if self.account.is_owner else Need.OWN_ACCESS
            holds |= Need.THIS_COMPUTER if self.account.kind is BackendKind.LOCAL else Need.NOTHING
        return holds


@dataclass(frozen=True, slots=True)
class AccountChoice:
    """An account of this computer in a list: who it is, where it lives, whether it is open here."""

    key: str
    name: str
    line: str
    is_open: bool = False

    @property
    def words(self) -> str:
        """Both in one line."""
        return f"{self.name} – {self.line}" if self.line and self.line != self.name else self.name
