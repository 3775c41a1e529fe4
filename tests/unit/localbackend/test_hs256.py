"""Tokens of our own making beside those of a library for all of them."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwt.types import Options

from chatdesk.localbackend import hs256

SECRET = b"a secret of exactly 32 bytes....."
CLAIMS = {"sub": "someone", "role": "authenticated", "exp": 4_102_444_800, "n": [1, None, True, 0.5]}

UNCHECKED: Options = {
    "verify_aud": False,
    "verify_exp": False,
    "verify_iat": False,
    "verify_iss": False,
    "verify_jti": False,
    "verify_sub": False,
}


def part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def signed(header: dict[str, Any], body: bytes) -> str:
    """A token with any header and body, rightly signed."""
    text = f"{part(json.dumps(header).encode())}.{part(body)}"
    return f"{text}.{hs256._signature(text.encode(), SECRET).decode()}"


def test_they_are_the_librarys_byte_by_byte() -> None:
    token = hs256.sign(CLAIMS, SECRET)
    assert token == jwt.encode(CLAIMS, SECRET, "HS256")
    assert jwt.decode(token, SECRET, ["HS256"]) == hs256.read(token, SECRET) == CLAIMS


@given(
    st.dictionaries(
        st.text(max_size=8), st.text(max_size=20) | st.integers(-(2**53), 2**53) | st.none(), max_size=6
    ).filter(lambda claims: "nbf" not in claims)
)
def test_what_is_signed_is_read_by_both(claims: dict[str, Any]) -> None:
    token = hs256.sign(claims, SECRET)
    assert hs256.read(token, SECRET) == claims
    assert jwt.decode(token, SECRET, ["HS256"], options=UNCHECKED) == claims
    assert hs256.read(jwt.encode(claims, SECRET, "HS256"), SECRET) == claims


@given(st.data())
def test_one_other_letter_and_it_is_refused(data: st.DataObject) -> None:
    token = hs256.sign(CLAIMS, SECRET)
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.characters(codec="utf-8").filter(lambda letter: letter != token[place]))
    with pytest.raises(hs256.NotSigned):
        hs256.read(token[:place] + letter + token[place + 1 :], SECRET)


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "\udc80.\udc80.\udc80",
        hs256.sign(CLAIMS, SECRET) + "=",
        hs256.sign(CLAIMS, SECRET) + ".more",
        hs256.sign(CLAIMS, SECRET).rpartition(".")[0] + ".",
        jwt.encode(CLAIMS, "", "none"),
        jwt.encode(CLAIMS, SECRET * 2, "HS512"),
        jwt.encode(CLAIMS, SECRET + b"x", "HS256"),
        signed({"alg": "none"}, b"{}"),
        signed({"alg": "HS512"}, b"{}"),
        signed({"alg": ["HS256"]}, b"{}"),
        signed({"typ": "JWT"}, b"{}"),
        signed({"alg": "HS256", "crit": ["b64"], "b64": False}, b"{}"),
        signed({"alg": "HS256"}, b"[]"),
        signed({"alg": "HS256"}, b"no JSON"),
        hs256.sign({"nbf": time.time() + 60}, SECRET),
        hs256.sign({"nbf": "soon"}, SECRET),
    ],
)
def test_nothing_else_is_believed(token: str) -> None:
    with pytest.raises(hs256.NotSigned) as refused:
        hs256.read(token, SECRET)
    assert token[:8] not in str(refused.value) or len(token) < 8
