"""G6, the server's side: connections to the database that end under load cost answers, and deafen nobody."""

from __future__ import annotations

import asyncio
from collections import Counter

from tests.faults.rig import rig, until
from tests.faults.test_g10_link_heals import HEALED, patient
from tests.support.postgres import Database, clusters, database

__all__ = ["clusters", "database"]

CLIENTS = 24
CUTS = 25


async def test_a_database_that_ends_its_connections_deafens_nobody(database: Database) -> None:
    async with rig(database) as made:
        found = await patient(made)
        session = await made.session(found.user)
        headers = {"Authorization": f"Bearer {session['access_token']}"}
        answers: Counter[int] = Counter()
        over = asyncio.Event()

        async def ask() -> None:
            while not over.is_set():
                body = {"p_after": 0}
                status, _, _ = await made.wire.ask(
                    "POST", "/rest/v1/rpc/pull_changes", json=body, headers=headers
                )
                answers[status] += 1

        asking = [asyncio.create_task(ask()) for _ in range(CLIENTS)]
        for _ in range(CUTS):
            served = answers[200]
            await until(lambda least=served: answers[200] > least, step=0.005)
            await made.oracle.end_connections()
        over.set()
        await asyncio.gather(*asking)
        # Whatever went wrong, the next one is served; a 500 would be an error of ours, and is in the log.
        status, _, _ = await made.wire.ask(
            "POST", "/rest/v1/rpc/pull_changes", json={"p_after": 0}, headers=headers
        )
        assert await found.next_event() <= HEALED
    assert status == 200
    assert set(answers) <= {200, 500, 503}, answers
    assert answers[200] >= CUTS
