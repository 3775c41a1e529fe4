"""What is shown: the server's row with this instance's own pending changes on top, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from chatdesk.domain.conversation import Conversation, ConversationEntry, Membership
from chatdesk.domain.message import DeliveryState, Message
from chatdesk.domain.mutation import MutationKind, OutboxEntry, OutboxState
from chatdesk.domain.profile import Profile
from chatdesk.domain.provider import ProviderSettings
from chatdesk.store.mutations import conversation_of, membership_of, message_of, provider_of, updates_of

_CONVERSATION_FIELDS = frozenset({"title", "model", "system_prompt", "temperature", "answers"})
_MEMBERSHIP_FIELDS = frozenset({"pinned", "archived", "last_read_seq"})
_PROFILE_FIELDS = frozenset(
    {"username", "display_name", "avatar_path", "shows_presence", "shows_typing", "shows_reading"}
)


def delivery_of(entries: Iterable[OutboxEntry]) -> tuple[DeliveryState, str | None]:
    """Sum up the fate of a row's entries: a failure is shown first, then being sent, then waiting."""
    delivery = DeliveryState.SENT
    for entry in entries:
        if entry.state is OutboxState.FAILED:
            return DeliveryState.FAILED, entry.reason
        if entry.state is OutboxState.SENDING:
            delivery = DeliveryState.SENDING
        elif delivery is DeliveryState.SENT:
            delivery = DeliveryState.PENDING
    return delivery, None


def overlay_message(server: Message | None, entries: Sequence[OutboxEntry]) -> Message | None:
    """Show a message; ``entries`` are those about its id.

    The server's row wins over our own optimistic one, except when our send was refused and the row is another
    text (the id was taken): then ours stays visible until the user has decided. A refused deletion does not
    hide anything, so that its reason can be shown.
    """
    if not entries:
        return server
    shown = server
    for entry in entries:
        mutation, failed = entry.mutation, entry.state is OutboxState.FAILED
        if mutation.kind is MutationKind.SEND_MESSAGE:
            if server is None or (failed and not is_delivered(entry, server)):
                shown = message_of(mutation)
        elif mutation.kind is MutationKind.DELETE_MESSAGE and shown is not None and not failed:
            shown = replace(
                shown, content="", attachments=(), deleted_at=shown.deleted_at or mutation.created_at
            )
    if shown is None:
        return None
    delivery, failure = delivery_of(entries)
    return replace(shown, delivery=delivery, failure=failure)


def is_delivered(entry: OutboxEntry, server: Message | None) -> bool:
    """Tell whether the server's row is the very message that a SEND_MESSAGE wanted to create."""
    mutation = entry.mutation
    return (
        mutation.kind is MutationKind.SEND_MESSAGE
        and server is not None
        and server.conversation_id == mutation.lane
        and server.author_id == mutation.user_id
        and (server.deleted_at is not None or server.content == mutation.args["p_content"])
    )


def overlay_entry(
    conversation: Conversation | None, membership: Membership | None, entries: Iterable[OutboxEntry]
) -> ConversationEntry | None:
    """Show a conversation in the list, or not; ``entries`` are those of its lane."""
    if conversation is not None and conversation.deleted_at is not None:
        return None
    own: list[OutboxEntry] = []
    hidden = False
    for entry in entries:
        mutation = entry.mutation
        kind = mutation.kind
        if kind is MutationKind.SEND_MESSAGE:
            if conversation is not None and mutation.created_at > conversation.updated_at:
                conversation = replace(conversation, updated_at=mutation.created_at)
            continue
        if kind is MutationKind.DELETE_MESSAGE:
            continue
        own.append(entry)
        if kind is MutationKind.CREATE_CONVERSATION:
            conversation = conversation or conversation_of(mutation)
            membership = membership or membership_of(mutation)
        elif kind is MutationKind.UPDATE_CONVERSATION and conversation is not None:
            conversation = replace(conversation, **updates_of(mutation, _CONVERSATION_FIELDS))
        elif kind is MutationKind.UPDATE_MEMBERSHIP and membership is not None:
            updates = updates_of(mutation, _MEMBERSHIP_FIELDS)
            if "last_read_seq" in updates:  # a read mark never goes back
                updates["last_read_seq"] = max(updates["last_read_seq"], membership.last_read_seq)
            membership = replace(membership, **updates)
        elif kind is MutationKind.DELETE_CONVERSATION and entry.state is not OutboxState.FAILED:
            hidden = True
    if hidden or conversation is None or membership is None:
        return None
    delivery, failure = delivery_of(own)
    return ConversationEntry(conversation, membership, delivery, failure)


def overlay_profile(server: Profile | None, entries: Iterable[OutboxEntry]) -> Profile | None:
    """Show a profile. A refused change is not shown: a profile has no place for the reason, and a user name
    that was refused would look as if it were theirs."""
    shown = server
    for entry in entries:
        mutation = entry.mutation
        if mutation.kind is MutationKind.UPDATE_PROFILE and entry.state is not OutboxState.FAILED:
            base = shown or Profile(mutation.entity_id, None, "", None, 0, mutation.created_at)
            shown = replace(base, **updates_of(mutation, _PROFILE_FIELDS))
    return shown


def overlay_provider(
    server: ProviderSettings | None, entries: Iterable[OutboxEntry]
) -> ProviderSettings | None:
    """Show a provider; one that was removed on another device stays removed."""
    shown = server
    for entry in entries:
        mutation = entry.mutation
        if entry.state is OutboxState.FAILED or (server is not None and server.deleted_at is not None):
            continue
        if mutation.kind is MutationKind.SAVE_PROVIDER:
            shown = provider_of(mutation, shown)
        elif mutation.kind is MutationKind.DELETE_PROVIDER and shown is not None:
            shown = replace(shown, deleted_at=mutation.created_at)
    return shown
