"""Which entries may go, which wait for a decision, and what a decision does to the others.

Pure functions over the entries of one lane, in their order.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from chatdesk.domain.mutation import Mutation, MutationKind, OutboxEntry, OutboxState

_EDGES = ("p_parent_id", "p_replaces")


@dataclass(frozen=True, slots=True)
class LanePlan:
    """Entries to drop from a lane, and entries to rewrite because of it."""

    dropped: frozenset[str] = frozenset()
    rewritten: tuple[OutboxEntry, ...] = ()


def blocked(lane: Sequence[OutboxEntry]) -> frozenset[str]:
    """Return the mutation ids that wait behind a refused entry they depend on.

    Everything depends on the creation of its conversation, a message on its parent and on the version it
    replaces, a deletion on its message.
    """
    if not any(entry.state is OutboxState.FAILED for entry in lane):
        return frozenset()
    if any(_is_failed(entry, MutationKind.CREATE_CONVERSATION) for entry in lane):
        return frozenset(entry.mutation.id for entry in lane if entry.state is not OutboxState.FAILED)
    stuck = {entry.mutation.entity_id for entry in lane if _is_failed(entry, MutationKind.SEND_MESSAGE)}
    found: set[str] = set()
    grown = bool(stuck)
    while grown:  # once more than the chain is deep; a parent nearly always stands before its child
        grown = False
        for entry in lane:
            mutation = entry.mutation
            if mutation.id in found or entry.state is OutboxState.FAILED:
                continue
            if mutation.kind is MutationKind.SEND_MESSAGE and not stuck.isdisjoint(_named(mutation)):
                stuck.add(mutation.entity_id)
            elif not (mutation.kind is MutationKind.DELETE_MESSAGE and mutation.entity_id in stuck):
                continue
            found.add(mutation.id)
            grown = True
    return frozenset(found)


def head(lane: Sequence[OutboxEntry]) -> OutboxEntry | None:
    """Return the entry of the lane that may be sent now; None while one is on its way or all wait."""
    held = blocked(lane)
    for entry in lane:
        if entry.state is OutboxState.FAILED or entry.mutation.id in held:
            continue
        return entry if entry.state is OutboxState.WAITING else None
    return None


def annul(lane: Sequence[OutboxEntry]) -> LanePlan:
    """Drop what was refused and is to be deleted anyway: the server never had it."""
    refused_creation = any(_is_failed(entry, MutationKind.CREATE_CONVERSATION) for entry in lane)
    if refused_creation and any(entry.mutation.kind is MutationKind.DELETE_CONVERSATION for entry in lane):
        return LanePlan(frozenset(entry.mutation.id for entry in lane))
    refused = {entry.mutation.entity_id for entry in lane if _is_failed(entry, MutationKind.SEND_MESSAGE)}
    deleted = {
        entry.mutation.entity_id for entry in lane if entry.mutation.kind is MutationKind.DELETE_MESSAGE
    }
    gone = refused & deleted
    return drop(lane, [entry.mutation.id for entry in lane if entry.mutation.entity_id in gone])


def discard(lane: Sequence[OutboxEntry], entity_id: str) -> LanePlan:
    """Take back the refused changes of an entity or, when none was refused, those not yet on their way.

    A creation takes everything after it along: what is about the message, or the whole lane. An entry that is
    being sent cannot be called back and stays.
    """
    own = [e for e in lane if e.mutation.entity_id == entity_id and e.state is not OutboxState.SENDING]
    chosen = [entry for entry in own if entry.state is OutboxState.FAILED] or own
    kinds = {entry.mutation.kind for entry in chosen}
    if MutationKind.CREATE_CONVERSATION in kinds:
        chosen = [entry for entry in lane if entry.state is not OutboxState.SENDING]
    elif MutationKind.SEND_MESSAGE in kinds:
        chosen = own
    return drop(lane, [entry.mutation.id for entry in chosen])


def drop(lane: Sequence[OutboxEntry], ids: Collection[str]) -> LanePlan:
    """Drop entries; what answered or replaced a dropped message now answers or replaces what that one did."""
    dropped = {
        entry.mutation.entity_id: entry.mutation
        for entry in lane
        if entry.mutation.id in ids and entry.mutation.kind is MutationKind.SEND_MESSAGE
    }
    rewritten = []
    for entry in lane:
        mutation = entry.mutation
        if mutation.kind is not MutationKind.SEND_MESSAGE or mutation.id in ids:
            continue
        args = {**mutation.args}
        for name in _EDGES:
            if args.get(name) in dropped:
                args[name] = _follow(dropped, args[name], name)
        if args != mutation.args:
            rewritten.append(replace(entry, mutation=replace(mutation, args=args)))
    return LanePlan(frozenset(ids), tuple(rewritten))


def _follow(dropped: Mapping[str, Mutation], target: str | None, name: str) -> str | None:
    """Return the first message that is not dropped, going on from ``target`` by the argument ``name``."""
    seen = set()
    while target is not None and target in dropped and target not in seen:
        seen.add(target)
        target = dropped[target].args.get(name)
    return target


def _named(mutation: Mutation) -> set[object]:
    """The messages that a SEND_MESSAGE refers to."""
    return {mutation.args.get(name) for name in _EDGES} - {None}


def _is_failed(entry: OutboxEntry, kind: MutationKind) -> bool:
    return entry.state is OutboxState.FAILED and entry.mutation.kind is kind
