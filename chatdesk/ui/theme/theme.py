"""Light, dark, high contrast, or as the system has it; and how large the text is."""

from __future__ import annotations

from typing import Literal, cast, get_args

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from chatdesk.config.options import TEXT_SIZE_LEAST, TEXT_SIZE_MOST
from chatdesk.ui.theme.fonts import BASE_PIXELS, interface_font
from chatdesk.ui.theme.stylesheet import stylesheet
from chatdesk.ui.theme.tokens import DARK, HIGH_CONTRAST, LIGHT, Tokens

ThemeMode = Literal["light", "dark", "contrast", "system"]

_FIXED: dict[str, Tokens] = {"light": LIGHT, "dark": DARK, "contrast": HIGH_CONTRAST}


class Theme(QObject):
    """Holds the colours and the text size in force and puts them on the application.

    ``changed(Tokens)`` is emitted after font, palette and style sheet have been replaced: the user chose, or,
    in ``system`` mode, because the desktop switched its colours or asks for high contrast. Where the
    platform tells nothing of that (offscreen, plain X11) ``system`` means light.
    """

    changed = Signal(object)

    def __init__(self, mode: ThemeMode = "system", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mode: ThemeMode = mode
        self._percent = 100
        self._app: QApplication | None = None
        self._tokens = self._wanted()

    @property
    def tokens(self) -> Tokens:
        """The colours in force."""
        return self._tokens

    @property
    def mode(self) -> ThemeMode:
        """What the user chose."""
        return self._mode

    @property
    def text_size(self) -> int:
        """How large the text is, in percent of the usual size."""
        return self._percent

    def px(self, pixels: float) -> int:
        """Return a length that grows with the text, such as the width of something that holds text."""
        return round(pixels * self._percent / 100)

    def apply(self, app: QApplication) -> None:
        """Put style, font, palette and style sheet on ``app``, and follow the system from now on."""
        self._app = app
        app.setStyle("Fusion")
        hints = QGuiApplication.styleHints()
        hints.colorSchemeChanged.connect(self._refresh)
        hints.accessibility().contrastPreferenceChanged.connect(self._refresh)
        self._tokens = self._wanted()
        app.setFont(self._font())
        self._put()

    def set_mode(self, mode: str) -> None:
        """Choose ``light``, ``dark``, ``contrast`` or ``system``; raises ``ValueError`` for anything else."""
        if mode not in get_args(ThemeMode):
            raise ValueError(f"{mode} is not a theme; light, dark, contrast and system are.")
        self._mode = cast(ThemeMode, mode)
        self._refresh()

    def set_text_size(self, percent: int) -> None:
        """Make all text smaller or larger; what is beyond the bounds of the option is brought back."""
        percent = min(max(percent, TEXT_SIZE_LEAST), TEXT_SIZE_MOST)
        if percent == self._percent:
            return
        self._percent = percent
        if self._app is not None:
            self._app.setFont(self._font())
            # Widgets that the style sheet has touched take a new font only when it is put on again.
            self._put()
        self.changed.emit(self._tokens)

    def _font(self) -> QFont:
        return interface_font(BASE_PIXELS * self._percent / 100)

    def _wanted(self) -> Tokens:
        if self._mode in _FIXED:
            return _FIXED[self._mode]
        hints = QGuiApplication.styleHints()
        if hints.accessibility().contrastPreference() == Qt.ContrastPreference.HighContrast:
            return HIGH_CONTRAST
        return DARK if hints.colorScheme() == Qt.ColorScheme.Dark else LIGHT

    def _refresh(self) -> None:
        tokens = self._wanted()
        if tokens is self._tokens:
            return
        self._tokens = tokens
        self._put()
        self.changed.emit(tokens)

    def _put(self) -> None:
        if self._app is not None:
            self._app.setPalette(palette(self._tokens))
            self._app.setStyleSheet(stylesheet(self._tokens))


def palette(tokens: Tokens) -> QPalette:
    """Translate the tokens to Qt's colour roles."""
    role = QPalette.ColorRole
    colours = {
        role.Window: tokens.window,
        role.WindowText: tokens.text,
        role.Base: tokens.surface,
        role.AlternateBase: tokens.sidebar,
        role.Text: tokens.text,
        role.PlaceholderText: tokens.text_muted,
        role.Button: tokens.surface,
        role.ButtonText: tokens.text,
        role.BrightText: tokens.danger,
        role.ToolTipBase: tokens.raised,
        role.ToolTipText: tokens.text,
        role.Highlight: tokens.selection,
        role.HighlightedText: tokens.text,
        role.Accent: tokens.accent,
        role.Link: tokens.link,
        role.LinkVisited: tokens.link,
        role.Light: tokens.raised,
        role.Midlight: tokens.hover,
        role.Mid: tokens.border,
        role.Dark: tokens.border_strong,
        role.Shadow: tokens.border_strong,
    }
    made = QPalette()
    for where, colour in colours.items():
        made.setColor(where, QColor(colour))
    muted = QColor(tokens.text_muted)
    for where in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        made.setColor(QPalette.ColorGroup.Disabled, where, muted)
    return made
