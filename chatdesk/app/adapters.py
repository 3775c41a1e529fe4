"""The slow half of the house behind one import, which a thread makes after the window is painted."""

from __future__ import annotations

from chatdesk.backend.auth import AuthApi, SignOutScope
from chatdesk.backend.auth_failures import from_browser
from chatdesk.backend.auth_flows import AuthFlows
from chatdesk.backend.avatars import SupabaseAvatars
from chatdesk.backend.check import check_project, clean_address
from chatdesk.backend.client import BackendClient
from chatdesk.backend.feed import RealtimeFeed
from chatdesk.backend.local_launcher import LocalLauncher
from chatdesk.backend.loopback_listener import LoopbackListener
from chatdesk.backend.sessions import SessionKeeper, SessionStorage
from chatdesk.backend.tables import SupabaseRemote
from chatdesk.credentials.keyring_vault import KeyringVault
from chatdesk.credentials.memory_vault import MemoryVault
from chatdesk.credentials.vault_key import encode_key, key_from_vault

__all__ = [
    "AuthApi",
    "AuthFlows",
    "BackendClient",
    "KeyringVault",
    "LocalLauncher",
    "LoopbackListener",
    "MemoryVault",
    "RealtimeFeed",
    "SessionKeeper",
    "SessionStorage",
    "SignOutScope",
    "SupabaseAvatars",
    "SupabaseRemote",
    "check_project",
    "clean_address",
    "encode_key",
    "from_browser",
    "key_from_vault",
]
