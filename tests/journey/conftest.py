"""Houses for whole test modules; every test of a module runs on one event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from chatdesk.app.puppeteer import Puppet
from tests.support.instances import House, house


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="house")
async def _house() -> AsyncIterator[House]:
    async with house() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def a(house: House) -> Puppet:
    """The first window, with the reciting model."""
    return await house.signed_in("a", scripted=True)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def b(house: House, a: Puppet) -> Puppet:
    """The second window, which has no model of its own."""
    return await house.signed_in("b")
