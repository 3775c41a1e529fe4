"""The list of planted faults keeps up with the code it is about."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.faults import mutants
from tests.faults.mutant import Mutant
from tests.faults.mutants import ROOT, Verdict, chosen, judge, plant, table
from tests.faults.planted import MUTANTS

GUARANTEES = [*(f"G{number}" for number in range(1, 16)), "G18", "G19", "G20", "G21", "G23", "G24"]


def test_every_guarantee_has_a_planted_fault() -> None:
    assert {mutant.guarantee for mutant in MUTANTS} == set(GUARANTEES)
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.guarantee}: {mutant.name}")
def test_a_planted_fault_has_its_place_and_its_test(mutant: Mutant) -> None:
    text = (ROOT / mutant.file).read_text(encoding="utf-8")
    assert text.count(mutant.old) == 1
    assert mutant.new != mutant.old
    if mutant.file.endswith(".py"):
        ast.parse(text.replace(mutant.old, mutant.new))
    file, _, node = mutant.test.partition("::")
    tests = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    found = {
        part.name for part in ast.walk(tests) if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert not node or node.partition("[")[0] in found


def test_mutants_are_chosen_by_guarantee_or_by_name() -> None:
    assert [mutant.guarantee for mutant in chosen(["g19"])] == ["G19", "G19"]
    assert [mutant.guarantee for mutant in chosen(["jitter"])] == ["G23"]
    assert {mutant.guarantee for mutant in chosen(["G1"])} == {"G1"}
    assert chosen([]) == list(MUTANTS)
    assert chosen(["nothing like it"]) == []


def test_verdicts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "code.py").write_text("SIZE = 1\n")
    mutant = Mutant("G0", "another size", "code.py", "SIZE = 1", "SIZE = 2", "test_code.py")

    def ending(*codes: int) -> Verdict:
        left = list(codes)
        seen: list[str] = []

        def run(tree: Path, test: str) -> tuple[int, str]:
            seen.append((tree / "code.py").read_text())
            return left.pop(0), ""

        monkeypatch.setattr(mutants, "_run", run)
        verdict = judge(tmp_path, mutant)
        assert seen == ["SIZE = 1\n", "SIZE = 2\n"][: len(codes)]
        assert (tmp_path / "code.py").read_text() == "SIZE = 1\n"
        return verdict

    assert ending(0, 1).word == "caught"
    assert ending(0, 0).word == "SURVIVED"
    assert ending(0, 5).word == "pytest ended with 5"
    assert ending(1).word == "test fails without it"
    assert "| G0 | another size | test_code.py | caught |" in table([ending(0, 1)])
    (tmp_path / "code.py").write_text("SIZE = 1  # SIZE = 1\n")
    with pytest.raises(ValueError, match="2 times"):
        plant(tmp_path, mutant)
