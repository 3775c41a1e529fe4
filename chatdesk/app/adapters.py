"""The slow half of the house behind one import, which a thread makes after the window is painted."""

from __future__ import annotations

from chatdesk.backend.auth import AuthApi, SignOutScope
from chatdesk.backend.auth_failures import from_browser
from chatdesk.backend.auth_flows import AuthFlows
from chatdesk.backend.avatars import SupabaseAvatars
from chatdesk.backend.check import check_project, clean_address
from chatdesk.backend.client import BackendClient
from chatdesk.backend.feed import RealtimeFeed
from chatdesk.backend.guard import GuardedRemote, Watchman
from chatdesk.backend.inspection import SignedInInspection, inspect
from chatdesk.backend.local_launcher import LocalLauncher
from chatdesk.backend.loopback_listener import LoopbackListener
from chatdesk.backend.removal import AccountRemoval
from chatdesk.backend.sessions import SessionKeeper, SessionStorage
from chatdesk.credentials.keyring_vault import KeyringVault
from chatdesk.credentials.memory_vault import MemoryVault
from chatdesk.credentials.vault_key import encode_key, key_from_vault

__all__ = [
    "AccountRemoval",
    "AuthApi",
    "AuthFlows",
    "BackendClient",
    "GuardedRemote",
    "KeyringVault",
    "LocalLauncher",
    "LoopbackListener",
    "MemoryVault",
    "RealtimeFeed",
    "SessionKeeper",
    "SessionStorage",
    "SignOutScope",
    "SignedInInspection",
    "SupabaseAvatars",
    "Watchman",
    "check_project",
    "clean_address",
    "encode_key",
    "from_browser",
    "inspect",
    "key_from_vault",
]
