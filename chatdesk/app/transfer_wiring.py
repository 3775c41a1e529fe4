"""Joins export and import of the window with the service that carries them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatdesk.app.application import Application


class TransferWiring:
    """Wishes go out, progress and reports come in."""

    def __init__(self, whole: Application) -> None:
        service, window = whole.portability, whole.window
        verbs, settings = window.transfer, window.settings
        verbs.conversation_export_requested.connect(service.export_conversation)
        verbs.everything_export_requested.connect(service.export_everything)
        verbs.examine_requested.connect(service.examine)
        verbs.import_requested.connect(service.import_file)
        verbs.cancel_requested.connect(service.cancel)
        verbs.resume_declined.connect(service.forget_interrupted)
        service.progressed.connect(verbs.show_progress)
        service.examined.connect(verbs.show_preview)
        service.exported.connect(verbs.show_exported)
        service.imported.connect(verbs.show_imported)
        service.failed.connect(verbs.show_failure)
        service.cancelled.connect(verbs.show_cancelled)
        service.interrupted_found.connect(verbs.show_interrupted)
        settings.sizes_requested.connect(service.measure)
        service.measured.connect(settings.show_sizes)
