"""When a small model goes round in circles."""

from __future__ import annotations

import pytest

from chatdesk.providers.repetition import is_going_round


@pytest.mark.parametrize(
    "text",
    [
        "L'Étoile, la Marseillaise, " + "la femme au martyre, " * 4,
        "So it is. " + "I am a helpful assistant. " * 3,
        "no " * 30,
        "A paragraph that is somewhat longer than a line, and says little.\n\n" * 3,
    ],
)
def test_the_same_again_and_again(text: str) -> None:
    assert is_going_round(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ha ha ha!",
        "A list:\n- one\n- two\n- three\n- four\n- five\n- six\n- seven\n- eight",
        "-" * 200,
        "| a | b |\n|---|---|\n" + "".join(f"| {n} | {n * n} |\n" for n in range(30)),
        "for a in b: pass\nfor c in d: pass\nfor e in f: pass\n",
    ],
)
def test_what_only_looks_like_it(text: str) -> None:
    assert not is_going_round(text)
