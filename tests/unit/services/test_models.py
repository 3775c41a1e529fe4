"""Who can answer on this device: providers on all devices, keys on one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from chatdesk.config.options import DEFAULT_MODEL, TITLE_MODEL
from chatdesk.config.preferences import Preferences
from chatdesk.domain.errors import Misconfigured
from chatdesk.domain.provider import model_id, model_name, parts_of
from chatdesk.providers.scripted import ScriptedProvider
from chatdesk.services.device_access import DeviceAccess, from_text, to_text
from chatdesk.services.models import KEY_MISSING, NO_MODELS, NO_TITLES, ModelService
from chatdesk.services.preferences import PreferenceService
from chatdesk.services.provider_inquiry import ProviderDraft
from tests.support.model_setup import Drawer, models_of
from tests.unit.services.desk import Desk, Office

OPENAI = ProviderDraft(
    "", "openai", "OpenAI", "https://api.openai.com/v1", ("gpt-4o", "mini"), DeviceAccess("the-key")
)
LOCAL = ProviderDraft("", "ollama", "Ollama", "http://127.0.0.1:11434/v1", ("llama",), DeviceAccess())


async def at(desk: Desk, drawer: Drawer | None = None) -> ModelService:
    """The models' service of a device."""
    made = models_of(desk.realtime, drawer)
    await made.attach(desk.store)
    return made


async def settled(office: Office) -> None:
    await office.clock.advance(1)
    await office.clock.until(lambda: not any(d.realtime.engine.state.pending for d in office.desks))
    await office.clock.advance(3)


async def test_the_key_stays_on_the_device_where_it_was_entered(office: Office) -> None:
    here, there = await office.desk(), await office.desk()
    drawer = Drawer()
    first, second = await at(here, drawer), await at(there)
    provider_id = first.save(OPENAI)
    await settled(office)
    assert [row.name for row in second.providers] == ["OpenAI"]
    assert first.models == (model_id("gpt-4o", provider_id), model_id("mini", provider_id))
    assert not second.models
    assert {choice.lack for choice in second.choices} == {KEY_MISSING}
    with pytest.raises(Misconfigured, match="OpenAI: key missing on this device"):
        await second.ask(model_id("gpt-4o", provider_id))
    assert "the-key" not in str(office.backend.server.providers)
    assert list(drawer.secrets) == [f"provider-{provider_id}"]
    second.save(replace(second.draft(provider_id), access=DeviceAccess("other")))
    await settled(office)
    assert second.models == first.models
    assert first.access(provider_id).key == "the-key"
    asked = await second.ask(second.models[1])
    assert (asked.model, asked.provider.name, asked.window) == ("mini", "OpenAI", 32_000)
    await first.detach()
    await second.detach()


async def test_a_key_that_is_entered_in_one_process_is_there_in_the_others_at_once(
    office: Office, qtbot: QtBot, tmp_path: Path
) -> None:
    """Two processes have two stores, one keyring and one file of settings; the file tells that, not what."""
    drawer, file = Drawer(), tmp_path / "settings.json"
    here, there = await office.desk(), await office.desk()
    first = models_of(here.realtime, drawer, preferences=PreferenceService(Preferences(file)))
    second = models_of(there.realtime, drawer, preferences=PreferenceService(Preferences(file)))
    await first.attach(here.store)
    await second.attach(there.store)
    provider_id = first.save(replace(OPENAI, access=DeviceAccess()))
    await settled(office)
    assert not second.models
    first.save(replace(first.draft(provider_id), access=DeviceAccess("the-key")))
    await settled(office)
    with qtbot.waitSignal(second.models_changed, timeout=30_000, check_params_cb=None):
        pass
    await settled(office)
    assert second.access(provider_id).key == "the-key"
    assert len(second.models) == 2
    assert second.models == first.models
    assert "the-key" not in file.read_text("utf-8")
    await first.detach()
    await second.detach()


async def test_a_removed_provider_takes_its_key_along(office: Office) -> None:
    desk = await office.desk()
    drawer = Drawer()
    models = await at(desk, drawer)
    provider_id = models.save(OPENAI)
    await settled(office)
    chosen = models.models[0]
    models.remove(provider_id)
    await settled(office)
    assert not models.models
    assert drawer.secrets == {}
    with pytest.raises(Misconfigured, match="not set up any more"):
        await models.ask(chosen)
    await models.detach()


