"""Contrast of the colours that meet on screen, computed as WCAG 2.2 does, and the theme's modes."""

from __future__ import annotations

from dataclasses import fields

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from chatdesk.resources import resources_root
from chatdesk.ui.theme.icons import icon
from chatdesk.ui.theme.stylesheet import stylesheet
from chatdesk.ui.theme.theme import Theme, palette
from chatdesk.ui.theme.tokens import DARK, HIGH_CONTRAST, LIGHT, Tokens

AA_TEXT = 4.5
AA_SHAPE = 3.0
AAA_TEXT = 7.0
HIGH_SHAPE = 4.5

SETS = [LIGHT, DARK, HIGH_CONTRAST]
SET_NAMES = ["light", "dark", "contrast"]

SURFACES = ("window", "sidebar", "surface", "raised")
TEXT_PAIRS = [
    *((text, on) for text in ("text", "text_muted", "danger", "link") for on in SURFACES),
    *(("text", on) for on in ("hover", "selection", "accent_soft", "code_background", "code_inline")),
    ("text_muted", "hover"),
    ("text_muted", "code_background"),
    ("on_accent", "accent"),
    ("on_danger", "danger"),
    ("on_bubble_user", "bubble_user"),
    ("accent", "accent_soft"),
    ("success", "surface"),
    ("warning", "surface"),
    *((f"syntax_{kind}", "code_background") for kind in ("keyword", "function", "string", "number")),
    *((f"syntax_{kind}", "code_background") for kind in ("comment", "builtin")),
    ("link", "bubble_user"),
]
SHAPE_PAIRS = [
    *((shape, on) for shape in ("focus", "accent", "border_strong") for on in SURFACES),
    ("success", "sidebar"),
    ("warning", "sidebar"),
    ("danger", "sidebar"),
    ("focus", "accent_soft"),
]


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio, WCAG 2.2."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("tokens", SETS, ids=SET_NAMES)
@pytest.mark.parametrize(("text", "on"), TEXT_PAIRS)
def test_text_is_readable(tokens: Tokens, text: str, on: str) -> None:
    least = AAA_TEXT if tokens is HIGH_CONTRAST else AA_TEXT
    assert contrast(getattr(tokens, text), getattr(tokens, on)) >= least


@pytest.mark.parametrize("tokens", SETS, ids=SET_NAMES)
@pytest.mark.parametrize(("shape", "on"), SHAPE_PAIRS)
def test_shapes_stand_out(tokens: Tokens, shape: str, on: str) -> None:
    least = HIGH_SHAPE if tokens is HIGH_CONTRAST else AA_SHAPE
    assert contrast(getattr(tokens, shape), getattr(tokens, on)) >= least


@pytest.mark.parametrize("on", SURFACES)
def test_in_high_contrast_every_edge_can_be_seen(on: str) -> None:
    assert contrast(HIGH_CONTRAST.border, getattr(HIGH_CONTRAST, on)) >= HIGH_SHAPE


@pytest.mark.parametrize("tokens", SETS, ids=SET_NAMES)
def test_every_token_is_a_colour_and_the_sheet_is_filled(tokens: Tokens) -> None:
    for field in fields(tokens):
        if field.name != "dark":
            value = getattr(tokens, field.name)
            assert len(value) == 7
            assert QColor(value).isValid()
    assert "$" not in stylesheet(tokens)
    assert palette(tokens).color(QPalette.ColorRole.Window).name() == tokens.window


def test_the_mode_changes_everything_at_once(qapp: QApplication, theme: Theme, qtbot: QtBot) -> None:
    with qtbot.waitSignal(theme.changed, timeout=30_000) as told:
        theme.set_mode("dark")
    assert told.args == [DARK]
    assert qapp.palette().color(QPalette.ColorRole.Window).name() == DARK.window
    assert DARK.sidebar in qapp.styleSheet()
    with qtbot.assertNotEmitted(theme.changed):
        theme.set_mode("dark")
    with pytest.raises(ValueError, match="not a theme"):
        theme.set_mode("purple")


def test_system_mode_reads_the_scheme(qapp: QApplication) -> None:
    scheme = qapp.styleHints().colorScheme()
    expected = DARK if scheme == Qt.ColorScheme.Dark else LIGHT
    assert Theme("system").tokens is expected


@pytest.mark.parametrize(
    ("contrast", "scheme", "expected"),
    [
        (Qt.ContrastPreference.HighContrast, Qt.ColorScheme.Light, HIGH_CONTRAST),
        (Qt.ContrastPreference.NoPreference, Qt.ColorScheme.Light, LIGHT),
        (Qt.ContrastPreference.NoPreference, Qt.ColorScheme.Dark, DARK),
        (Qt.ContrastPreference.NoPreference, Qt.ColorScheme.Unknown, LIGHT),
    ],
)
def test_system_mode_follows_contrast_before_brightness(
    qapp: QApplication,
    monkeypatch: pytest.MonkeyPatch,
    contrast: Qt.ContrastPreference,
    scheme: Qt.ColorScheme,
    expected: Tokens,
) -> None:
    """The platform of the tests tells neither, so its answers are put in its mouth."""
    hints = qapp.styleHints()
    monkeypatch.setattr(type(hints), "colorScheme", lambda _self: scheme)
    monkeypatch.setattr(type(hints.accessibility()), "contrastPreference", lambda _self: contrast)
    assert Theme("system").tokens is expected
    assert Theme("dark").tokens is DARK


def test_every_icon_draws(qapp: QApplication) -> None:
    names = sorted(path.stem for path in (resources_root() / "icons").glob("*.svg"))
    assert len(names) >= 20
    for name in names:
        image = icon(name, "#112233").pixmap(32, 32).toImage()
        assert any(image.pixelColor(x, y).alpha() for x in range(32) for y in range(32)), name
    with pytest.raises(FileNotFoundError):
        icon("no-such-icon", "#112233")
