"""The feed's ears and the servers the adapters are driven against."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from chatdesk.backend.feed import RealtimeFeed
from tests.contract.backend.ears import Ears
from tests.contract.backend.feeding import TOKEN, address
from tests.contract.backend.rig import Street
from tests.support.phoenix import Phoenix
from tests.support.postgres import Clusters, clusters, empty_database
from tests.support.server import Wire, serving

__all__ = ["clusters", "ears", "phoenix", "street", "wire"]


@pytest.fixture
async def phoenix() -> AsyncIterator[Phoenix]:
    server = Phoenix()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.fixture
async def connect(phoenix: Phoenix, ears: Ears) -> AsyncIterator[Callable[..., RealtimeFeed]]:
    feeds: list[RealtimeFeed] = []

    def make(deadline: float = 10.0) -> RealtimeFeed:
        feed = RealtimeFeed(address(phoenix), ears.on_frame, ears.on_channel, deadline=deadline)
        feeds.append(feed)
        return feed

    yield make
    phoenix.abort()  # A server that went silent would hold up each close for two seconds.
    for feed in feeds:
        await feed.close()


@pytest.fixture
async def feed(connect: Callable[..., RealtimeFeed]) -> RealtimeFeed:
    feed = connect()
    await feed.open(TOKEN)
    return feed


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def wire(clusters: Clusters) -> AsyncIterator[Wire]:
    """One embedded back end for a module, with ChatDesk's own schema."""
    async with (
        empty_database(clusters.get(18), template="chatdesk_template") as database,
        serving(database) as made,
    ):
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def street(wire: Wire) -> AsyncIterator[Street]:
    made = Street(wire)
    yield made
    await made.close()
