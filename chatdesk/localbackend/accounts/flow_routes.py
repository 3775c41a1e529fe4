"""The addresses of mails and browsers below ``/auth/v1``, and the mails of this computer."""

from __future__ import annotations

from aiohttp import web

from chatdesk.localbackend.accounts.legs import leg_of, loopback_only, with_query
from chatdesk.localbackend.accounts.mail_flows import MailFlows
from chatdesk.localbackend.accounts.provider_flows import ProviderFlows
from chatdesk.localbackend.accounts.requests import agent_of, guarded, issuer_of, object_of, page
from chatdesk.localbackend.control import Control
from chatdesk.localbackend.failures import API_VERSION, auth_failure, json_reply

__all__ = ["FOR_BROWSERS", "FlowRoutes"]

FOR_BROWSERS = frozenset({"/auth/v1/authorize", "/auth/v1/callback", "/auth/v1/verify"})
"""A browser calls these (GET) and has no publishable key to show."""

_NO_CACHE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


class FlowRoutes:
    """Registers them on a router; the mails are for who shows the control token."""

    def __init__(self, by_mail: MailFlows, providers: ProviderFlows, control: Control) -> None:
        self._by_mail = by_mail
        self._providers = providers
        self._control = control

    def register(self, router: web.UrlDispatcher) -> None:
        """Add the addresses."""
        router.add_post("/auth/v1/otp", guarded(self._on_otp))
        router.add_post("/auth/v1/recover", guarded(self._on_recover))
        router.add_post("/auth/v1/resend", guarded(self._on_resend))
        router.add_post("/auth/v1/verify", guarded(self._on_verify))
        router.add_get("/auth/v1/verify", guarded(self._on_link), allow_head=False)
        router.add_get("/auth/v1/authorize", guarded(self._on_authorize), allow_head=False)
        router.add_get("/auth/v1/callback", guarded(self._on_callback), allow_head=False)
        router.add_get("/local/v1/mails", guarded(self._on_mails))

    async def _on_otp(self, request: web.Request) -> web.Response:
        body = await object_of(request)
        if body.get("phone"):
            raise auth_failure(400, "phone_provider_disabled", "The embedded back end has no phones")
        own = body.get("data") or {}
        if not isinstance(own, dict):
            raise auth_failure(400, "validation_failed", "data must be an object")
        create = body.get("create_user", True) is not False
        leg = leg_of(request.query.get("redirect_to"), body)
        await self._by_mail.send_code(body.get("email"), create, own, leg, issuer_of(request))
        return json_reply({}, 200, API_VERSION)

    async def _on_recover(self, request: web.Request) -> web.Response:
        body = await object_of(request)
        leg = leg_of(request.query.get("redirect_to"), body)
        await self._by_mail.send_reset(body.get("email"), leg, issuer_of(request))
        return json_reply({}, 200, API_VERSION)

    async def _on_resend(self, request: web.Request) -> web.Response:
        body = await object_of(request)
        leg = leg_of(request.query.get("redirect_to"), body)
        await self._by_mail.resend(body.get("type"), body.get("email"), leg, issuer_of(request))
        return json_reply({}, 200, API_VERSION)

    async def _on_verify(self, request: web.Request) -> web.Response:
        body = await object_of(request)
        agent, issuer = agent_of(request), issuer_of(request)
        if isinstance(token_hash := body.get("token_hash"), str):
            session = await self._by_mail.verify_hash(token_hash, agent, issuer)
        else:
            session = await self._by_mail.verify(
                body.get("type"), body.get("email"), body.get("token"), agent, issuer
            )
        return json_reply(session, 200, API_VERSION)

    async def _on_link(self, request: web.Request) -> web.Response:
        redirect_to = loopback_only(request.query.get("redirect_to"))
        told = await self._by_mail.follow_link(request.query.get("token", ""), redirect_to)
        if redirect_to is not None and told.get("message") != "Confirmed":
            return _sent(with_query(redirect_to, **told))
        if "error" in told:
            return page("This link does not work any more", "Ask for a new message in ChatDesk.", 403)
        if told.get("message") != "Confirmed":
            return page("One address is confirmed", "Now open the message to the other address.")
        return page("Confirmed", "You can close this page and go back to ChatDesk.")

    async def _on_authorize(self, request: web.Request) -> web.Response:
        query = request.query
        leg = leg_of(query.get("redirect_to"), query)
        return _sent(await self._providers.authorize(query.get("provider", ""), leg, issuer_of(request)))

    async def _on_callback(self, request: web.Request) -> web.Response:
        query = request.query
        redirect_to, told = await self._providers.came_back(
            query.get("state", ""), query.get("code", ""), query.get("error", ""), issuer_of(request)
        )
        return _sent(with_query(redirect_to, **told))

    async def _on_mails(self, request: web.Request) -> web.Response:
        self._control.authorise(request)
        return json_reply({"mails": await self._by_mail.mails()})


def _sent(address: str) -> web.Response:
    return web.Response(status=303, headers={"Location": address, **_NO_CACHE})
