"""How much of a conversation a model reads at once."""

from __future__ import annotations

from collections.abc import Sequence

from chatdesk.domain.message import Role
from chatdesk.providers.base import Turn

# The beginnings of names after any path ("openai/gpt-4o"), the longer ones first where they overlap.
# Whole numbers of tokens, on the careful side: a window that is thought too small costs a little memory, one
# that is thought too large costs the reply.
_WINDOWS: tuple[tuple[str, int], ...] = (
    ("smollm2", 2_048),
    ("gpt-3.5", 16_000),
    ("gpt-4.1", 1_000_000),
    ("gpt-4o", 128_000),
    ("gpt-4-turbo", 128_000),
    ("gpt-4", 8_000),
    ("gpt-5", 256_000),
    ("gpt-6", 256_000),
    ("chatgpt", 128_000),
    ("o1", 128_000),
    ("o3", 200_000),
    ("o4", 200_000),
    ("claude", 200_000),
    ("gemini", 1_000_000),
    ("deepseek", 64_000),
    ("mistral", 32_000),
    ("ministral", 128_000),
    ("magistral", 40_000),
    ("codestral", 128_000),
    ("grok", 128_000),
    ("kimi", 128_000),
    ("llama-3.1", 128_000),
    ("llama-3.3", 128_000),
    ("llama-4", 128_000),
)
UNKNOWN = 32_000
UNKNOWN_LOCAL = 8_000
"""Ollama and LM Studio load models with a small window unless told otherwise, and cut silently."""

BYTES_PER_TOKEN = 3
TOKENS_PER_TURN = 8
ANSWER_SHARE = 4
ANSWER_MOST = 8_000


def window_of(model: str, *, local: bool = False) -> int:
    """Return how many tokens a model reads, as far as its name tells."""
    name = model.lower().rpartition("/")[2]
    if local and not name.startswith("smollm2"):
        return UNKNOWN_LOCAL
    return next((tokens for start, tokens in _WINDOWS if name.startswith(start)), UNKNOWN)


def estimate(text: str) -> int:
    """Return about how many tokens a text is; rather too many than too few."""
    return len(text.encode("utf-8", "surrogatepass")) // BYTES_PER_TOKEN + TOKENS_PER_TURN


def fitted(turns: Sequence[Turn], window: int) -> tuple[list[Turn], int]:
    """Return the turns that fit into ``window`` tokens with room for an answer, and how many were left out.

    The oldest go first. A leading system prompt and the last turn always stay: without them the answer would
    be to something else; a provider that refuses them says so.
    """
    room = window - min(window // ANSWER_SHARE, ANSWER_MOST)
    head = list(turns[:1]) if turns and turns[0].role is Role.SYSTEM else []
    rest = list(turns[len(head) :])
    room -= sum(estimate(turn.content) for turn in head)
    kept = 0
    for turn in reversed(rest):
        room -= estimate(turn.content)
        if room < 0 and kept:
            break
        kept += 1
    left_out = len(rest) - kept
    return head + rest[left_out:], left_out
