"""What a row shows, ready to be painted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from chatdesk.domain.attachment import Attachment
from chatdesk.domain.message import DeliveryState, Message, MessageStatus, Role
from chatdesk.domain.text import title_from
from chatdesk.domain.usage import usage_of
from chatdesk.language.door import N_, _, ngettext, sentence
from chatdesk.models.message_list import MessageListModel
from chatdesk.models.read_by import Reader
from chatdesk.models.roles import TimelineRole
from chatdesk.ui.timeline.details import Fact, facts_of
from chatdesk.ui.timeline.fold import LONG, beginning
from chatdesk.ui.timeline.offers import Circumstances, MessageAction, broken_offers, offers
from chatdesk.ui.words import day_label, number, time_label

NEW_MESSAGES = N_("New messages")


@dataclass(frozen=True, slots=True)
class RowContent:
    """Everything a row paints. ``day`` is the heading of a new day, "" inside a day; ``grouped`` hides the
    author's name because the row above has it. A message that is about to be deleted counts as ``deleted``.
    ``versions`` is (place from 0, count), None when there is only this one; ``fresh`` says that one of them
    came from elsewhere and was not looked at; ``draft`` is what it is being changed to, None when it is not;
    ``unread`` says that the unread messages begin with it; ``folded`` is the length of the whole text where
    ``text`` is only its beginning, else 0; ``withheld`` says why no model was asked to answer it;
    ``left_out_line`` says what the model did not read, ``facts`` what else is known of a reply; ``readers``
    have read up to here.
    """

    id: str
    role: Role
    own: bool
    author: str
    avatar: str
    author_key: str
    time: str
    day: str
    grouped: bool
    text: str
    deleted: bool
    delivery: DeliveryState
    failure: str
    status: MessageStatus
    error: str
    offers: tuple[MessageAction, ...] = ()
    always: frozenset[MessageAction] = frozenset()
    versions: tuple[int, int] | None = None
    fresh: bool = False
    draft: str | None = None
    unread: bool = False
    folded: int = 0
    attachments: tuple[Attachment, ...] = ()
    withheld: str = ""
    left_out_line: str = ""
    facts: tuple[Fact, ...] = ()
    readers: tuple[Reader, ...] = ()

    @property
    def streaming(self) -> bool:
        """Whether more text is coming."""
        return self.status is MessageStatus.STREAMING and not self.deleted

    @property
    def status_line(self) -> str:
        """What to say below the text of a reply that did not end well or never began, "" otherwise."""
        if self.deleted or self.role is Role.USER:
            return "" if self.deleted else self.withheld
        if self.status is MessageStatus.INTERRUPTED:
            return sentence(self.error) or _("The reply was interrupted.")
        if self.status is MessageStatus.ERROR:
            return sentence(self.error) or _("The reply failed.")
        return ""

    @property
    def accessible_name(self) -> str:
        """What a screen reader says before the text."""
        spoken = f"{self.author}, {self.time}"
        return f"{_(NEW_MESSAGES)}: {spoken}" if self.unread else spoken


@dataclass(slots=True)
class Margin:
    """What this view alone knows about messages: texts being edited, versions not looked at yet, long texts
    shown whole, and why no model was asked; by id."""

    drafts: dict[str, str] = field(default_factory=dict)
    fresh: set[str] = field(default_factory=set)
    unfolded: set[str] = field(default_factory=set)
    withheld: dict[str, str] = field(default_factory=dict)


def content_of(model: MessageListModel, row: int, now: Callable[[], datetime], margin: Margin) -> RowContent:
    """Read the row at ``row``."""
    index = model.index(row)
    message: Message = model.at(row)
    first_of_day, grouped = model.seam(row)
    written = message.created_at.astimezone()
    leaving = model.is_leaving(message.id)
    text = "" if message.deleted_at or leaving else model.text_of(message)
    folded = 0
    if len(text) > LONG:
        if message.status is MessageStatus.STREAMING:
            # Whoever follows a long reply goes on reading it when it has ended.
            margin.unfolded.add(message.id)
        elif message.id not in margin.unfolded:
            text, folded = beginning(text), len(text)
    versions = model.versions_of(message.id)
    about = circumstances(model, message, bool(text.strip()))
    offered = offers(about)
    always = {MessageAction.UNDO, *broken_offers(about)}
    withheld = sentence(margin.withheld.get(message.id, "")) if about.unanswered else ""
    if withheld:
        always.add(MessageAction.ANSWER)
    left_out = left_out_words(model, message)
    return RowContent(
        id=message.id,
        role=message.role,
        own=about.own,
        author=str(model.data(index, TimelineRole.AUTHOR)),
        avatar=str(model.data(index, TimelineRole.AVATAR)),
        author_key=message.author_id or "",
        time=time_label(written),
        day=day_label(written.date(), now().astimezone().date()) if first_of_day else "",
        grouped=grouped,
        text=text,
        deleted=message.deleted_at is not None or leaving,
        delivery=message.delivery,
        failure=sentence(message.failure or ""),
        status=message.status,
        error=message.error or "",
        offers=offered,
        always=frozenset(always).intersection(offered),
        versions=None if versions is None else (versions.place, len(versions.ids)),
        fresh=versions is not None and message.id in margin.fresh,
        draft=None if message.deleted_at or leaving else margin.drafts.get(message.id),
        folded=folded,
        unread=message.id == model.unread.message_id,
        attachments=() if message.deleted_at or leaving else message.attachments,
        withheld=withheld,
        left_out_line="" if message.deleted_at or leaving else left_out,
        facts=tuple(facts_of(message.model or "", usage_of(message.usage), left_out)) if about.told else (),
        readers=model.read_by.of(message.id),
    )


def left_out_words(model: MessageListModel, message: Message) -> str:
    """Say which earlier messages the model of a reply did not read; empty when it read them all."""
    if not message.usage:
        return ""
    usage = usage_of(message.usage)
    if not usage.left_out:
        return ""
    words = ngettext(
        "{count} earlier message did not fit into the model's window and was left out.",
        "{count} earlier messages did not fit into the model's window and were left out.",
        usage.left_out,
    ).format(count=number(usage.left_out))
    first = model.get(usage.begins_at)
    if first is None or first.deleted_at is not None or not first.content.strip():
        return words
    return f"{words} {_('It read from “{beginning}” on.').format(beginning=title_from(first.content))}"


def circumstances(model: MessageListModel, message: Message, text: bool) -> Circumstances:
    """Return what the offers for a message depend on."""
    question = None if message.parent_id is None else model.get(message.parent_id)
    return Circumstances(
        role=message.role,
        own=model.is_own(message),
        author=model.wrote(message),
        # A question on a page that is not loaded is there all the same.
        answers=message.parent_id is not None and (question is None or question.deleted_at is None),
        text=text,
        deleted=message.deleted_at is not None,
        leaving=model.is_leaving(message.id),
        status=message.status,
        delivery=message.delivery,
        replying=model.replying,
        writable=model.writable,
        unanswered=message.id == model.last_id(),
        told=message.role is Role.ASSISTANT and bool(message.usage),
    )