def is_known(models: ModelService) -> bool:
    return models.known


async def test_what_cannot_answer_never_is_the_default(office: Office) -> None:
    desk = await office.desk()
    models = await at(desk)
    with pytest.raises(Misconfigured, match="No model is set up"):
        await models.ask(None)
    assert not is_known(models)
    without_key = models.save(replace(OPENAI, access=DeviceAccess()))
    without_models = models.save(replace(LOCAL, name="Empty", models=()))
    await settled(office)
    assert not models.models
    assert {models.lack(row) for row in models.providers} == {KEY_MISSING, NO_MODELS}
    assert without_models != without_key
    assert is_known(models)
    with pytest.raises(Misconfigured, match="OpenAI: key missing on this device"):
        await models.ask(None)
    local = models.save(LOCAL)
    await settled(office)
    models._preferences.put(DEFAULT_MODEL, model_id("gpt-4o", without_key))
    assert models.models == (model_id("llama", local),)
    assert (await models.ask(None)).window == 8_000
    models.save(replace(OPENAI, id=without_key))
    await settled(office)
    assert models.models[0] == model_id("gpt-4o", without_key), "the one that was chosen, now that it can"
    await models.detach()


async def test_a_key_survives_a_restart_and_goes_with_the_sign_out(office: Office) -> None:
    desk = await office.desk()
    drawer = Drawer()
    models = await at(desk, drawer)
    models.save(replace(OPENAI, access=DeviceAccess("k", {"X-A": "b"}, "http://proxy:1")))
    await settled(office)
    await models.detach()
    assert models.choices == ()
    again = await at(desk, drawer)
    await office.clock.advance(1)
    assert len(again.models) == 2
    (row,) = again.providers
    assert again.access(row.id) == DeviceAccess("k", {"X-A": "b"}, "http://proxy:1")
    await again.forget_keys(desk.store)
    assert drawer.secrets == {}
    await again.detach()


async def test_a_locked_keyring_is_told_and_the_key_holds_for_now(office: Office) -> None:
    desk = await office.desk()
    drawer = Drawer()
    drawer.locked = True
    told: list[object] = []
    models = models_of(desk.realtime, drawer)
    models._notices.noticed.connect(told.append)
    await models.attach(desk.store)
    models.save(OPENAI)
    await settled(office)
    assert len(models.models) == 2
    assert "locked" in str(told)
    await models.detach()


async def test_names_without_a_provider_are_found_where_they_are(office: Office) -> None:
    desk = await office.desk()
    fixed = models_of(desk.realtime, fixed=ScriptedProvider(lambda _request: ""))
    assert (await fixed.ask("of-another-time")).model == "of-another-time"
    models = await at(desk)
    models.save(LOCAL)
    await settled(office)
    assert (await models.ask("llama")).provider.name == "Ollama"
    with pytest.raises(Misconfigured, match="has the model unknown"):
        await models.ask("unknown")
    await models.detach()


async def test_titles_come_from_the_chosen_model_or_from_nobody(office: Office) -> None:
    desk = await office.desk()
    models = await at(desk)
    models.save(LOCAL)
    models.save(OPENAI)
    await settled(office)
    asked = await models.ask("llama")
    assert await models.title_model(asked) is asked
    models._preferences.put(TITLE_MODEL, next(one for one in models.models if model_name(one) == "mini"))
    titles = await models.title_model(asked)
    assert titles is not None
    assert titles.model == "mini"
    models._preferences.put(TITLE_MODEL, NO_TITLES)
    assert await models.title_model(asked) is None
    await models.detach()


def test_ids_and_secrets_are_read_as_they_were_written() -> None:
    provider = "0190c0de-0000-7000-8000-0000000000b1"
    assert parts_of(model_id("a@b/c:d", provider)) == ("a@b/c:d", provider)
    assert parts_of("user@host") == ("user@host", "")
    assert model_name("gpt-4o") == "gpt-4o"
    access = DeviceAccess("k", {"a": "b"}, "p")
    assert from_text(to_text(access)) == access
    for broken in (None, "", "5", "[]", "{", '{"headers": 5}'):
        assert from_text(broken) == DeviceAccess()
    assert "secret" not in repr(DeviceAccess("secret"))
