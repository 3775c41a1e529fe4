"""Who gets in at all: this computer's programs with the publishable key, and no web page."""

from __future__ import annotations

import logging

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from chatdesk.localbackend.accounts.flow_routes import FOR_BROWSERS
from chatdesk.localbackend.failures import (
    ReplyFailure,
    auth_failure,
    local_failure,
    rest_failure,
    storage_failure,
)
from chatdesk.localbackend.tokens import Tokens

__all__ = ["make_gate", "refuse_unknown"]

_log = logging.getLogger(__name__)

_SERVICES = ("/auth/v1/", "/rest/v1/", "/realtime/v1/", "/storage/v1/")


def make_gate(tokens: Tokens) -> Middleware:
    """The middleware that checks Host, Origin and apikey and turns failures into answers.

    A page of the web that made its name point to 127.0.0.1 sends its own Host; one that simply asks us sends
    its own Origin. Both get 403, and no CORS header is ever sent.
    """

    @web.middleware
    async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            _check_place(request)
            _check_key(request, tokens)
            return await handler(request)
        except ReplyFailure as failure:
            return failure.reply()
        except web.HTTPRequestEntityTooLarge as large:
            return _failure(request, 413, "payload_too_large", str(large.text)).reply()
        except web.HTTPMethodNotAllowed:
            return refuse_unknown(request, 405).reply()
        except web.HTTPNotFound:
            return refuse_unknown(request).reply()
        except web.HTTPException:
            raise
        except ConnectionError:
            return web.Response(status=400)  # nobody is there to read it
        except Exception:
            _log.exception("%s %s failed", request.method, request.path)
            return _failure(request, 500, "unexpected_failure", "The back end failed; see its log").reply()

    return gate


def _check_place(request: web.Request) -> None:
    name = request.transport.get_extra_info("sockname") if request.transport is not None else None
    port = name[1] if isinstance(name, tuple) else 0
    hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
    if request.headers.get("Host", "").lower() not in hosts:
        raise local_failure(403, "forbidden_host", "This server answers to its own address only")
    origin = request.headers.get("Origin")
    if origin is not None and origin.lower() not in {f"http://{host}" for host in hosts}:
        raise local_failure(403, "forbidden_origin", "This server does not talk to web pages")


def _check_key(request: web.Request, tokens: Tokens) -> None:
    path = request.path
    if not path.startswith(_SERVICES):
        return
    if path.startswith("/storage/v1/object/sign/") and request.method in ("GET", "HEAD"):
        return  # the address carries a token of its own
    if path in FOR_BROWSERS and request.method == "GET":
        return  # a link in a mail, a provider's way back
    key = request.headers.get("apikey")
    if key is None and path == "/realtime/v1/websocket":
        key = request.query.get("apikey")
    if not tokens.is_anon_key(key):
        message = "Invalid API key" if key else "No API key found in request"
        raise ReplyFailure(
            401, {"error": message, "message": message, "hint": "Double check the API key of this server."}
        )


def refuse_unknown(request: web.Request, status: int = 404) -> ReplyFailure:
    """The answer for an address that a hosted project may have and the embedded back end has not."""
    message = f"The embedded back end does not have {request.method} {request.path}"
    return _failure(request, status, "not_supported", message)


def _failure(request: web.Request, status: int, code: str, message: str) -> ReplyFailure:
    path = request.path
    if path.startswith("/auth/v1"):
        return auth_failure(status, code, message)
    if path.startswith("/rest/v1"):
        return rest_failure(status, "PGRST125" if status == 404 else "PGRST000", message)
    if path.startswith("/storage/v1"):
        return storage_failure(status, code, message)
    return local_failure(status, code, message)
