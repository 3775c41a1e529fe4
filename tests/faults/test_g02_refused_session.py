"""G1 and G2 when the server refuses a fresh token too: the session is over, the texts are not."""

from __future__ import annotations

from chatdesk.domain.session import LinkState
from tests.faults.driver import Outcome, Plan, judge
from tests.faults.rig import rig, until
from tests.faults.schedule import Fault
from tests.support.postgres import Database, clusters, database

__all__ = ["clusters", "database"]


async def test_a_session_that_is_refused_twice_keeps_every_text_until_the_sign_in(database: Database) -> None:
    async with rig(database) as made:
        user = await made.user("anna")
        talk = await made.talk(user)
        core = await made.core("anna", user)
        await until(core.store.entries)
        # Every try of this call meets a 401, also the one with the token that was just renewed.
        made.proxies["anna"].refuse = {b"refused": Fault.UNAUTHORIZED}
        made.accepted(await core.send(talk, "refused"))
        await until(lambda: core.watch.state.link is LinkState.NEEDS_SIGN_IN)
        for number in range(3):
            made.accepted(await core.send(talk, f"later {number}"))
        assert [entry["state"] for entry in await core.outbox()] == ["waiting"] * 4
        assert len(await made.oracle.dump(user.id)) == 0
        made.proxies["anna"].refuse = {}
        core.engine.signed_in_again()
        await until(lambda: core.watch.state.link is LinkState.CONNECTED and not core.watch.state.pending)
        outcome = Outcome(Plan(1))
        await judge(made, outcome)
        assert outcome.good, outcome.complaint()
        assert (await core.dump())["messages"] == await made.oracle.dump(user.id)
        assert core.watch.faults == []
