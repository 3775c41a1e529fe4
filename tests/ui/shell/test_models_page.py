"""The settings' page of models over a real server: fetch, check, keys, defaults."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
import shiboken6
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from chatdesk.domain.errors import Misconfigured
from chatdesk.domain.provider import ProviderSettings, model_id
from chatdesk.language.door import use
from chatdesk.providers.base import LocalModel
from chatdesk.providers.built_in import BuiltInModel
from chatdesk.services.built_in import BuiltInService
from chatdesk.services.device_access import DeviceAccess
from chatdesk.services.models import ModelService
from chatdesk.services.provider_inquiry import LocalProvider, ModelsFetched, ProviderChecked, ProviderDraft
from chatdesk.ui.dialogs.provider import ProviderDialog
from chatdesk.ui.settings.built_in import BuiltInCard
from chatdesk.ui.settings.installation import Installation
from chatdesk.ui.settings.models import ModelsPage
from chatdesk.ui.theme.theme import Theme
from tests.support.conversation_entries import NOON
from tests.support.model_setup import models_of
from tests.ui.shell.names import everything_is_named

MISTRAL = "0190c0de-0000-7000-8000-0000000000b1"
OLLAMA = "0190c0de-0000-7000-8000-0000000000b2"


class Questions:
    """Stands where the inquiry is and writes down what is asked; the answers come from the test."""

    def __init__(self, service: ModelService, monkeypatch: pytest.MonkeyPatch) -> None:
        self.fetched: list[tuple[ProviderDraft, object]] = []
        self.checked: list[tuple[ProviderDraft, object]] = []
        self.saved: list[ProviderDraft] = []
        self.removed: list[str] = []
        monkeypatch.setattr(service.inquiry, "fetch_models", lambda d, by: self.fetched.append((d, by)))
        monkeypatch.setattr(service.inquiry, "check", lambda d, by: self.checked.append((d, by)))
        monkeypatch.setattr(service.inquiry, "detect", lambda _known: None)
        monkeypatch.setattr(service, "save", self.saved.append)
        monkeypatch.setattr(service, "remove", self.removed.append)


@pytest.fixture
def service() -> ModelService:
    made = models_of()
    made._rows = {
        MISTRAL: ProviderSettings(
            MISTRAL, "mistral", "Mistral", "https://api.mistral.ai/v1", ("small",), 1, NOON
        ),
        OLLAMA: ProviderSettings(
            OLLAMA, "ollama", "Ollama", "http://127.0.0.1:11434/v1", ("a", "b"), 1, NOON
        ),
    }
    return made


@pytest.fixture
def questions(service: ModelService, monkeypatch: pytest.MonkeyPatch) -> Questions:
    return Questions(service, monkeypatch)


@pytest.fixture
def page(qtbot: QtBot, theme: Theme, service: ModelService, questions: Questions) -> Iterator[ModelsPage]:
    made = ModelsPage(theme, Installation(), service._preferences, service)
    made.resize(700, 700)
    made.show()
    yield made
    if shiboken6.isValid(made):
        shiboken6.delete(made)
    use("en")


def opened(page: ModelsPage) -> ProviderDialog:
    assert page.dialog is not None
    return page.dialog


def test_a_missing_key_is_said_at_its_provider_and_entered_there(
    page: ModelsPage, questions: Questions
) -> None:
    row = page.rows[MISTRAL]
    assert "missing on this device" in row.lack.text()
    assert row.key.isVisible()
    assert not page.rows[OLLAMA].key.isVisible()
    row.key.setText(" secret ")
    row.key_button.click()
    assert [(draft.id, draft.access.key) for draft in questions.saved] == [(MISTRAL, "secret")]


def test_only_what_can_answer_is_offered(page: ModelsPage, service: ModelService) -> None:
    assert [page.default.itemText(n) for n in range(page.default.count())] == ["a – Ollama", "b – Ollama"]
    page.default.picked.emit(model_id("b", OLLAMA))
    assert service.models[0] == model_id("b", OLLAMA)
    assert page.default.currentText() == "b – Ollama"
    service._access[MISTRAL] = DeviceAccess("k")
    service.models_changed.emit()
    assert page.default.count() == 3
    assert not page.rows[MISTRAL].key.isVisible()
    service._rows.clear()
    service.models_changed.emit()
    assert page.default.currentText() == "None yet"
    assert not page.default.isEnabled()


def test_a_local_provider_that_runs_is_added_with_one_click(
    page: ModelsPage, service: ModelService, questions: Questions
) -> None:
    service.inquiry.detected.emit((LocalProvider("lmstudio", ("qwen",)), LocalProvider("ollama", ("a",))))
    assert list(page.found_buttons) == ["lmstudio"], "the other one is set up already"
    page.found_buttons["lmstudio"].click()
    (draft,) = questions.saved
    assert (draft.kind, draft.base_url, draft.models) == ("lmstudio", "http://127.0.0.1:1234/v1", ("qwen",))


def test_a_provider_is_added_fetched_checked_and_saved(
    page: ModelsPage, service: ModelService, questions: Questions
) -> None:
    page.add_button.click()
    dialog = opened(page)
    assert everything_is_named(dialog) == []
    assert "https://api.openai.com/v1/chat/completions" in dialog.preview.text()
    dialog.base_url.setText("nonsense")
    assert "not an address" in dialog.preview.text()
    dialog.fetch_button.click()
    assert questions.fetched == []
    dialog.base_url.setText("https://example.com/v1/")
    assert "https://example.com/v1/chat/completions" in dialog.preview.text()
    dialog.key.setText("k")
    dialog.check_button.click()
    assert "Fetch the models first" in dialog.outcome.text()
    dialog.fetch_button.click()
    ((draft, asker),) = questions.fetched
    service.inquiry.models_fetched.emit(ModelsFetched(object(), ("not for me",)))
    assert dialog.models.toPlainText() == ""
    service.inquiry.models_fetched.emit(ModelsFetched(asker, ("x", "y")))
    assert dialog.models.toPlainText() == "x\ny"
    dialog.check_button.click()
    ((draft, asker),) = questions.checked
    failure = Misconfigured("The model's provider refused the API key.", "Check the key.")
    service.inquiry.provider_checked.emit(ProviderChecked(asker, "x", failure))
    assert dialog.outcome.text() == "The model's provider refused the API key. Check the key."
    service.inquiry.provider_checked.emit(ProviderChecked(asker, "x"))
    assert dialog.outcome.text() == "x answers."
    dialog.save_button.click()
    assert questions.saved == [draft]
    assert draft.models == ("x", "y")
    assert draft.access.key == "k"
    assert page.dialog is None


def test_headers_and_proxy_are_read_or_refused(page: ModelsPage, questions: Questions) -> None:
    page.rows[OLLAMA].edit_button.click()
    dialog = opened(page)
    dialog.more_button.click()
    dialog.headers.setPlainText("no header")
    dialog.save_button.click()
    assert "no header" in dialog.outcome.text()
    dialog.headers.setPlainText("X-A: b\n\nX-C: d:e")
    dialog.proxy.setText("http://proxy:3128")
    dialog.key.setText("x" * 600)
    dialog.headers.setPlainText("X-A: " + "b" * 500)
    dialog.save_button.click()
    assert "too long for the keyring" in dialog.outcome.text()
    dialog.headers.setPlainText("X-A: b\n\nX-C: d:e")
    dialog.save_button.click()
    (draft,) = questions.saved
    assert draft.access.headers == {"X-A": "b", "X-C": "d:e"}
    assert draft.access.proxy == "http://proxy:3128"


def test_removing_asks_first(page: ModelsPage, questions: Questions) -> None:
    page.rows[OLLAMA].edit_button.click()
    opened(page).remove_button.click()
    assert questions.removed == []
    confirming = page.findChildren(QWidget, "")
    yes = next(w.yes_button for w in confirming if hasattr(w, "yes_button"))
    yes.click()
    assert questions.removed == [OLLAMA]


def test_the_page_speaks_german_and_everything_has_a_name(page: ModelsPage) -> None:
    assert everything_is_named(page) == []
    use("de")
    page.refresh()
    assert "Schlüssel fehlt auf diesem Gerät" in page.rows[MISTRAL].lack.text()
    assert page.rows[OLLAMA].edit_button.text() == "Bearbeiten …"


def test_the_built_in_model_is_honest_about_itself(page: ModelsPage, theme: Theme, qtbot: QtBot) -> None:
    assert "cannot run" in page.built_in._row.hint.text()
    assert page.built_in.button.isHidden()

    class Small:
        """A model that is not there yet."""

        name, models = "ChatDesk", ("SmolLM2-135M",)
        supported = fetchable = True
        installed = removable = False
        address_fixed = False

    service = BuiltInService(cast(LocalModel, Small()))
    card = BuiltInCard(theme, service)
    qtbot.addWidget(card)
    assert "often wrong" in card._row.hint.text()
    assert card.button.text() == "Download"
    service._fetching, service.progress = True, 0.42
    service.changed.emit()
    assert (card.button.text(), card.progress.value()) == ("Cancel", 42)
    service._fetching, service.failure = False, Misconfigured("It is not there.", "Look.")
    service.changed.emit()
    assert card.failure.text() == "It is not there. Look."


def test_the_built_in_models_address_can_be_another_one(theme: Theme, qtbot: QtBot, tmp_path: Path) -> None:
    service = models_of(built_in=BuiltInModel([tmp_path / "model"])).built_in
    card = BuiltInCard(theme, service)
    qtbot.addWidget(card)
    card.show()
    assert everything_is_named(card) == []
    assert card.address.isHidden() or not card.address.isVisible()
    card.address_button.click()
    assert card.address.isVisible()
    card.address.setText("http://example.com/model")
    card.address_save.click()
    assert (card.failure.text(), card.address.text()) == (
        "This is no address that begins with https://.",
        "http://example.com/model",
    )
    card.address.setText("https://example.com/model")
    card.address_save.click()
    assert service.address == "https://example.com/model"
    assert card.failure.isHidden()
    assert not card.address.isVisible()
    card.address_button.click()
    assert card.address.text() == "https://example.com/model"
    card.address.clear()
    card.address_save.click()
    assert service.address == ""
    fixed = BuiltInCard(theme, models_of(built_in=BuiltInModel([tmp_path / "m"], "https://e.com/m")).built_in)
    qtbot.addWidget(fixed)
    assert fixed.address_button.isHidden(), "the environment says where"
