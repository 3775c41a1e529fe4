"""What fits into a model's window."""

from __future__ import annotations

from chatdesk.domain.message import Role
from chatdesk.providers.base import Turn
from chatdesk.providers.windows import UNKNOWN, UNKNOWN_LOCAL, estimate, fitted, window_of

SYSTEM = Turn(Role.SYSTEM, "be brief")


def talk(count: int, size: int = 300) -> list[Turn]:
    return [Turn(Role.USER if n % 2 == 0 else Role.ASSISTANT, f"{n} " + "x" * size) for n in range(count)]


def test_the_oldest_go_first_and_the_rest_fits() -> None:
    turns = [SYSTEM, *talk(101)]
    kept, left_out = fitted(turns, 2_000)
    assert kept[0] is SYSTEM
    assert kept[-1] is turns[-1]
    assert kept[1:] == turns[-(len(kept) - 1) :]
    assert left_out == 102 - len(kept) > 0
    assert sum(estimate(turn.content) for turn in kept) <= 2_000 * 3 // 4


def test_what_fits_is_left_alone() -> None:
    turns = [SYSTEM, *talk(5)]
    assert fitted(turns, 100_000) == (turns, 0)
    assert fitted([], 10) == ([], 0)


def test_the_question_stays_whatever_its_size() -> None:
    turns = [SYSTEM, *talk(3), Turn(Role.USER, "x" * 100_000)]
    assert fitted(turns, 1_000) == ([SYSTEM, turns[-1]], 3)


def test_names_tell_windows() -> None:
    assert window_of("openai/gpt-4o-mini") == 128_000
    assert window_of("claude-sonnet-4") == 200_000
    assert window_of("SmolLM2-135M", local=True) == 2_048
    assert window_of("llama3.2", local=True) == UNKNOWN_LOCAL
    assert window_of("who-knows") == UNKNOWN
