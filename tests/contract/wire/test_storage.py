"""Files through the real client library: own ones, strangers', limits, signed addresses, what is on disk."""

from __future__ import annotations

import io
import time
from pathlib import Path

import jwt
import pytest
from storage3.exceptions import StorageApiError
from storage3.types import FileOptions
from yarl import URL

from tests.contract.wire.scenery import clusters, wire
from tests.support.server import TestKeys, Wire

__all__ = ["clusters", "wire"]

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEXT: FileOptions = {"content-type": "text/plain"}


def files(wire: Wire) -> list[Path]:
    return [path for path in wire.storage.rglob("*") if path.is_file()]


async def test_buckets(wire: Wire) -> None:
    person = await wire.person()
    await (await wire.admin()).execute(
        "create policy all_see on storage.buckets for select to authenticated using (true)"
    )
    buckets = await person.client.storage.list_buckets()
    assert [bucket.id for bucket in buckets] == ["attachments", "avatars", "papers"]
    bucket = await person.client.storage.get_bucket("papers")
    assert (bucket.public, bucket.file_size_limit) == (False, 1000)
    with pytest.raises(StorageApiError, match="Bucket not found"):
        await person.client.storage.get_bucket("nope")
    with pytest.raises(StorageApiError, match="does not have POST"):
        await person.client.storage.create_bucket("mine")


async def test_upload_download_replace_remove(wire: Wire) -> None:
    person = await wire.person()
    papers = person.client.storage.from_("papers")
    path = f"{person.id}/größe & more.txt"
    before = len(files(wire))
    answer = await papers.upload(path, b"one", {**TEXT, "cache-control": "60"})
    assert answer.full_path == f"papers/{path}"
    assert await papers.download(path) == b"one"
    with pytest.raises(StorageApiError) as refused:
        await papers.upload(path, b"two", TEXT)
    assert (refused.value.status, refused.value.code) == ("409", "Duplicate")
    await papers.upload(path, b"two", {**TEXT, "upsert": "true"})
    assert await papers.download(path) == b"two"
    await papers.update(path, b"three", TEXT)
    assert await papers.download(path) == b"three"
    info = await papers.info(path)
    assert (info["size"], info["content_type"], info["name"]) == (5, "text/plain", path)
    assert await papers.exists(path)
    # One object, one file, and its name on disk is nothing that a user has chosen.
    assert len(files(wire)) == before + 1
    assert not [file for file in files(wire) if person.id in str(file) or "txt" in file.name]
    with pytest.raises(StorageApiError, match="Object not found"):
        await papers.update(f"{person.id}/other.txt", b"x", TEXT)
    removed = await papers.remove([path, f"{person.id}/never.txt"])
    assert [entry["name"] for entry in removed] == [path]
    assert not await papers.exists(path)
    with pytest.raises(StorageApiError) as gone:
        await papers.download(path)
    assert (gone.value.status, gone.value.code) == ("404", "not_found")
    assert len(files(wire)) == before


async def test_download_headers(wire: Wire) -> None:
    person = await wire.person()
    path = f"{person.id}/a.txt"
    await person.client.storage.from_("papers").upload(path, b"text", {**TEXT, "cache-control": "60"})
    for place in ("object", "object/authenticated"):
        status, body, headers = await wire.ask(
            "GET", f"/storage/v1/{place}/papers/{path}", headers=person.bearer
        )
        assert (status, body) == (200, b"text")
        assert headers["Content-Type"] == "text/plain"
        assert headers["Cache-Control"] == "max-age=60"
        assert headers["X-Content-Type-Options"] == "nosniff"
    status, _, _ = await wire.ask(
        "GET",
        f"/storage/v1/object/papers/{path}",
        headers={**person.bearer, "If-None-Match": headers["ETag"]},
    )
    assert status == 304


async def test_strangers_see_and_change_nothing(wire: Wire) -> None:
    ada, bob = await wire.person("ada"), await wire.person("bob")
    path = f"{ada.id}/own.txt"
    await ada.client.storage.from_("papers").upload(path, b"own", TEXT)
    theirs = bob.client.storage.from_("papers")
    with pytest.raises(StorageApiError, match="Object not found"):
        await theirs.download(path)
    with pytest.raises(StorageApiError, match="Object not found"):
        await theirs.create_signed_url(path, 60)
    replacing: FileOptions = {**TEXT, "upsert": "true"}
    for options in (TEXT, replacing):
        with pytest.raises(StorageApiError) as refused:
            await theirs.upload(f"{ada.id}/planted.txt", b"x", options)
        assert (refused.value.status, refused.value.code) == ("403", "Unauthorized")
    with pytest.raises(StorageApiError):
        await theirs.upload(path, b"x", {**TEXT, "upsert": "true"})
    assert await theirs.remove([path]) == []
    assert await theirs.list(ada.id) == []
    anon = await wire.client()
    with pytest.raises(StorageApiError):
        await anon.storage.from_("papers").download(path)
    with pytest.raises(StorageApiError):
        await anon.storage.from_("papers").upload(path, b"x", TEXT)
    assert await ada.client.storage.from_("papers").download(path) == b"own"
    status, body, _ = await wire.ask(
        "GET", f"/storage/v1/object/papers/{path}", headers={"Authorization": "Bearer nonsense"}
    )
    assert (status, set(body)) == (400, {"statusCode", "error", "message"})


