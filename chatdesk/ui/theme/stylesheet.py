"""The little style sheet: what a palette cannot say, such as round corners."""

from __future__ import annotations

from dataclasses import asdict
from string import Template

from chatdesk.ui.theme.tokens import Tokens

# Widgets choose a look by the dynamic property "look"; nobody sets a style sheet of their own.
_SHEET = Template("""
QToolTip { background: $raised; color: $text; border: 1px solid $border; padding: 4px 6px; }
QMenu { background: $raised; color: $text; border: 1px solid $border; border-radius: 8px; padding: 5px; }
QMenu::item { padding: 6px 28px 6px 10px; border-radius: 5px; }
QMenu::item:selected { background: $selection; }
QMenu::item:disabled:selected { background: transparent; }
QMenu::item:disabled { color: $text_muted; }
QMenu::icon { padding-left: 8px; }
QMenu::separator { height: 1px; background: $border; margin: 5px 6px; }

QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: $border; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::handle:disabled { background: transparent; }
QScrollBar::handle:hover, QScrollBar::handle:pressed { background: $border_strong; }
QAbstractScrollArea::corner { background: transparent; border: none; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QSplitter::handle { background: $border; }

QPushButton { background: $surface; color: $text; border: 1px solid $border; border-radius: 8px;
  padding: 7px 14px; }
QPushButton:hover { background: $hover; }
QPushButton:focus { border: 1px solid $focus; outline: none; }
QPushButton:disabled { color: $text_muted; background: $window; }
QPushButton[look="primary"] { background: $accent; color: $on_accent; border: 1px solid $accent;
  font-weight: 600; }
QPushButton[look="primary"]:hover { background: $accent_hover; }
QPushButton[look="primary"]:focus { border: 2px solid $text; padding: 6px 13px; }
QPushButton[look="primary"]:disabled { background: $hover; color: $text_muted; border-color: $border; }
QPushButton[look="tonal"] { background: $accent_soft; color: $accent; border: 1px solid $accent_soft;
  font-weight: 600; }
QPushButton[look="tonal"]:hover { border: 1px solid $accent; }
QPushButton[look="tonal"]:focus { border: 2px solid $focus; padding: 6px 13px; }
QPushButton[look="tonal"]:disabled { background: $hover; color: $text_muted; border-color: $border; }
QPushButton[look="danger"] { background: $danger; color: $on_danger; border: 1px solid $danger;
  font-weight: 600; }
QPushButton[look="danger"]:focus { border: 2px solid $text; padding: 6px 13px; }
QPushButton[look="quiet"], QToolButton[look="quiet"] { background: transparent; border: 1px solid transparent;
  border-radius: 8px; padding: 6px; text-align: left; }
QPushButton[look="quiet"]:hover, QToolButton[look="quiet"]:hover { background: $hover; }
QPushButton[look="quiet"]:pressed, QToolButton[look="quiet"]:pressed,
QToolButton[look="quiet"]:checked { background: $hover; }
QPushButton[look="quiet"]:focus, QToolButton[look="quiet"]:focus { border: 1px solid $focus; }
QToolButton[look="glyph"] { background: transparent; border: 1px solid transparent; border-radius: 7px;
  padding: 0; }
QToolButton[look="glyph"]:hover { background: $hover; }
QToolButton[look="glyph"]:focus { border: 1px solid $focus; }
QToolButton[look="pill"] { background: $surface; color: $text; border: 1px solid $border; border-radius: 8px;
  padding: 3px 1px 3px 8px; }
QToolButton[look="pill"]:hover { background: $hover; }
QToolButton[look="pill"]:focus { border: 1px solid $focus; }
QToolButton[look="model"] { background: transparent; color: $text_muted; border: 1px solid transparent;
  border-radius: 8px; padding: 6px 6px 6px 4px; text-align: right; }
QToolButton[look="model"]:hover { background: $hover; color: $text; }
QToolButton[look="model"]:focus { border: 1px solid $focus; }
QSlider::groove:horizontal { background: $border_strong; height: 4px; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $accent; border-radius: 2px; }
QSlider::handle:horizontal { background: $accent; border: 2px solid $accent; width: 12px; margin: -6px 0;
  border-radius: 8px; }
QSlider::handle:horizontal:focus { border: 2px solid $text; }
QPushButton[look="link"] { background: transparent; border: 1px solid transparent; color: $link;
  padding: 3px 0; font-weight: 600; text-align: left; }
QPushButton[look="link"]:disabled { color: $text_muted; background: transparent; }
QPushButton[look="link"]:hover { text-decoration: underline; }
QPushButton[look="link"]:focus { border: 1px solid $focus; border-radius: 6px; }
QPushButton[look="new"] { background: $surface; border: 1px solid $border; border-radius: 10px;
  padding: 9px 12px; text-align: left; font-weight: 500; }
QPushButton[look="new"]:hover { background: $hover; }
QPushButton[look="new"]:focus { border: 1px solid $focus; }
QToolButton[look="round"] { background: $accent; border: 2px solid $accent; border-radius: 17px; }
QToolButton[look="round"]:hover { background: $accent_hover; border-color: $accent_hover; }
QToolButton[look="round"]:focus { border: 2px solid $text; }
QToolButton[look="round"]:disabled { background: $hover; border-color: $hover; }

QLineEdit { background: $surface; color: $text; border: 1px solid $border_strong; border-radius: 8px;
  padding: 7px 10px; selection-background-color: $selection; selection-color: $text; }
QLineEdit:focus { border: 2px solid $focus; padding: 6px 9px; }
QLineEdit:disabled { color: $text_muted; background: $window; }
QLineEdit[wrong="true"] { border: 2px solid $danger; padding: 6px 9px; }
QLineEdit[look="rename"] { border-radius: 6px; padding: 3px 6px; border: 2px solid $focus; }

QLineEdit[look="filter"] { border: 1px solid $border; padding: 6px 8px; }
QLineEdit[look="filter"]:focus { border: 2px solid $focus; padding: 5px 7px; }
QLineEdit[look="bare"], QLineEdit[look="bare"]:focus { background: transparent; border: none;
  padding: 2px 0; }

QProgressBar { background: $hover; border: none; border-radius: 4px; min-height: 8px; max-height: 8px; }
QProgressBar::chunk { background: $accent; border-radius: 4px; }

QLabel[look="title"] { font-weight: 600; }
QLabel[look="muted"] { color: $text_muted; }
QLabel[look="error"] { color: $danger; }
QLabel[look="success"] { color: $success; }

QProgressBar { background: $hover; border: none; border-radius: 3px; margin: 0 16px; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }
QFrame[look="card"] { background: $surface; border: 1px solid $border; border-radius: 14px; }
QFrame[look="panel"] { background: $raised; border: 1px solid $border; border-radius: 12px; }
QFrame[look="palette"] { background: $raised; border: 1px solid $border_strong; border-radius: 14px; }
QListView[look="palette"] { background: $raised; border: none; outline: none; padding: 4px 0; }
QFrame[look="line"] { background: $border; border: none; }
QFrame[look="popover"] { background: $raised; border: 1px solid $border; border-radius: 10px; }
QFrame[look="notice"] { background: $accent_soft; border: 1px solid $border; border-radius: 12px; }
QFrame[look="toast"] { background: $raised; border: 1px solid $border_strong; border-radius: 12px; }
QFrame[look="chip"] { background: $raised; border: 1px solid $border; border-radius: 10px; }
QFrame[look="composer"] { background: $surface; border: 1px solid $border_strong; border-radius: 16px; }
QFrame[look="composer"][active="true"] { border: 1px solid $focus; }
QFrame[look="composer"] QPlainTextEdit { background: transparent; border: none; padding: 0; }

QLabel[look="value"] { border: 1px solid transparent; border-radius: 4px; }
QLabel[look="value"]:focus { border: 1px solid $focus; }
QLabel[look="key"] { color: $text; background: $raised; border: 1px solid $border_strong; border-radius: 5px;
  padding: 1px 7px; }
QPushButton[look="key"] { background: $raised; border: 1px solid $border_strong; border-radius: 6px;
  padding: 4px 10px; }
QPushButton[look="key"]:hover { background: $hover; }
QPushButton[look="key"]:focus { border: 2px solid $focus; padding: 3px 9px; }
QComboBox { combobox-popup: 0; }
QComboBox QAbstractItemView { background: $raised; color: $text; border: 1px solid $border_strong;
  padding: 4px; outline: none; selection-background-color: $selection; selection-color: $text; }
QComboBox QAbstractItemView::item { padding: 5px 8px; border-radius: 5px; }
QComboBox QAbstractItemView::item:selected { background: $selection; color: $text; }
QListView[look="completion"] { background: $raised; color: $text; border: 1px solid $border_strong;
  padding: 0; outline: none; }
QListView[look="completion"]::item { padding: 5px 8px; border-radius: 5px; color: $text; }
QListView[look="completion"]::item:selected { background: $selection; color: $text; }
QWidget#settingsPage { background: $window; }
QListWidget#settingsNavigation { background: $sidebar; border: none; border-right: 1px solid $border;
  padding: 12px 8px; outline: none; }
QListWidget#settingsNavigation::item { padding: 8px 10px; border-radius: 8px; color: $text;
  border: 1px solid transparent; }
QListWidget#settingsNavigation::item:hover { background: $hover; }
QListWidget#settingsNavigation::item:selected { background: $accent_soft; color: $text; }
QListWidget#settingsNavigation::item:focus { border: 2px solid $focus; }

QWidget#sidebar { background: $sidebar; }
QWidget#sidebar QListView { background: $sidebar; border: none; outline: none; }
QWidget#find { background: $window; border-bottom: 1px solid $border; }
QWidget#header { background: $window; border-bottom: 1px solid $border; }
QDialog { background: $window; }
QPlainTextEdit[look="diagnostics"] { background: $code_background; color: $text; border: 1px solid $border;
  border-radius: 8px; padding: 6px; }
""")


def _between(colour: str, other: str, share: float) -> str:
    """Mix ``share`` of ``other`` into ``colour``."""
    pairs = [(int(colour[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in pairs)


def stylesheet(tokens: Tokens) -> str:
    """Fill the sheet with ``tokens``."""
    return _SHEET.substitute(asdict(tokens), accent_hover=_between(tokens.accent, tokens.text, 0.12))
