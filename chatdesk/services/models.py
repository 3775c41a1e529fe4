"""The models that can answer on this device: the user's providers, the built-in one, the environment's."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from PySide6.QtCore import QObject, Signal

from chatdesk.config.options import BUILT_IN_URL, DEFAULT_MODEL, MODELS_REVISION, TITLE_MODEL, Option
from chatdesk.domain.change import ChangeSet
from chatdesk.domain.errors import ChatDeskError, Misconfigured
from chatdesk.domain.ids import new_id
from chatdesk.domain.provider import BUILT_IN, ProviderSettings, model_id, parts_of
from chatdesk.providers.base import ChatProvider, Connection, LocalModel, ProviderFactory
from chatdesk.providers.presets import preset_of
from chatdesk.providers.windows import window_of
from chatdesk.runtime.tasks import TaskScope
from chatdesk.services.built_in import BuiltInService
from chatdesk.services.device_access import DeviceAccess, SecretStore, from_text, secret_name, to_text
from chatdesk.services.model_source import Asked, ModelChoice, nobody
from chatdesk.services.notices import NoticeService
from chatdesk.services.open_account import OpenAccount
from chatdesk.services.preferences import PreferenceService
from chatdesk.services.provider_inquiry import ProviderDraft, ProviderInquiry
from chatdesk.store.store import Store

NO_TITLES = "none"
KEY_MISSING = "Key missing on this device."
NO_MODELS = "No model of this provider is chosen yet."


class ModelService(QObject):
    """Knows every provider and who of them can answer; implements ``ModelSource``.

    Signals: ``models_changed()`` when ``choices``, ``models`` or ``providers`` are others.
    ``inquiry`` asks providers about themselves; ``built_in`` is the small model that comes along and is the
    default only where nothing else can answer. ``fixed`` is the environment's provider; ``fixed_titles``
    whether it makes titles too. Keys are read from the vault when an account is opened, and again when
    another process of this computer says that it wrote one, for which ``MODELS_REVISION`` stands.
    """

    models_changed = Signal()

    def __init__(
        self,
        *,
        account: OpenAccount,
        preferences: PreferenceService,
        notices: NoticeService,
        secrets: SecretStore,
        factory: ProviderFactory,
        fixed: ChatProvider | None = None,
        built_in: LocalModel | None = None,
        fixed_titles: bool = True,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._account = account
        self._preferences = preferences
        self._notices = notices
        self._secrets = secrets
        self._factory = factory
        self._fixed = fixed
        self._fixed_titles = fixed_titles
        self._scope = TaskScope("models", self._failed)
        self.built_in = BuiltInService(built_in, self)
        self.built_in.came_or_went.connect(self.models_changed)
        self.built_in.use_address(preferences.get(BUILT_IN_URL))
        self.built_in.address_chosen.connect(lambda address: preferences.put(BUILT_IN_URL, address))
        self.inquiry = ProviderInquiry(factory, self)
        self._rows: dict[str, ProviderSettings] = {}
        self._access: dict[str, DeviceAccess] = {}
        self._adapters: dict[str, tuple[Connection, ChatProvider]] = {}
        self._unsaved: set[str] = set()
        """Providers whose key is here but not in the vault (yet): what the vault says of them is older."""
        self._reading: asyncio.Task[None] | None = None
        """The first reading of all keys: before its end nobody knows who can answer."""
        self.built_in.came_or_went.connect(self._tell_machine)
        account.changes_applied.connect(self._take_changes)
        preferences.changed.connect(self._follow)

    # What there is ------------------------------------------------------------------------------------------

    @property
    def providers(self) -> tuple[ProviderSettings, ...]:
        """The user's providers, by name."""
        return tuple(sorted(self._rows.values(), key=lambda row: (row.name.casefold(), row.id)))

    @property
    def choices(self) -> tuple[ModelChoice, ...]:
        """Every model that can be chosen, also those that lack something on this device."""
        fixed = self._fixed
        found = [] if fixed is None else [ModelChoice(name, name, fixed.name) for name in fixed.models]
        for row in self.providers:
            lack = self.lack(row)
            found += [ModelChoice(model_id(m, row.id), m, row.name, row.id, lack) for m in row.models]
        return (*found, *self.built_in.choices())

    @property
    def models(self) -> tuple[str, ...]:
        """The ids of the models that can answer here, the default first; empty when nothing can answer."""
        ready = [choice.id for choice in self.choices if choice.ready]
        wanted = self._preferences.get(DEFAULT_MODEL)
        if wanted in ready:
            ready.remove(wanted)
            ready.insert(0, wanted)
        return tuple(ready)

    @property
    def known(self) -> bool:
        """Whether any model is set up, be it one that lacks something on this device."""
        return bool(self.choices)

    def choice(self, choice_id: str) -> ModelChoice | None:
        """Return what is known of an id."""
        return next((choice for choice in self.choices if choice.id == choice_id), None)

    def access(self, provider_id: str) -> DeviceAccess:
        """Return what this device knows of a provider."""
        return self._access.get(provider_id, DeviceAccess())

    def lack(self, row: ProviderSettings) -> str:
        """Say why a provider cannot answer on this device; empty when it can."""
        if preset_of(row.kind).needs_key and not self.access(row.id).key:
            return KEY_MISSING
        return "" if row.models else NO_MODELS

    # Who answers --------------------------------------------------------------------------------------------

    async def ask(self, model: str | None) -> Asked:
        if self._reading is not None and not self._reading.done():
            await asyncio.wait([self._reading])
        if not model:
            if not self.models:
                raise next(
                    (_no_key(row) for row in self.providers if self.lack(row) == KEY_MISSING), nobody()
                )
            model = self.models[0]
        name, provider_id = parts_of(model)
        if not provider_id:
            return await self._by_name(name)
        if provider_id == BUILT_IN and (small := self.built_in.ask()) is not None:
            return small
        row = self._rows.get(provider_id)
        if row is None:
            raise Misconfigured(
                f"The provider of the model {name} is not set up any more.", "Choose another model."
            )
        if not self.access(provider_id):
            await self._read_access(provider_id)  # Another window may have been given the key.
        if preset_of(row.kind).needs_key and not self.access(provider_id).key:
            raise _no_key(row)
        return Asked(
            await self._adapter(row), name, window_of(name, local=preset_of(row.kind).local), titles=True
        )

    async def title_model(self, asked: Asked) -> Asked | None:
        wanted = self._preferences.get(TITLE_MODEL)
        if wanted == NO_TITLES:
            return None
        if wanted and wanted in self.models:
            return await self.ask(wanted)
        return asked if asked.titles else None

    async def _by_name(self, name: str) -> Asked:
        if self._fixed is not None:
            return Asked(self._fixed, name, window_of(name), titles=self._fixed_titles)
        same = next((choice.id for choice in self.choices if choice.name == name and choice.ready), None)
        if same is None:
            raise Misconfigured(f"No provider on this device has the model {name}.", "Choose another model.")
        return await self.ask(same)

    async def _adapter(self, row: ProviderSettings) -> ChatProvider:
        draft = self.draft(row.id)
        connection = draft.connection()
        known = self._adapters.get(row.id)
        if known is not None and known[0] == connection:
            return known[1]
        made = self._factory(connection)
        self._adapters[row.id] = (connection, made)
        if known is not None:
            await known[1].close()
        return made

    # Setting up ---------------------------------------------------------------------------------------------

    def draft(self, provider_id: str) -> ProviderDraft:
        """Return a provider for editing."""
        row = self._rows[provider_id]
        return ProviderDraft(row.id, row.kind, row.name, row.base_url, row.models, self.access(row.id))

    def save(self, draft: ProviderDraft) -> str:
        """Keep a provider: what all devices know as a change of the account, the rest in this keyring."""
        provider_id = draft.id or new_id()
        row = self._rows.get(provider_id)
        settings = {
            "kind": draft.kind,
            "name": draft.name,
            "base_url": draft.base_url,
            "models": list(draft.models),
        }
        if row is None or (row.kind, row.name, row.base_url, row.models) != (
            draft.kind,
            draft.name,
            draft.base_url,
            draft.models,
        ):
            self._account.change(lambda make: make.save_provider(provider_id, settings))
        if draft.access != self.access(provider_id):
            self._access[provider_id] = draft.access
            self._start(self._write_access(provider_id, draft.access), "save key")
            self.models_changed.emit()
        return provider_id

    def remove(self, provider_id: str) -> None:
        """Remove a provider from all devices, and its key from this one."""
        if provider_id in self._rows:
            self._account.change(lambda make: make.delete_provider(provider_id))

    def choose_default(self, choice_id: str) -> None:
        """Have new conversations answered by this model."""
        self._preferences.put(DEFAULT_MODEL, choice_id)

    # Life ---------------------------------------------------------------------------------------------------

    async def attach(self, store: Store) -> None:
        """Serve an account."""
        self._rows = {row.id: row for row in await store.providers()}
        self._reading = self._scope.start(self._read_all(), "read keys")
        self.models_changed.emit()

    async def detach(self) -> None:
        """Stop serving: nothing of the account stays in memory."""
        await self._scope.close()
        await self.inquiry.close()
        self._scope = TaskScope("models", self._failed)
        adapters = [adapter for _connection, adapter in self._adapters.values()]
        self._rows, self._access, self._adapters, self._reading = {}, {}, {}, None
        for adapter in adapters:
            await adapter.close()
        self.models_changed.emit()

    async def forget_keys(self, store: Store) -> None:
        """Remove an account's keys from the vault: it is signed out here."""
        for row in await store.providers():
            try:
                await self._secrets.forget(secret_name(row.id))
            except ChatDeskError as failure:
                self._notices.failed(failure)

    # Inside -------------------------------------------------------------------------------------------------

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._scope.start(work, name)

    async def _read_all(self) -> None:
        for provider_id in list(self._rows):
            await self._read_access(provider_id)

    async def _read_access(self, provider_id: str) -> None:
        access = from_text(await self._secrets.read(secret_name(provider_id)))
        if access != self.access(provider_id) and provider_id not in self._unsaved:
            self._access[provider_id] = access
            self.models_changed.emit()

    async def _write_access(self, provider_id: str, access: DeviceAccess) -> None:
        self._unsaved.add(provider_id)
        if access:
            await self._secrets.write(secret_name(provider_id), to_text(access))
        else:
            await self._secrets.forget(secret_name(provider_id))
        self._unsaved.discard(provider_id)
        self._tell_machine()

    def _tell_machine(self) -> None:
        """Have the other processes of this computer look again; what changed is not said."""
        self._preferences.put(MODELS_REVISION, new_id())

    def _take_changes(self, changes: ChangeSet) -> None:
        for row in changes.providers:
            if row.deleted_at is None:
                is_new = row.id not in self._rows
                self._rows[row.id] = row
                if is_new and row.id not in self._access:
                    self._start(self._read_access(row.id), "read key")
            elif self._rows.pop(row.id, None) is not None:
                self._access.pop(row.id, None)
                self._start(self._secrets.forget(secret_name(row.id)), "forget key")
        if changes.providers:
            self.models_changed.emit()

    def _follow(self, option: Option[Any]) -> None:
        if option in (DEFAULT_MODEL, TITLE_MODEL):
            self.models_changed.emit()
        elif option is BUILT_IN_URL:
            self.built_in.use_address(self._preferences.get(BUILT_IN_URL))
        elif option is MODELS_REVISION and self._reading is not None:
            self._start(self._read_all(), "read keys again")
            self.built_in.look_again()
            self.models_changed.emit()

    def _failed(self, name: str, failure: BaseException) -> None:
        if isinstance(failure, ChatDeskError):
            self._notices.failed(failure)
        else:
            raise failure


def _no_key(row: ProviderSettings) -> Misconfigured:
    return Misconfigured(
        f"{row.name}: key missing on this device.", "Enter it in the settings, under Models."
    )