async def test_limits_of_the_bucket(wire: Wire) -> None:
    person = await wire.person()
    papers, path = person.client.storage.from_("papers"), f"{person.id}/x"
    before = len(files(wire))
    for content, mime, status, code in (
        (b"x" * 1001, "text/plain", "413", "Payload too large"),
        (b"x", "text/html", "415", "invalid_mime_type"),
    ):
        with pytest.raises(StorageApiError) as refused:
            await papers.upload(path, content, {"content-type": mime})
        assert (refused.value.status, refused.value.code) == (status, code)
    await papers.upload(path, b"x" * 1000, {"content-type": "image/png"})
    with pytest.raises(StorageApiError, match="Bucket not found"):
        await person.client.storage.from_("nope").upload(path, b"x", TEXT)
    assert len(files(wire)) == before + 1


@pytest.mark.parametrize("name", ["a//b", "a/%2E%2E/b", "%2E%2E", "a%00b", "a%5Cb", "x" * 1100, "a/"])
async def test_names_that_are_refused(wire: Wire, name: str) -> None:
    person = await wire.person()
    url = URL(f"{wire.url}/storage/v1/object/papers/{name}", encoded=True)
    async with wire.http.post(url, data={"file": io.BytesIO(b"x")}, headers=person.bearer) as response:
        assert (response.status, (await response.json())["error"]) == (400, "InvalidKey")


async def test_listing(wire: Wire) -> None:
    person = await wire.person()
    papers = person.client.storage.from_("papers")
    for name in ("b.txt", "a.txt", "sub/one.txt", "sub/two.txt"):
        await papers.upload(f"{person.id}/{name}", b"x", TEXT)
    entries = await papers.list(person.id)
    assert [(entry["name"], entry["id"] is None) for entry in entries] == [
        ("a.txt", False),
        ("b.txt", False),
        ("sub", True),
    ]
    entries = await papers.list(
        person.id, {"limit": 1, "offset": 1, "sortBy": {"column": "name", "order": "desc"}}
    )
    assert [entry["name"] for entry in entries] == ["b.txt"]
    assert [entry["name"] for entry in await papers.list(f"{person.id}/sub", {"search": "tw"})] == ["two.txt"]
    assert [entry["name"] for entry in await papers.list()] == [person.id]


async def test_signed_addresses(wire: Wire) -> None:
    person = await wire.person()
    papers, path = person.client.storage.from_("papers"), f"{person.id}/sign me.txt"
    await papers.upload(path, b"signed", TEXT)
    signed = (await papers.create_signed_url(path, 60))["signedURL"]
    assert signed is not None
    async with wire.http.get(signed, headers={"apikey": ""}) as response:
        assert (response.status, await response.read()) == (200, b"signed")
    download = (await papers.create_signed_url(path, 60, {"download": "other.txt"}))["signedURL"]
    assert download is not None
    async with wire.http.get(download) as response:
        assert response.headers["Content-Disposition"] == "attachment; filename*=UTF-8''other.txt"
    now = int(time.time())
    secret, place = TestKeys().storage, f"papers/{path}"
    for token, code in (
        ("", "InvalidJWT"),
        (jwt.encode({"url": place, "exp": now - 1}, secret), "InvalidJWT"),
        (jwt.encode({"url": place, "exp": now + 60}, TestKeys().jwt), "InvalidJWT"),
        (jwt.encode({"url": place + "x", "exp": now + 60}, secret), "InvalidSignature"),
        (jwt.encode({"url": place}, secret), "InvalidJWT"),
    ):
        status, body, _ = await wire.ask("GET", f"/storage/v1/object/sign/papers/{path}?token={token}")
        assert (status, body["error"]) == (400, code)
    many = await papers.create_signed_urls([path, f"{person.id}/no.txt"], 60)
    assert [entry["error"] is None for entry in many] == [True, False]
    with pytest.raises(StorageApiError, match="expiresIn"):
        await papers.create_signed_url(path, 0)


async def test_what_is_missing_is_named(wire: Wire) -> None:
    person = await wire.person()
    for method, path in (
        ("GET", "object/public/papers/a.txt"),
        ("POST", "object/copy"),
        ("POST", "object/move"),
        ("POST", "object/upload/sign/papers/a.txt"),
        ("GET", "render/image/authenticated/papers/a.png"),
        ("POST", "upload/resumable"),
    ):
        status, body, _ = await wire.ask(method, f"/storage/v1/{path}", headers=person.bearer)
        assert (status, body["error"]) == (404, "not_supported"), path
        assert path in body["message"]
    status, body, _ = await wire.ask(
        "POST", f"/storage/v1/object/papers/{person.id}/raw", data=b"raw", headers=person.bearer
    )
    assert (status, body["error"]) == (400, "InvalidRequest")
    assert "multipart" in body["message"]
