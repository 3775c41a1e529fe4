"""Joins the search of the window with the service that answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatdesk.services.search import Revealed
from chatdesk.ui.timeline.marks import SearchMarks

if TYPE_CHECKING:
    from chatdesk.app.open_window import OpenWindow


class SearchWiring:
    """Questions go out, answers come in, and what was chosen is brought on screen."""

    def __init__(self, whole: OpenWindow) -> None:
        search, verbs = whole.search, whole.window.search
        self.marks = SearchMarks(whole.timeline, whole.theme)
        verbs.search_requested.connect(search.search)
        verbs.find_requested.connect(search.find)
        verbs.message_requested.connect(search.reveal)
        verbs.words_changed.connect(self.marks.show_words)
        search.results_ready.connect(verbs.show_results)
        search.found.connect(verbs.show_found)
        search.revealed.connect(self._show)
        # Somebody who writes needs disk and network for themselves.
        whole.window.composer.field.textChanged.connect(search.attend)

    def _show(self, revealed: Revealed) -> None:
        self.marks.show_message(revealed.message_id)
