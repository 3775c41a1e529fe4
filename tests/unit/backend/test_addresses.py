"""What a person may paste as the address and key of a project, and what a picture is."""

from __future__ import annotations

import base64
import json

import pytest

from chatdesk.backend.avatars import sniff
from chatdesk.backend.check import clean_address
from chatdesk.backend.http import is_loopback
from chatdesk.domain.errors import Misconfigured


def jwt(role: str) -> str:
    body = base64.urlsafe_b64encode(json.dumps({"role": role}).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJIUzI1NiJ9.{body}.c2ln"


@pytest.mark.parametrize(
    ("pasted", "url"),
    [
        ("https://abc.supabase.co", "https://abc.supabase.co"),
        ("  https://abc.supabase.co/rest/v1/ ", "https://abc.supabase.co"),
        ("abc.supabase.co", "https://abc.supabase.co"),
        ("<https://ABC.supabase.co/>", "https://abc.supabase.co"),
        ("http://127.0.0.1:54321", "http://127.0.0.1:54321"),
        ("http://localhost:54321/", "http://localhost:54321"),
        ("http://[::1]:54321", "http://[::1]:54321"),
        ("http://192.168.1.7:8000", "http://192.168.1.7:8000"),
        ("http://nas.local:8000", "http://nas.local:8000"),
    ],
)
def test_addresses_are_cleaned(pasted: str, url: str) -> None:
    assert clean_address(pasted, " sb_publishable_abc ").url == url
    assert clean_address(pasted, jwt("anon")).api_key == jwt("anon")


@pytest.mark.parametrize(
    "pasted",
    [
        "",
        "   ",
        "nonsense with spaces",
        "ftp://abc.supabase.co",
        "https://",
        "https://abc.supabase.co:notaport",
        "https://[broken",
        "https://supabase.com/dashboard/project/abc",
        "https://me:secret@abc.supabase.co",
        "http://abc.supabase.co",
        "javascript:alert(1)",
    ],
)
def test_other_addresses_are_refused_with_a_next_step(pasted: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        clean_address(pasted, "sb_publishable_abc")
    assert caught.value.next_step
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "key", ["", " ", "two words", "schlüssel", "line\nbreak", "sb_secret_abc", jwt("service_role")]
)
def test_keys_that_must_not_be_used(key: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        clean_address("https://abc.supabase.co", key)
    assert caught.value.code in ("key", "secret_key")


def test_loopback() -> None:
    for url in ("http://127.0.0.1:1", "http://localhost:1/x", "http://[::1]", "http://127.8.8.8"):
        assert is_loopback(url)
    for url in ("https://localhost.example.com", "https://10.0.0.1", "", "nonsense"):
        assert not is_loopback(url)


@pytest.mark.parametrize(
    ("image", "kind"),
    [
        (b"\x89PNG\r\n\x1a\nrest", "image/png"),
        (b"\xff\xd8\xff\xe0rest", "image/jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVE", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        (b"GIF89a", None),
        (b"", None),
    ],
)
def test_pictures_are_known_by_their_first_bytes(image: bytes, kind: str | None) -> None:
    assert sniff(image) == kind
