"""An account and an installation to show."""

from __future__ import annotations

from pathlib import Path

from chatdesk.domain.profile import Profile
from chatdesk.domain.session import Account, BackendKind, LinkState, SyncState
from chatdesk.ui.account_facts import AccountFacts
from chatdesk.ui.settings.installation import Installation
from tests.support.conversation_entries import NOON

FACTS = AccountFacts(
    Account("key", "ada-id", BackendKind.SUPABASE, "https://example.supabase.co", "ada@example.com"),
    Profile("ada-id", "ada", "Ada Lovelace", None, 3, NOON),
    None,
    SyncState(LinkState.CONNECTED),
)
INSTALLATION = Installation(
    ("first-model", "second-model"), "models.example.com", True, Path("/data/ChatDesk")
)
