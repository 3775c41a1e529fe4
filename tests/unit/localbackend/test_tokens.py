"""Tokens: what is accepted, what is remembered, what never is."""

from __future__ import annotations

import time

import jwt
import pytest

from chatdesk.localbackend.tokens import TokenExpired, TokenRefused, Tokens, make_anon_key

SECRET = b"a secret of exactly 32 bytes....."
CLAIMS = {"sub": "someone", "role": "authenticated"}


def test_the_publishable_key_is_the_same_in_every_run() -> None:
    assert make_anon_key(SECRET) == make_anon_key(SECRET) == Tokens(SECRET).anon_key
    assert make_anon_key(SECRET) != make_anon_key(SECRET + b"x")
    tokens = Tokens(SECRET)
    assert tokens.verify(tokens.anon_key).role == "anon"
    assert tokens.verify(tokens.anon_key).subject is None
    assert tokens.is_anon_key(tokens.anon_key)
    for wrong in (None, "", tokens.anon_key + "x", "é\udc80"):
        assert not tokens.is_anon_key(wrong)


def test_a_good_token_is_remembered_and_still_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens, now = Tokens(SECRET), int(time.time())
    token = tokens.sign({**CLAIMS, "exp": now + 60})
    caller = tokens.verify(token)
    assert (caller.role, caller.subject) == ("authenticated", "someone")
    assert '"sub":"someone"' in caller.claims_json
    assert tokens.verify(token) is caller
    monkeypatch.setattr(time, "time", lambda: now + 65.0)
    with pytest.raises(TokenExpired) as expired:
        tokens.verify(token)
    assert expired.value.seconds == 5


def test_what_is_refused() -> None:
    tokens, later = Tokens(SECRET), int(time.time()) + 60
    for token in (
        "",
        "a.b.c",
        jwt.encode({**CLAIMS, "exp": later}, b"another secret that is long enough"),
        jwt.encode({**CLAIMS, "exp": later}, SECRET * 2, "HS512"),
        jwt.encode({**CLAIMS, "exp": later}, "", "none"),
        tokens.sign({**CLAIMS}),
        tokens.sign({"sub": "x", "exp": later}),
        tokens.sign({**CLAIMS, "role": "postgres", "exp": later}),
        tokens.sign({**CLAIMS, "role": ["anon"], "exp": later}),
        tokens.sign({**CLAIMS, "nbf": later, "exp": later}),
    ):
        with pytest.raises(TokenRefused):
            tokens.verify(token)


def test_only_so_many_are_remembered() -> None:
    tokens = Tokens(SECRET)
    for number in range(600):
        tokens.verify(tokens.sign({**CLAIMS, "n": number, "exp": int(time.time()) + 60}))
    assert len(tokens._known) == 512
