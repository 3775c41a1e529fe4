"""Links, codes and mentions: what is read from what people type and paste."""

from __future__ import annotations

import pytest

from chatdesk.domain.conversation import Answers
from chatdesk.domain.errors import BadInput
from chatdesk.domain.mention import asks_model, mention_of, mentions, mentions_model
from chatdesk.domain.sharing import link_of, new_token, read_link, token_hash

PROJECT = "https://abc.supabase.co"


def test_a_secret_has_32_random_bytes_and_is_never_the_same() -> None:
    made = {new_token() for _ in range(50)}
    assert len(made) == 50
    assert {len(token) for token in made} == {43}
    assert len(token_hash(new_token())) == 64


@pytest.mark.parametrize("project", [None, PROJECT])
def test_a_link_is_read_back_from_whatever_surrounds_it(project: str | None) -> None:
    token = new_token()
    link = link_of(token, project)
    for pasted in (
        link,
        f"  {link}\n",
        f"<{link}>",
        f"Join us: {link}.",
        f'"{link}"',
        link.upper()[:8] + link[8:],
    ):
        assert read_link(pasted, project) == token, pasted
    assert read_link(f" {token} ", project) == token


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "https://example.org",
        "chatdesk://join/",
        "chatdesk://join/short",
        "a" * 42,
        "ä" * 43,
        "a " * 30,
    ],
)
def test_anything_else_is_refused_in_words(text: str) -> None:
    with pytest.raises(BadInput, match="not a link or code"):
        read_link(text, PROJECT)


def test_a_link_of_another_project_says_which() -> None:
    link = link_of(new_token(), "https://other.supabase.co")
    for here in (PROJECT, None):
        with pytest.raises(BadInput, match=r"another project: other\.supabase\.co"):
            read_link(link, here)
    assert read_link(link, "https://other.supabase.co/")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@model what now?", {"model"}),
        ("hello @Ben, and @mara_l.", {"ben", "mara_l"}),
        ("(@model)", {"model"}),
        ("write to ben@example.org", set()),
        ("@@model", set()),
        ("@gpt-4.1-mini: hi", {"gpt-4.1-mini"}),
        ("@ model", set()),
        ("über@model", set()),
        ("@modelled", {"modelled"}),
    ],
)
def test_mentions(text: str, found: set[str]) -> None:
    assert mentions(text) == found


def test_the_model_is_asked_by_its_name_or_as_the_rule_says() -> None:
    assert mentions_model("@Model?", None)
    assert mentions_model("what says @GPT-oss-20b.", "gpt-oss-20b")
    assert mentions_model(f"@{mention_of('My model (fast)')} go", "My model (fast)")
    assert not mentions_model("@ben", "gpt-oss-20b")
    for chosen, shared, plain in (
        (None, False, True),
        (None, True, False),
        (Answers.ALWAYS, True, True),
        (Answers.MENTIONED, False, False),
    ):
        assert asks_model("hello", chosen, shared, "m") is plain
        assert asks_model("hello @model", chosen, shared, "m")
