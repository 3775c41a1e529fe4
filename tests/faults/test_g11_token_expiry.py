"""G11: nobody notices that a token ends: not the user, not an event on its way, not a clock that is wrong."""

from __future__ import annotations

import asyncio
import time

import pytest

from chatdesk.domain.session import LinkState
from chatdesk.localbackend.application import Settings
from tests.faults.accept_log import fingerprint
from tests.faults.extent import extent, limit, report
from tests.faults.rig import rig, until
from tests.faults.tokens import Ledger, watch_tokens
from tests.support.postgres import Database, clusters, database

__all__ = ["clusters", "database"]


async def life_with_short_tokens(
    database: Database, ledger: Ledger, *, token_seconds: int, expiries: int, cuts: int
) -> None:
    """Write here and elsewhere through so many expiries, with ``cuts`` of the websocket at all moments."""
    async with rig(database, settings=Settings(token_seconds=token_seconds, reuse_seconds=0)) as made:
        user = await made.user("anna")
        talk = await made.talk(user, "A")
        core = await made.core("a", user)
        await core.open(talk)
        began, first, number, cut = time.monotonic(), ledger.renewals, 0, 0
        texts: list[str] = []
        while ledger.renewals - first < expiries:
            number += 1
            texts += [f"elsewhere {number}", f"here {number}"]
            await made.say(user, talk, texts[-2])
            made.accepted(await core.send(talk, texts[-1]))
            connected = core.watch.state.link is LinkState.CONNECTED
            if connected and cut < int(cuts * (ledger.renewals - first) / expiries):
                cut += made.proxies["a"].close_websockets(1006)
            await asyncio.sleep(0.1)
            assert time.monotonic() - began < expiries * token_seconds + 30, "tokens are not renewed"
        took, renewals = time.monotonic() - began, ledger.renewals - first
        await until(lambda: all(fingerprint(text) in core.watch.seen for text in texts))
        await until(lambda: core.watch.state.pending == 0)
        # The last cut may have come a moment ago.
        await until(lambda: made.proxies["a"].websockets == 1 + cut, within=40)
        assert core.watch.faults == []
        assert core.watch.state.failed == 0
        assert made.proxies["a"].websockets == 1 + cut, "an expiry costs no connection"
        assert LinkState.NEEDS_SIGN_IN not in {state.link for _, state in core.watch.states}
        # Each token is used for two thirds of its life (its end is cut to whole seconds): no more renewals
        # than that, whatever is cut meanwhile.
        assert renewals <= took / ((token_seconds - 1) * 2 / 3) + 2
        report("G11", texts=len(texts), renewals=renewals, cuts=cut, expired_joins=ledger.expired_joins)


@pytest.mark.timeout(limit(90, 3 * 3900))
@pytest.mark.parametrize("offset", extent((300, -300), (0, 300, -300)))
async def test_g11_token_expiry_is_invisible(
    database: Database, monkeypatch: pytest.MonkeyPatch, offset: float
) -> None:
    ledger = watch_tokens(monkeypatch)
    ledger.offset = offset
    life, expiries, cuts = extent((8, 3, 2), (10, 500, 300))
    await life_with_short_tokens(database, ledger, token_seconds=life, expiries=expiries, cuts=cuts)
    assert ledger.expired_joins == 0
    assert ledger.already_used == 0
