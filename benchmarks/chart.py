"""The chart: one bar per figure and arm, how many times as long ChatDesk takes, on a scale of doublings."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import log2

from benchmarks.figures import FLOOR, PEER, Figure

LOW, HIGH = -5.0, 5.0
"""The scale's ends as powers of two: 1/32 to 32 times."""

LEFT, WIDTH, ROW, TOP = 372, 560, 17, 46
COLOURS = {FLOOR: "#7b8494", PEER: "#2f6fed"}
WORDS = {FLOOR: "its floor", PEER: "a web page"}


def place(ratio: float) -> float:
    """Return where a ratio stands, in pixels from the left; what is off the scale stands at its end."""
    return LEFT + (min(max(log2(ratio), LOW), HIGH) - LOW) / (HIGH - LOW) * WIDTH


def bars(figures: Sequence[Figure]) -> list[tuple[str, str, float]]:
    """Return title, arm and ratio of every bar."""
    return [
        (figure.title, arm, figure.ratio(arm))
        for figure in figures
        for arm in (FLOOR, PEER)
        if arm in figure.arms
    ]


def chart(figures: Sequence[Figure]) -> str:
    """Draw an SVG that is readable on light and dark ground."""
    drawn = bars(figures)
    height = TOP + ROW * len(drawn) + 8
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 70} {height}" role="img"'
        ' font-family="system-ui, sans-serif" font-size="12">',
        "<title>How many times as long as its floor, and as a web page, ChatDesk takes</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        '<g fill="#1b1f27">',
        f'<text x="12" y="18" font-weight="600">ChatDesk takes … times what {WORDS[FLOOR]} takes (grey),'
        f" what {WORDS[PEER]} takes (blue); left of 1 it is quicker</text>",
    ]
    for power in range(int(LOW), int(HIGH) + 1):
        x, name = place(2.0**power), f"{2**power}" if power >= 0 else f"1/{2**-power}"
        shade, weight = ("#1b1f27", 1.5) if power == 0 else ("#d9dde4", 1)
        parts.append(
            f'<line x1="{x:.0f}" x2="{x:.0f}" y1="{TOP - 8}" y2="{height - 4}" stroke="{shade}"'
            f' stroke-width="{weight}"/><text x="{x:.0f}" y="{TOP - 12}" text-anchor="middle"'
            f' font-size="10">{name}</text>'
        )
    before = ""
    for number, (title, arm, ratio) in enumerate(drawn):
        y = TOP + ROW * number
        one, here = place(1.0), place(ratio)
        if title != before:
            parts.append(f'<text x="{LEFT - 10}" y="{y + 12}" text-anchor="end">{escape(title[:60])}</text>')
        before = title
        parts.append(
            f'<rect x="{min(one, here):.1f}" y="{y + 2}" width="{max(abs(here - one), 1):.1f}"'
            f' height="{ROW - 5}" rx="2" fill="{COLOURS[arm]}"/>'
        )
        side, anchor = (here + 5, "start") if ratio >= 1 else (here - 5, "end")
        parts.append(
            f'<text x="{side:.1f}" y="{y + 12}" text-anchor="{anchor}" font-size="10">{_number(ratio)}</text>'
        )
    return "\n".join([*parts, "</g>", "</svg>"]) + "\n"


def _number(ratio: float) -> str:
    return f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.2g}"
