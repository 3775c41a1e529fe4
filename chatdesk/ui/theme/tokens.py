"""The one table of colours; everything that is painted takes its colours from here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tokens:
    """Colours as ``#rrggbb``, named by what they are for.

    Every text colour keeps a contrast of at least 4.5:1 on each surface it is used on (WCAG 2.2, 1.4.3), and
    ``focus`` at least 3:1 (1.4.11); in ``HIGH_CONTRAST`` it is 7:1 (1.4.6) and 4.5:1. The tests compute it.
    """

    dark: bool
    window: str
    sidebar: str
    surface: str
    raised: str
    border: str
    border_strong: str
    text: str
    text_muted: str
    accent: str
    on_accent: str
    accent_soft: str
    selection: str
    hover: str
    bubble_user: str
    on_bubble_user: str
    code_background: str
    code_inline: str
    link: str
    danger: str
    on_danger: str
    success: str
    warning: str
    focus: str
    syntax_keyword: str
    syntax_function: str
    syntax_string: str
    syntax_number: str
    syntax_comment: str
    syntax_builtin: str


LIGHT = Tokens(
    dark=False,
    window="#fdfdfc",
    sidebar="#f4f3ef",
    surface="#ffffff",
    raised="#ffffff",
    border="#e3e1da",
    border_strong="#8a867c",
    text="#1f1e1b",
    text_muted="#625f57",
    accent="#0f6f67",
    on_accent="#ffffff",
    accent_soft="#dcefec",
    selection="#b9e0da",
    hover="#e9e7e1",
    bubble_user="#eeece6",
    on_bubble_user="#1f1e1b",
    code_background="#f6f5f2",
    code_inline="#eeece7",
    link="#0b628a",
    danger="#b3261e",
    on_danger="#ffffff",
    success="#19703f",
    warning="#835400",
    focus="#0f7d74",
    syntax_keyword="#8b2f8f",
    syntax_function="#1a5fb4",
    syntax_string="#1c6b2a",
    syntax_number="#9a4b00",
    syntax_comment="#69665e",
    syntax_builtin="#0b6670",
)

DARK = Tokens(
    dark=True,
    window="#1e1e1d",
    sidebar="#171716",
    surface="#272725",
    raised="#2c2c2a",
    border="#3a3a37",
    border_strong="#84827b",
    text="#ecebe6",
    text_muted="#aaa8a0",
    accent="#55bfb1",
    on_accent="#06211e",
    accent_soft="#1b3936",
    selection="#2a5c56",
    hover="#343431",
    bubble_user="#2f2f2c",
    on_bubble_user="#ecebe6",
    code_background="#171716",
    code_inline="#33332f",
    link="#7cc4ea",
    danger="#ff8a80",
    on_danger="#3b0906",
    success="#6fd195",
    warning="#efb95a",
    focus="#55bfb1",
    syntax_keyword="#d9a0e0",
    syntax_function="#86b8f5",
    syntax_string="#93d29f",
    syntax_number="#f0b079",
    syntax_comment="#9a978e",
    syntax_builtin="#71cdd6",
)

HIGH_CONTRAST = Tokens(
    dark=True,
    window="#000000",
    sidebar="#000000",
    surface="#000000",
    raised="#0a0a0a",
    border="#9a9a9a",
    border_strong="#ffffff",
    text="#ffffff",
    text_muted="#e0e0e0",
    accent="#ffd83d",
    on_accent="#000000",
    accent_soft="#2b2500",
    selection="#0b4a8f",
    hover="#262626",
    bubble_user="#1c1c1c",
    on_bubble_user="#ffffff",
    code_background="#161616",
    code_inline="#262626",
    link="#8fd3ff",
    danger="#ffb3ab",
    on_danger="#000000",
    success="#7df0a8",
    warning="#ffd27a",
    focus="#ffd83d",
    syntax_keyword="#f0b8ff",
    syntax_function="#a8d4ff",
    syntax_string="#a9f0b5",
    syntax_number="#ffcf99",
    syntax_comment="#d0d0d0",
    syntax_builtin="#8ff0fa",
)
