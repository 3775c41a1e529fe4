"""Joins export and import of a window with the service that carries them out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from chatdesk.services.portability.service import under_way

if TYPE_CHECKING:
    from chatdesk.app.open_window import OpenWindow
    from chatdesk.services.portability.reports import Interrupted


class TransferWiring:
    """Wishes go out; progress and reports come in, to the window that asked."""

    def __init__(self, whole: OpenWindow) -> None:
        self._whole = whole
        self._service = service = whole.portability
        verbs, settings = whole.window.transfer, whole.window.settings
        for wish, work in (
            (verbs.conversation_export_requested, service.export_conversation),
            (verbs.everything_export_requested, service.export_everything),
            (verbs.examine_requested, service.examine),
            (verbs.import_requested, service.import_file),
        ):
            wish.connect(self._asking(work))
        verbs.cancel_requested.connect(service.cancel)
        verbs.resume_declined.connect(service.forget_interrupted)
        for fact, show in (
            (service.progressed, verbs.show_progress),
            (service.examined, verbs.show_preview),
            (service.exported, verbs.show_exported),
            (service.imported, verbs.show_imported),
            (service.failed, verbs.show_failure),
            (service.cancelled, verbs.show_cancelled),
        ):
            whole.bonds.join(fact, self._for_asker(show))
        whole.bonds.join(service.interrupted_found, self._offer)
        settings.sizes_requested.connect(service.measure)
        whole.bonds.join(service.measured, settings.show_sizes)

    def _asking(self, work: Callable[..., None]) -> Callable[..., None]:
        def ask(*wish: Any) -> None:
            if self._service.busy and self._service.asker is not self._whole:
                self._whole.window.transfer.show_failure(under_way())
                return
            self._service.asker = self._whole
            work(*wish)

        return ask

    def _for_asker(self, show: Callable[..., None]) -> Callable[..., None]:
        def told(*fact: Any) -> None:
            if self._service.asker is self._whole:
                show(*fact)

        return told

    def _offer(self, interrupted: Interrupted) -> None:
        """Ask about an import that was cut off, in one window."""
        if self._whole is self._whole.whole.windows.active:
            self._whole.window.transfer.show_interrupted(interrupted)
