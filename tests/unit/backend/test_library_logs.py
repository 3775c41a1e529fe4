"""What the realtime library may say in the log."""

from __future__ import annotations

import logging

import pytest

from chatdesk.backend.library_logs import Scrub


def _record(text: str, level: int = logging.ERROR) -> logging.LogRecord:
    return logging.LogRecord("realtime._async.channel", level, __file__, 1, text, None, None)


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("join push error for channel realtime:conversation:1:1: {'reason': 'Unauthorized'}", logging.INFO),
        ("Connection failed permanently", logging.WARNING),
    ],
)
def test_what_the_feed_survives_is_no_error_in_the_log(text: str, level: int) -> None:
    scrub, record = Scrub(), _record(text)
    assert scrub.filter(record)
    assert (record.levelno, record.levelname) == (level, logging.getLevelName(level))
    assert scrub.errors == 1


def test_a_frame_that_cannot_be_parsed_is_counted_without_its_text() -> None:
    scrub, record = Scrub(), _record("Unrecognized message format: my diary")
    scrub.filter(record)
    assert "diary" not in record.getMessage()
    assert scrub.errors == 1
