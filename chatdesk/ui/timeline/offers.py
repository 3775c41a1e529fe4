"""What can be done with a message, decided by what it is and what is going on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chatdesk.domain.message import DeliveryState, MessageStatus, Role
from chatdesk.language.door import N_


class MessageAction(StrEnum):
    """What a message's buttons and menu do."""

    PREVIOUS = "previous"
    NEXT = "next"
    COPY = "copy"
    EDIT = "edit"
    GO_ON = "go_on"
    REGENERATE = "regenerate"
    ANSWER = "answer"
    DETAILS = "details"
    DELETE = "delete"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class ActionFace:
    """How an action looks: the name of its icon, its short word, and what a screen reader says."""

    icon: str
    word: str
    name: str


FACES = {
    MessageAction.PREVIOUS: ActionFace("chevron-left", N_("Previous version"), N_("Previous version")),
    MessageAction.NEXT: ActionFace("chevron-right", N_("Next version"), N_("Next version")),
    MessageAction.COPY: ActionFace("copy", N_("Copy message"), N_("Copy message")),
    MessageAction.EDIT: ActionFace("pencil", N_("Edit"), N_("Edit message")),
    MessageAction.GO_ON: ActionFace("arrow-down", N_("Continue"), N_("Continue the reply")),
    MessageAction.REGENERATE: ActionFace("refresh", N_("Regenerate"), N_("Write the reply again")),
    MessageAction.ANSWER: ActionFace("sparkle", N_("Get a reply"), N_("Get a reply to this message")),
    MessageAction.DETAILS: ActionFace("info", N_("Details"), N_("Details of the reply")),
    MessageAction.DELETE: ActionFace("trash", N_("Delete"), N_("Delete message")),
    MessageAction.UNDO: ActionFace("undo", N_("Undo"), N_("Undo the deletion")),
}


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the offers depend on. ``author``: this user is the author of record, also of replies they asked
    for; ``answers``: the message has a question above it; ``replying``: a reply is being written;
    ``writable``: this user may write here; ``unanswered``: nothing follows the message; ``told``: there is
    something to tell of the reply."""

    role: Role
    own: bool
    author: bool
    answers: bool
    text: bool
    deleted: bool
    leaving: bool
    status: MessageStatus
    delivery: DeliveryState
    replying: bool
    writable: bool = True
    unanswered: bool = False
    told: bool = False


def offers(about: Circumstances) -> tuple[MessageAction, ...]:
    """Return the actions of a message in the order of their buttons.

    While a reply is being written, nothing is offered that would begin another one or cut it off.
    """
    if about.leaving:
        return (MessageAction.UNDO,)
    if about.deleted:
        return ()
    found = [MessageAction.COPY] if about.text else []
    if about.replying or not about.writable or about.delivery is DeliveryState.FAILED:
        return tuple(found)
    if about.own and about.role is Role.USER:
        if about.unanswered and about.delivery is DeliveryState.SENT:
            found.append(MessageAction.ANSWER)
        found.append(MessageAction.EDIT)
    if about.role is Role.ASSISTANT and about.answers:
        found += broken_offers(about) or [MessageAction.REGENERATE]
    if about.told:
        found.append(MessageAction.DETAILS)
    if about.author and about.delivery is DeliveryState.SENT:
        found.append(MessageAction.DELETE)
    return tuple(found)


def broken_offers(about: Circumstances) -> list[MessageAction]:
    """Return what is offered in words, and always, below a reply that did not come to its end."""
    if not about.writable or about.status not in (MessageStatus.INTERRUPTED, MessageStatus.ERROR):
        return []
    return [*([MessageAction.GO_ON] if about.text else []), MessageAction.REGENERATE]
