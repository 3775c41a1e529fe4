"""The result: ``docs/performance.md``, its chart, and the figures as JSON beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from benchmarks.chart import chart
from benchmarks.figures import CHATDESK, FLOOR, PEER, Figure, figure_from

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
"""Between these two lines of the page everything is written by ``make bench``."""

NOTHING: Mapping[str, str] = MappingProxyType({})

SHORT = ("delivery", "start", "memory", "open_talk", "append", "search", "idle")
"""The figures that the README shows."""


def number(value: float) -> str:
    """Write a value with three significant figures, thousands apart."""
    if value >= 1000:
        return f"{value:,.0f}"
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"


def cell(figure: Figure, arm: str) -> str:
    if arm not in figure.arms:
        return "not measured" if arm in figure.absent else "–"
    low, high = figure.spread(arm)
    return f"{number(figure.middle(arm))} · **{figure.ratio(arm):.2f}×** ({low:.2g}–{high:.2g})"


def table(figures: Sequence[Figure], failed: Mapping[str, str] = NOTHING) -> list[str]:
    """Return the table: medians, and ratios as the median (least to greatest) of the rounds.

    ``failed``: the measures that came to nothing, and why; a row for each.
    """
    lines = [
        "| measure | unit | ChatDesk p50 | p95 | its floor · ratio | a web page · ratio | target |",
        "| --- | --- | ---: | ---: | --- | --- | --- |",
    ]
    for figure in figures:
        verdict = ", ".join(figure.verdicts())
        lines.append(
            f"| {figure.title} | {figure.unit} | {number(figure.middle())} | {number(figure.high())}"
            f" | {cell(figure, FLOOR)} | {cell(figure, PEER)} | {verdict} |"
        )
    for name, reason in failed.items():
        lines.append(f"| {name} |  | – | – | – | – | not measured: {reason.replace('|', '/')} |")
    return lines


def legend(figures: Sequence[Figure]) -> list[str]:
    """Say what each floor is, and what was measured beside floor and peer."""
    lines = []
    for figure in figures:
        words = [figure.labels.get(FLOOR, "")] if FLOOR in figure.arms else []
        text = f"- **{figure.title}**: floor: {words[0]}." if words and words[0] else ""
        more = [
            f" {figure.labels.get(arm, arm)}: {number(figure.middle(arm))} {figure.unit}"
            f" ({figure.ratio(arm):.2f}×)."
            for arm in figure.others
            if arm not in (FLOOR, PEER)
        ]
        text += "".join(more)
        if figure.note:
            text += f" {figure.note}"
        if text:
            lines.append(text if text.startswith("-") else f"- **{figure.title}**:{text}")
    return lines


def stages(figures: Sequence[Figure]) -> list[str]:
    """Return where the time of a delivery goes."""
    lines: list[str] = []
    names = {CHATDESK: "ChatDesk", FLOOR: "floor", PEER: "web page"}
    for figure in figures:
        if figure.stages:
            lines += [f"### {figure.title}, by stage (medians, {figure.unit})", ""]
            for arm, parts in figure.stages.items():
                told = " → ".join(f"{name} {value:.2f}" for name, value in parts.items())
                lines.append(f"- {names.get(arm, arm)}: {told}")
            lines.append("")
    return lines


def measured(
    figures: Sequence[Figure], machine: Mapping[str, object], failed: Mapping[str, str] = NOTHING
) -> str:
    """Return the part of the page that the figures make."""
    facts = (
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']},"
        f" Python {machine['python']}; load at the start {machine['load']},"
        f" calibration {machine['spin_ms']} ms."
    )
    words = [word for figure in figures for word in figure.verdicts()]
    met, judged = sum(word.startswith("met") for word in words), len(words)
    parts = [
        BEGIN,
        "",
        f"Measured on {machine['date']}: {facts} {met} of {judged} targets met.",
        "",
        "![How many times as long as its floor and as a web page ChatDesk takes](images/performance.svg)",
        "",
        *table(figures, failed),
        "",
        *stages(figures),
        "What the floors are:",
        "",
        *legend(figures),
        "",
        END,
    ]
    return "\n".join(parts)


def short(figures: Sequence[Figure]) -> str:
    """Return the few lines of the table that the README shows."""
    lines = [BEGIN, "", "| | ChatDesk | its floor | a web page |", "| --- | ---: | ---: | ---: |"]
    for figure in figures:
        if figure.key in SHORT:
            lines.append(
                f"| {figure.title} | {number(figure.middle())} {figure.unit} | {_times(figure, FLOOR)}"
                f" | {_times(figure, PEER)} |"
            )
    return "\n".join([*lines, "", END])


def _times(figure: Figure, arm: str) -> str:
    if arm not in figure.arms:
        return "–"
    return f"{number(figure.middle(arm))} {figure.unit} ({figure.ratio(arm):.2g}×)"


def put(page: Path, made: str) -> None:
    """Write ``made`` over what stands between the two lines of a page; a page without them stays."""
    before, found, rest = page.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    if found:
        page.write_text(before + made + after, "utf-8")


def write(
    figures: Sequence[Figure],
    machine: Mapping[str, object],
    docs: Path,
    readme: Path | None = None,
    failed: Mapping[str, str] = NOTHING,
) -> None:
    """Put the figures into the pages, the chart and ``performance.json``."""
    put(docs / "performance.md", measured(figures, machine, failed))
    if readme is not None:
        put(readme, short(figures))
    (docs / "images" / "performance.svg").write_text(chart(figures), "utf-8")
    content = {
        "machine": dict(machine),
        "failed": dict(failed),
        "figures": [figure.as_json() for figure in figures],
    }
    (docs / "performance.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")


def read(path: Path) -> list[Figure]:
    """Return the figures of an earlier run."""
    return [figure_from(each) for each in json.loads(path.read_text("utf-8"))["figures"]]
