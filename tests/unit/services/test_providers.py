"""Providers of models on all devices of a person."""

from __future__ import annotations

from tests.unit.services.desk import Office

PROVIDER = "0190c0de-0000-7000-8000-0000000000b1"
SETTINGS = {"kind": "custom", "name": "Mine", "base_url": "http://localhost:1/v1", "models": ["a"]}


async def settled(office: Office) -> None:
    """Until everything is accepted and heard of."""
    desks = office.desks
    await office.clock.advance(1)
    await office.clock.until(lambda: not any(desk.realtime.engine.state.pending for desk in desks))
    await office.clock.advance(3)


async def test_a_provider_is_on_every_device_and_gone_from_every_device(office: Office) -> None:
    first, second = await office.desk(), await office.desk()
    first.realtime.change(lambda make: make.save_provider(PROVIDER, SETTINGS))
    await settled(office)
    for desk in (first, second):
        (row,) = await desk.store.providers()
        assert (row.id, row.name, row.models, row.revision) == (PROVIDER, "Mine", ("a",), 1)
    second.realtime.change(lambda make: make.save_provider(PROVIDER, SETTINGS | {"models": ["a", "b"]}))
    await settled(office)
    assert [row.models for row in await first.store.providers()] == [("a", "b")]
    third = await office.desk()
    assert len(await third.store.providers()) == 1, "a device that comes later pulls it"
    first.realtime.change(lambda make: make.delete_provider(PROVIDER))
    second.realtime.change(lambda make: make.save_provider(PROVIDER, SETTINGS | {"name": "Late"}))
    await settled(office)
    for desk in office.desks:
        assert await desk.store.providers() == ()
    await office.close()


async def test_a_provider_made_offline_is_there_at_once_and_kept(office: Office) -> None:
    desk = await office.desk()
    desk.client.network.down = True
    changes: list[object] = []
    desk.realtime.changes_applied.connect(lambda change: changes.extend(change.providers))
    desk.realtime.change(lambda make: make.save_provider(PROVIDER, SETTINGS))
    await office.clock.advance(1)
    assert [row.revision for row in await desk.store.providers()] == [0]
    assert len(changes) == 1
    await office.close()
    office.desks.clear()
    again = await office.desk("desk-1")
    await settled(office)
    assert [row.revision for row in await again.store.providers()] == [1]
