"""The addresses below ``/storage/v1``."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

import asyncpg
import orjson
from aiohttp import web

from chatdesk.localbackend.database import UNREACHABLE
from chatdesk.localbackend.failures import json_reply, storage_failure
from chatdesk.localbackend.storage.listing import bucket_json, folder_view, info_json, object_json
from chatdesk.localbackend.storage.naming import Signer, checked_name, quoted_path
from chatdesk.localbackend.storage.objects import Objects
from chatdesk.localbackend.storage.upload import read_upload
from chatdesk.localbackend.tokens import Caller, TokenRefused, Tokens

__all__ = ["StorageRoutes"]

_log = logging.getLogger(__name__)

_Serve = Callable[[web.Request], Awaitable[web.Response]]
_OBJECT = "{bucket}/{name:.+}"


class StorageRoutes:
    """Registers the Storage service on a router."""

    def __init__(self, objects: Objects, tokens: Tokens, secret: bytes) -> None:
        self._objects = objects
        self._tokens = tokens
        self._signer = Signer(secret)

    def register(self, router: web.UrlDispatcher) -> None:
        """Add the addresses; the fixed words come before the names of buckets."""
        for method, path, serve in (
            ("GET", "bucket", self._on_buckets),
            ("GET", "bucket/{bucket}", self._on_bucket),
            ("POST", "object/list/{bucket}", self._on_list),
            ("GET", f"object/info/{_OBJECT}", self._on_info),
            ("GET", f"object/sign/{_OBJECT}", self._on_signed),
            ("POST", f"object/sign/{_OBJECT}", self._on_sign),
            ("POST", "object/sign/{bucket}", self._on_sign_many),
            ("GET", f"object/authenticated/{_OBJECT}", self._on_download),
            ("*", "object/{word:public|upload|list-v2|copy|move}{rest:(/.*)?}", self._on_missing),
            ("GET", f"object/{_OBJECT}", self._on_download),
            ("POST", f"object/{_OBJECT}", self._on_upload),
            ("PUT", f"object/{_OBJECT}", self._on_upload),
            ("DELETE", "object/{bucket}", self._on_remove),
            ("DELETE", f"object/{_OBJECT}", self._on_remove_one),
        ):
            router.add_route(method, f"/storage/v1/{path}", self._guarded(serve))

    def _guarded(self, serve: _Serve) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            try:
                return await serve(request)
            except asyncpg.InsufficientPrivilegeError as refused:
                raise storage_failure(403, "Unauthorized", str(refused)) from refused
            except asyncpg.DataError as error:
                raise storage_failure(400, "InvalidRequest", str(error)) from error
            except UNREACHABLE as error:
                if request.transport is None:
                    raise  # it is the client that went away
                _log.warning("%s: %s", request.path, error)
                raise storage_failure(503, "DatabaseError", "The database is not reachable") from error
            except asyncpg.PostgresError as error:
                _log.error("%s: %s", request.path, error)
                status = 400 if str(error.sqlstate)[:2] in ("22", "23", "P0") else 500
                raise storage_failure(status, "DatabaseError", str(error)) from error

        return answer

    def _caller(self, request: web.Request) -> Caller:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        token = token.strip() or self._tokens.anon_key
        try:
            return self._tokens.verify(token)
        except TokenRefused as refused:
            raise storage_failure(400 if scheme else 401, "Unauthorized", str(refused)) from refused

    async def _on_missing(self, request: web.Request) -> web.Response:
        raise storage_failure(
            404,
            "not_supported",
            f"The embedded back end does not have {request.method} {request.path}",
        )

    async def _on_buckets(self, request: web.Request) -> web.Response:
        return json_reply([bucket_json(row) for row in await self._objects.buckets(self._caller(request))])

    async def _on_bucket(self, request: web.Request) -> web.Response:
        rows = await self._objects.buckets(self._caller(request), request.match_info["bucket"])
        if not rows:
            raise storage_failure(404, "Bucket not found", "Bucket not found")
        return json_reply(bucket_json(rows[0]))

    async def _on_upload(self, request: web.Request) -> web.Response:
        caller, (bucket, name) = self._caller(request), _place(request)
        upload = await read_upload(request, await self._objects.bucket(bucket))
        how = "insert"
        if request.method == "PUT":
            how = "update"
        elif request.headers.get("x-upsert", "false").lower() == "true":
            how = "upsert"
        object_id = await self._objects.store(caller, bucket, name, upload, how)
        return json_reply({"Id": object_id, "Key": f"{bucket}/{name}"})

    async def _on_download(self, request: web.Request) -> web.Response:
        bucket, name = _place(request)
        return await self._send(request, await self._objects.row(self._caller(request), bucket, name))

    async def _on_signed(self, request: web.Request) -> web.Response:
        bucket, name = _place(request)
        self._signer.check(request.query.get("token", ""), bucket, name)
        return await self._send(request, await self._objects.row(None, bucket, name))

    async def _send(self, request: web.Request, row: Any) -> web.Response:
        metadata = orjson.loads(row["metadata"] or "{}")
        headers = {
            "ETag": metadata.get("eTag", ""),
            "Cache-Control": metadata.get("cacheControl", "no-cache"),
            # The bytes are a user's: no browser may guess a type for them or run them.
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        }
        if "download" in request.query:
            shown = request.query["download"] or row["name"].rpartition("/")[2]
            headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(shown, safe='')}"
        if request.headers.get("If-None-Match") == headers["ETag"] != "":
            return web.Response(status=304, headers=headers)
        content = await self._objects.content(row)
        headers["Content-Type"] = metadata.get("mimetype", "application/octet-stream")
        return web.Response(body=content, headers=headers)

    async def _on_info(self, request: web.Request) -> web.Response:
        bucket, name = _place(request)
        return json_reply(info_json(await self._objects.row(self._caller(request), bucket, name)))

    async def _on_list(self, request: web.Request) -> web.Response:
        caller, wanted = self._caller(request), await _object(request)
        bucket = request.match_info["bucket"]
        await self._objects.bucket(bucket)
        prefix = str(wanted.get("prefix") or "").strip("/")
        prefix = f"{prefix}/" if prefix else ""
        return json_reply(folder_view(await self._objects.below(caller, bucket, prefix), prefix, wanted))

    async def _on_sign(self, request: web.Request) -> web.Response:
        (bucket, name), wanted = _place(request), await _object(request)
        if wanted.get("transform"):
            raise storage_failure(400, "not_supported", "The embedded back end does not transform images")
        await self._objects.row(self._caller(request), bucket, name)
        return json_reply({"signedURL": self._signed(bucket, name, wanted.get("expiresIn"))})

    async def _on_sign_many(self, request: web.Request) -> web.Response:
        caller, wanted = self._caller(request), await _object(request)
        bucket, answers = request.match_info["bucket"], []
        for path in _names(wanted, "paths"):
            try:
                await self._objects.row(caller, bucket, checked_name(path))
                signed, error = self._signed(bucket, path, wanted.get("expiresIn")), None
            except Exception as refused:
                if getattr(refused, "status", 0) != 404:
                    raise
                signed, error = None, "Either the object does not exist or you do not have access to it"
            answers.append({"error": error, "path": path, "signedURL": signed})
        return json_reply(answers)

    def _signed(self, bucket: str, name: str, seconds: object) -> str:
        token = self._signer.sign(bucket, name, seconds)
        return f"/object/sign/{quoted_path(bucket, name)}?token={token}"

    async def _on_remove(self, request: web.Request) -> web.Response:
        names = _names(await _object(request), "prefixes")
        rows = await self._objects.remove(self._caller(request), request.match_info["bucket"], names)
        return json_reply([object_json(row) for row in rows])

    async def _on_remove_one(self, request: web.Request) -> web.Response:
        bucket, name = _place(request)
        if not await self._objects.remove(self._caller(request), bucket, [name]):
            raise storage_failure(404, "not_found", "Object not found")
        return json_reply({"message": "Successfully deleted"})


def _place(request: web.Request) -> tuple[str, str]:
    return request.match_info["bucket"], checked_name(request.match_info["name"])


def _names(wanted: dict[str, Any], key: str) -> list[str]:
    names = wanted.get(key)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names) or len(names) > 1000:
        raise storage_failure(400, "InvalidRequest", f"{key} must be a list of at most 1,000 names")
    return names


async def _object(request: web.Request) -> dict[str, Any]:
    try:
        body = orjson.loads(await request.read())
    except orjson.JSONDecodeError as broken:
        raise storage_failure(400, "InvalidRequest", f"The body is no JSON: {broken}") from broken
    if not isinstance(body, dict):
        raise storage_failure(400, "InvalidRequest", "The body must be an object")
    return body
