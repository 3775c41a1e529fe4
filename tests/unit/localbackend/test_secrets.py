from __future__ import annotations

import base64

import pytest

from chatdesk.localbackend import secrets
from chatdesk.localbackend.secrets import LOGIN_ROLES, decode_key, derive

KEY = bytes(range(32))
JWT = "8e1331196079aa1c81f971b73130fbf0cc494c096c4f6061cee5ac9be35a0e93"
STORAGE = "1ad9b2c20f102dd5b6347e198281af28b3c4aef1f5ae3a8b4fb3323d83b65bff"
ADMIN_PASSWORD = "BvdUKzNLfH5D25jw-a_86O0VF0BJ78CNNYry0H9631o"


def test_the_derivation_is_rfc_5869() -> None:
    """Test case 1 of the RFC's appendix."""
    output = secrets._hkdf(
        b"\x0b" * 22, bytes.fromhex("f0f1f2f3f4f5f6f7f8f9"), bytes.fromhex("000102030405060708090a0b0c"), 42
    )
    assert output.hex() == (
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )


def test_the_same_key_gives_the_same_secrets_for_ever() -> None:
    """Fixed values: a change of the derivation would sign everybody out and reset every password."""
    found = derive(KEY)
    assert found == derive(KEY)
    assert found.jwt.hex() == JWT
    assert found.storage.hex() == STORAGE
    assert found.passwords["supabase_admin"] == ADMIN_PASSWORD


def test_every_secret_is_another_one_and_long() -> None:
    one, other = derive(KEY), derive(KEY[::-1])
    every = [one.jwt, one.storage, other.jwt, other.storage]
    every += [word.encode() for found in (one, other) for word in found.passwords.values()]
    assert len(set(every)) == len(every) == 4 + 2 * len(LOGIN_ROLES)
    assert set(one.passwords) == set(LOGIN_ROLES)
    assert all(len(word) == 43 and word.isascii() for word in one.passwords.values())


def test_secrets_do_not_show_themselves() -> None:
    found = derive(KEY)
    assert found.passwords["postgres"] not in repr(found)
    assert repr(found) == "Secrets()"


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        derive(bytes(length))


def test_a_key_is_read_with_and_without_padding() -> None:
    line = base64.urlsafe_b64encode(KEY).decode()
    assert decode_key(line) == decode_key(line.rstrip("=") + "\r\n") == KEY


@pytest.mark.parametrize(
    "line", ["", "\n", "short", "ü" * 43, "A" * 42, "A" * 44 + "B", "+" * 43 + "!", "A" * 999]
)
def test_a_bad_key_is_refused_without_being_quoted(line: str) -> None:
    with pytest.raises(ValueError, match="32 bytes in base64url") as refusal:
        decode_key(line)
    assert not line.strip() or line.strip() not in str(refusal.value)
