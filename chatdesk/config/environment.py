"""What the environment asks of ChatDesk, as one table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable that ChatDesk reads, and what it does in one sentence."""

    name: str
    meaning: str


DATA = Variable("CHATDESK_DATA", "The directory for all of ChatDesk's files instead of the user's own.")
MODEL_VARIABLES = (
    Variable("CHATDESK_MODEL", "The model to ask, or several separated by commas; the first is the default."),
    Variable("CHATDESK_API_KEY", "The key for the model's provider; a local model needs none."),
    Variable("CHATDESK_API_BASE", "The provider's OpenAI-compatible address; without it, OpenAI's own."),
)
BUILT_IN = Variable("CHATDESK_BUILT_IN", "Set to off to do without the tiny built-in model.")
BUILT_IN_URL = Variable(
    "CHATDESK_BUILT_IN_URL", "Where the built-in model is downloaded from on request; its hash is checked."
)
UPDATE_URL = Variable("CHATDESK_UPDATE_URL", "Where to ask for a newer version; only a signed answer counts.")
VARIABLES = (
    DATA,
    *MODEL_VARIABLES,
    BUILT_IN,
    BUILT_IN_URL,
    UPDATE_URL,
    Variable("CHATDESK_LOG", "How much to log: DEBUG, INFO (the default), WARNING or ERROR."),
)
