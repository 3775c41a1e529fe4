"""No secret reaches the log."""

from __future__ import annotations

import logging

import pytest

from chatdesk.diagnostics.logs import RedactingFormatter, redacted


@pytest.mark.parametrize(
    "line",
    [
        "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ",
        "GET /realtime/v1/websocket?apikey=canary-key-1234567&vsn=1.0.0",
        "Authorization: Bearer canary.token.value==",
        "key sb_publishable_canary1234567890",
        "key sk-proj-canary1234567890abcdef",
        "{'password': 'canary'}",
    ],
)
def test_secrets_are_taken_out(line: str) -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "%s", (line,), None)
    text = RedactingFormatter("%(message)s").format(record)
    assert "canary" not in text
    assert "[secret]" in text


def test_other_text_stays() -> None:
    assert redacted("Connected to http://127.0.0.1:5000") == "Connected to http://127.0.0.1:5000"
