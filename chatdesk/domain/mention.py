"""Names behind an @ in a message: who is meant, and whether a model is to answer."""

from __future__ import annotations

import re

from chatdesk.domain.conversation import Answers

MODEL = "model"
"""Means whichever model answers in the conversation; nobody's user name can be taken for it."""

_MENTION = re.compile(r"(?<![\w@.])@([\w][\w.:/-]*)")
_TRAILING = ".:/-"


def mentions(text: str) -> frozenset[str]:
    """Return the names that are mentioned, in small letters; an address such as a@b.org mentions nobody."""
    return frozenset(found.rstrip(_TRAILING).casefold() for found in _MENTION.findall(text))


def mention_of(name: str) -> str:
    """Return what is written for a name: what ``mentions`` reads back."""
    return re.sub(r"[^\w.:/-]+", "-", name).strip(_TRAILING + "_") or MODEL


def mentions_model(text: str, model: str | None) -> bool:
    """Tell whether a message asks the model, by @model or by its own name."""
    found = mentions(text)
    return MODEL in found or (bool(model) and mention_of(model or "").casefold() in found)


def answers_by(chosen: Answers | None, shared: bool) -> Answers:
    """Return which messages a model answers: what was chosen, else every one until somebody else is there."""
    return chosen or (Answers.MENTIONED if shared else Answers.ALWAYS)


def asks_model(text: str, chosen: Answers | None, shared: bool, model: str | None) -> bool:
    """Tell whether a model answers this message."""
    return answers_by(chosen, shared) is Answers.ALWAYS or mentions_model(text, model)
