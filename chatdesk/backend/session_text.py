"""A session as text, for a sealed file."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from chatdesk.domain.session import Session


def encode_session(session: Session) -> bytes:
    """Write a session as JSON."""
    return json.dumps(
        {
            "access_token": session.access_token,
            "refresh_token": session.refresh_token,
            "expires_at": session.expires_at.isoformat(),
            "user_id": session.user_id,
            "email": session.email,
        }
    ).encode()


def decode_session(content: bytes) -> Session:
    """Read what ``encode_session`` wrote; raises ``ValueError``."""
    try:
        fields = json.loads(content)
        return Session(
            access_token=str(fields["access_token"]),
            refresh_token=str(fields["refresh_token"]),
            expires_at=datetime.fromisoformat(fields["expires_at"]).astimezone(UTC),
            user_id=str(fields["user_id"]),
            email=None if fields.get("email") is None else str(fields["email"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("This is not a stored session.") from error
