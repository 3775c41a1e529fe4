"""Rows as the server sends them."""

from __future__ import annotations

from typing import Any

USER = "01920000-0000-7000-8000-000000000001"
CONVERSATION = "01920000-0000-7000-8000-000000000002"
MESSAGE = "01920000-0000-7000-8000-000000000003"
OTHER = "01920000-0000-7000-8000-000000000004"
PROVIDER = "01920000-0000-7000-8000-000000000005"
WHEN = "2026-11-22T17:34:00.12+00:00"

JSON = dict[str, Any]


def profile(**changes: Any) -> JSON:
    return {
        "id": USER,
        "username": "ada",
        "display_name": "Ada",
        "avatar_path": None,
        "revision": 3,
        "updated_at": WHEN,
    } | changes


def provider(**changes: Any) -> JSON:
    return {
        "id": PROVIDER,
        "kind": "custom",
        "name": "Mine",
        "base_url": "http://localhost:1/v1",
        "models": ["a", "b"],
        "revision": 2,
        "updated_at": WHEN,
        "deleted_at": None,
    } | changes


def conversation(**changes: Any) -> JSON:
    return {
        "id": CONVERSATION,
        "owner_id": USER,
        "title": "Bridges",
        "model": None,
        "system_prompt": None,
        "temperature": 0.5,
        "last_seq": 4,
        "revision": 9,
        "epoch": 1,
        "created_at": WHEN,
        "updated_at": WHEN,
        "deleted_at": None,
    } | changes


def membership(**changes: Any) -> JSON:
    return {
        "conversation_id": CONVERSATION,
        "user_id": USER,
        "role": "owner",
        "last_read_seq": 2,
        "pinned": False,
        "archived": False,
        "revision": 1,
    } | changes


def message(**changes: Any) -> JSON:
    return {
        "id": MESSAGE,
        "conversation_id": CONVERSATION,
        "parent_id": None,
        "author_id": USER,
        "role": "user",
        "content": "How long is it?",
        "model": None,
        "usage": None,
        "status": "complete",
        "error": None,
        "seq": 4,
        "revision": 9,
        "created_at": WHEN,
        "updated_at": WHEN,
        "deleted_at": None,
    } | changes


def generation(**changes: Any) -> JSON:
    return {
        "id": OTHER,
        "conversation_id": CONVERSATION,
        "message_id": MESSAGE,
        "reply_to": MESSAGE,
        "attempt": 0,
        "holder": OTHER,
        "fence": 1,
        "state": "running",
        "stop_requested": False,
        "expires_at": WHEN,
    } | changes
