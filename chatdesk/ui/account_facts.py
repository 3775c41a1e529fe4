"""What is known of the open account."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QImage

from chatdesk.domain.profile import Profile
from chatdesk.domain.session import Account, LinkState, SyncState

_STARTING = SyncState(LinkState.STARTING)


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """The account (None: nobody is signed in), its person and picture if they are known, and its link."""

    account: Account | None = None
    profile: Profile | None = None
    image: QImage | None = None
    state: SyncState = _STARTING
