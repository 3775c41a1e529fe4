"""The built-in model as the settings see it: there, being fetched, or not there."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import QObject, Signal

from chatdesk.config.sources import BUILT_IN_SOURCE
from chatdesk.domain.errors import ChatDeskError
from chatdesk.domain.provider import BUILT_IN, model_id
from chatdesk.providers.base import LocalModel
from chatdesk.providers.windows import window_of
from chatdesk.runtime.tasks import TaskScope
from chatdesk.services.model_source import Asked, ModelChoice


class BuiltInState(StrEnum):
    """``UNSUPPORTED``: this computer cannot run it; ``NOWHERE``: it has no download address."""

    UNSUPPORTED = "unsupported"
    NOWHERE = "nowhere"
    ABSENT = "absent"
    FETCHING = "fetching"
    READY = "ready"


class BuiltInService(QObject):
    """Signals: ``changed()`` after any of its properties changed; ``came_or_went()`` when it can answer now,
    or cannot any more; ``address_chosen(str)`` when the user wants its file from elsewhere, empty for the
    usual address.
    """

    changed = Signal()
    came_or_went = Signal()
    address_chosen = Signal(str)

    def __init__(self, model: LocalModel | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._scope = TaskScope("built-in model")
        self._fetching = False
        self.progress = 0.0
        self.address = ""
        """Where the user wants the file from; empty for the usual address."""
        self.failure: ChatDeskError | None = None
        """Why the last download came to nothing."""

    @property
    def state(self) -> BuiltInState:
        model = self._model
        if model is None or not model.supported:
            return BuiltInState.UNSUPPORTED
        if self._fetching:
            return BuiltInState.FETCHING
        if model.installed:
            return BuiltInState.READY
        return BuiltInState.ABSENT if model.fetchable else BuiltInState.NOWHERE

    @property
    def removable(self) -> bool:
        return self._model is not None and self._model.removable and not self._fetching

    @property
    def address_fixed(self) -> bool:
        """Whether the environment says where the file comes from."""
        return self._model is not None and self._model.address_fixed

    def use_address(self, address: str) -> None:
        """Fetch from the user's ``address`` from now on, or from the usual one where it is empty."""
        self.address = address
        if self._model is not None:
            self._model.use_address(address or BUILT_IN_SOURCE)
        self.failure = None
        self.changed.emit()

    def look_again(self) -> None:
        """Another process may have fetched or removed it."""
        self.changed.emit()

    def choices(self) -> list[ModelChoice]:
        """Return it as a choice, if it can answer."""
        if self._model is None or self.state is not BuiltInState.READY:
            return []
        name = self._model.models[0]
        return [ModelChoice(model_id(name, BUILT_IN), name, self._model.name, BUILT_IN)]

    def ask(self) -> Asked | None:
        """Return how to ask it; None when it cannot answer. Its titles would be worse than none."""
        if self._model is None or self.state is not BuiltInState.READY:
            return None
        name = self._model.models[0]
        return Asked(self._model, name, window_of(name, local=True), titles=False)

    def fetch(self) -> None:
        """Download it; ``changed`` follows until it is over."""
        if self._model is not None and self.state is BuiltInState.ABSENT:
            self._fetching, self.progress, self.failure = True, 0.0, None
            self._scope.start(self._fetch(self._model), "fetch")
            self.changed.emit()

    def stop_fetching(self) -> None:
        """Give the download up."""
        if self._model is not None:
            self._model.stop_fetching()

    def remove(self) -> None:
        """Delete the downloaded file."""
        if self._model is not None and self.removable:
            self._scope.start(self._remove(self._model), "remove")

    async def close(self) -> None:
        """End what is under way, and the model's process."""
        if self._model is not None:
            self._model.stop_fetching()
        await self._scope.close()
        if self._model is not None:
            await self._model.close()

    async def _fetch(self, model: LocalModel) -> None:
        try:
            await model.fetch(self._note)
        except ChatDeskError as failure:
            self.failure = failure
        finally:
            self._fetching = False
        self.changed.emit()
        self.came_or_went.emit()

    async def _remove(self, model: LocalModel) -> None:
        try:
            await model.remove()
        except ChatDeskError as failure:
            self.failure = failure
        self.changed.emit()
        self.came_or_went.emit()

    def _note(self, part: float) -> None:
        # Hundreds of pieces arrive; people see whole percents.
        if int(part * 100) != int(self.progress * 100):
            self.progress = part
            self.changed.emit()
