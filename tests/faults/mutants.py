"""Faults planted on purpose, at least one per guarantee, and the test that must catch each of them.

``make mutants``, or ``python -m tests.faults.mutants [-j N] [NAME ...]``: the project is copied, one fault is
planted in the copy, and its test must fail there after it passed without the fault. ``--list`` shows the
list; a name may be a guarantee (``G19``) or a part of a mutant's name. Ends with 1 when a fault survived.
"""

from __future__ import annotations

import argparse
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.mutant import FAULTS, Mutant
from tests.faults.planted import MUTANTS

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 240
_LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", "build", "dist", "*.egg-info"
)


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant; only ``caught`` is good."""

    mutant: Mutant
    word: str
    seconds: float
    shown: str = ""


def plant(tree: Path, mutant: Mutant) -> str:
    """Plant the fault in a copy of the project; return the file's text before."""
    path = tree / mutant.file
    text = path.read_text(encoding="utf-8")
    if text.count(mutant.old) != 1:
        raise ValueError(f"{mutant.file} holds {text.count(mutant.old)} times: {mutant.old}")
    path.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
    return text


def judge(tree: Path, mutant: Mutant) -> Verdict:
    """Run the mutant's test without and with the fault, in a copy of the project."""
    began = time.monotonic()
    code, shown = _run(tree, mutant.test)
    if code != 0:
        return Verdict(mutant, "test fails without it", time.monotonic() - began, shown)
    try:
        before = plant(tree, mutant)
    except ValueError as moved:
        return Verdict(mutant, "text not found", time.monotonic() - began, str(moved))
    try:
        code, shown = _run(tree, mutant.test)
    finally:
        (tree / mutant.file).write_text(before, encoding="utf-8")
    # 1: a test failed. Anything else (no test found, an error of pytest's) has shown nothing.
    word = "caught" if code == 1 else "SURVIVED" if code == 0 else f"pytest ended with {code}"
    return Verdict(mutant, word, time.monotonic() - began, shown)


def _run(tree: Path, test: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", test, "-x", "-q", "-p", "no:cacheprovider"]
    environment = {**os.environ, "PYTHONPATH": str(tree), "QT_QPA_PLATFORM": "offscreen"}
    environment.pop("CHATDESK_FAULTS", None)
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    process = subprocess.Popen(
        command,
        cwd=tree,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        shown, _ = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        process.communicate()
        return 1, f"not done after {SECONDS} s"
    return process.returncode, shown


@contextmanager
def copies(count: int) -> Iterator[queue.SimpleQueue[Path]]:
    """Make copies of the project, each for one test at a time."""
    with tempfile.TemporaryDirectory(prefix="chatdesk-mutants-") as home:
        trees: queue.SimpleQueue[Path] = queue.SimpleQueue()
        for number in range(count):
            tree = Path(home) / str(number)
            shutil.copytree(ROOT, tree, ignore=_LEFT_OUT, symlinks=True)
            trees.put(tree)
        yield trees


def judge_all(mutants: Sequence[Mutant], side_by_side: int) -> list[Verdict]:
    """Judge them, telling each verdict as it comes; the answer is in the order of the list."""

    with copies(min(side_by_side, len(mutants))) as trees:

        def one(mutant: Mutant) -> Verdict:
            tree = trees.get()
            try:
                verdict = judge(tree, mutant)
            finally:
                trees.put(tree)
            _tell(f"{verdict.word:>22}  {mutant.guarantee:<4} {mutant.name}  ({verdict.seconds:.0f} s)")
            return verdict

        with ThreadPoolExecutor(side_by_side) as pool:
            return list(pool.map(one, mutants))


def chosen(names: Sequence[str]) -> list[Mutant]:
    """Return the mutants of these guarantees, or whose name has one of these parts; all without names."""

    def wanted(mutant: Mutant) -> bool:
        return any(
            name.upper() == mutant.guarantee
            or (not re.fullmatch(r"[Gg]\d+", name) and name.lower() in mutant.name.lower())
            for name in names
        )

    return [mutant for mutant in MUTANTS if not names or wanted(mutant)]


def table(verdicts: Sequence[Verdict]) -> str:
    """The verdicts as a Markdown table."""
    lines = ["| G | Planted fault | Test | Verdict |", "|---|---|---|---|"]
    for verdict in verdicts:
        mutant = verdict.mutant
        test = mutant.test.removeprefix(f"{FAULTS}/")
        lines.append(f"| {mutant.guarantee} | {mutant.name} | {test} | {verdict.word} |")
    return "\n".join(lines)


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge the mutants that were asked for; return how the process should end."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a guarantee, or a part of a mutant's name")
    parser.add_argument("-j", type=int, default=1, metavar="N", help="how many tests side by side")
    parser.add_argument("--list", action="store_true", help="only show the list")
    options = parser.parse_args(arguments)
    mutants = chosen(options.names)
    if options.list or not mutants:
        for mutant in mutants:
            _tell(f"{mutant.guarantee:<4} {mutant.name}\n     {mutant.file}\n     {mutant.test}")
        return 0 if mutants else 2
    verdicts = judge_all(mutants, options.j)
    bad = [verdict for verdict in verdicts if verdict.word != "caught"]
    for verdict in bad:
        _tell(f"\n{verdict.mutant.guarantee} {verdict.mutant.name}: {verdict.word}\n{verdict.shown[-3000:]}")
    _tell("\n" + table(verdicts))
    _tell(f"\n{len(verdicts) - len(bad)} of {len(verdicts)} planted faults were caught.")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
