"""What is offered for a message, by what it is and how it got here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chatdesk.domain.message import DeliveryState, MessageStatus, Role
from chatdesk.ui.timeline.offers import Circumstances, MessageAction, offers


def about(**fields: Any) -> Circumstances:
    usual = Circumstances(
        role=Role.USER,
        own=True,
        author=True,
        answers=True,
        text=True,
        deleted=False,
        leaving=False,
        status=MessageStatus.COMPLETE,
        delivery=DeliveryState.SENT,
        replying=False,
    )
    return replace(usual, **fields)


A = MessageAction
REPLY = {"role": Role.ASSISTANT, "own": False}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, (A.COPY, A.EDIT, A.DELETE)),
        ({"delivery": DeliveryState.PENDING}, (A.COPY, A.EDIT)),
        ({"delivery": DeliveryState.FAILED}, (A.COPY,)),
        ({"own": False, "author": False}, (A.COPY,)),
        ({"unanswered": True}, (A.COPY, A.ANSWER, A.EDIT, A.DELETE)),
        ({"unanswered": True, "delivery": DeliveryState.PENDING}, (A.COPY, A.EDIT)),
        ({"unanswered": True, "own": False, "author": False}, (A.COPY,)),
        ({**REPLY, "told": True}, (A.COPY, A.REGENERATE, A.DETAILS, A.DELETE)),
        ({"replying": True}, (A.COPY,)),
        ({"deleted": True}, ()),
        ({"leaving": True}, (A.UNDO,)),
        (REPLY, (A.COPY, A.REGENERATE, A.DELETE)),
        ({**REPLY, "answers": False}, (A.COPY, A.DELETE)),
        ({**REPLY, "author": False}, (A.COPY, A.REGENERATE)),
        ({**REPLY, "status": MessageStatus.STREAMING, "replying": True}, (A.COPY,)),
        ({**REPLY, "status": MessageStatus.INTERRUPTED}, (A.COPY, A.GO_ON, A.REGENERATE, A.DELETE)),
        ({**REPLY, "status": MessageStatus.ERROR, "text": False}, (A.REGENERATE, A.DELETE)),
        ({**REPLY, "status": MessageStatus.INTERRUPTED, "replying": True}, (A.COPY,)),
        ({"role": Role.SYSTEM, "own": False, "author": False}, (A.COPY,)),
        ({"writable": False}, (A.COPY,)),
        ({**REPLY, "status": MessageStatus.INTERRUPTED, "writable": False}, (A.COPY,)),
    ],
)
def test_what_is_offered_fits(fields: dict[str, Any], expected: tuple[MessageAction, ...]) -> None:
    assert offers(about(**fields)) == expected
