"""Builds ChatDesk for the system that it runs on: ``python packaging/build.py``.

The result is the folder ``dist/chatdesk`` (on macOS ``dist/ChatDesk.app`` too). With ``--installers`` the
system's installers follow in ``dist/installers``. It needs the environment of ``requirements-build.lock``;
``make package`` sets that up.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
WORK = ROOT / "build" / "package"
DIST = ROOT / "dist"

sys.path[:0] = [str(ROOT), str(HERE)]

import drawings  # noqa: E402
import installers  # noqa: E402
import licences  # noqa: E402

from chatdesk import __version__  # noqa: E402


def main() -> int:
    """Build what the command line asks for; returns the exit status."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--installers", action="store_true", help="make the system's installers as well")
    options.add_argument(
        "--only-installers", action="store_true", help="make them from what was built before"
    )
    options.add_argument("--only-sums", action="store_true", help="sum up the installers again, once signed")
    options.add_argument(
        "--model",
        type=Path,
        metavar="GGUF",
        help="put the built-in model's file in (98 MB); without it the settings offer to download it",
    )
    options.add_argument(
        "--without-model-runtime", action="store_true", help="leave out what runs a built-in model"
    )
    options.add_argument("--update-url", default="", help="where this copy asks for a newer version")
    options.add_argument(
        "--update-key", default="", help="the public key of the answers (packaging/release.py makes one)"
    )
    chosen = options.parse_args()
    if chosen.only_sums:
        installers.write_sums(DIST / "installers")
        return 0
    if not chosen.only_installers:
        prepare(chosen.update_url, chosen.update_key)
        freeze(chosen.model, runtime=not chosen.without_model_runtime)
    if chosen.installers or chosen.only_installers:
        for made in installers.make(DIST, WORK, __version__):
            sys.stdout.write(f"{made.relative_to(ROOT)}: {made.stat().st_size / 1e6:.1f} MB\n")
    return 0


def prepare(update_url: str, update_key: str) -> None:
    """Make what goes in besides the code: icons, licences, version, where updates are told."""
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    drawings.draw(ROOT / "resources" / "icons" / "chatdesk.svg", WORK)
    licences.gather(WORK / "licences")
    shutil.copy(ROOT / "LICENSE", WORK / "licences" / "ChatDesk-LICENSE.txt")
    release = json.loads((ROOT / "resources" / "release.json").read_text("utf-8"))
    release["url"] = update_url or release["url"]
    release["key"] = update_key or release["key"]
    (WORK / "release.json").write_text(json.dumps(release, indent=1) + "\n", "utf-8")
    (WORK / "version.txt").write_text(windows_version(__version__), "utf-8")


def freeze(model: Path | None, *, runtime: bool) -> None:
    """Run PyInstaller."""
    environment = {
        **os.environ,
        "CHATDESK_PACKAGE_WORK": str(WORK),
        "CHATDESK_PACKAGE_MODEL_RUNTIME": "1" if runtime else "0",
        # The same input gives the same order of names inside.
        "PYTHONHASHSEED": "1",
    }
    if model is not None:
        if not model.is_file():
            raise SystemExit(f"{model} is not there.")
        environment["CHATDESK_PACKAGE_WEIGHTS"] = str(model.resolve())
    began = time.monotonic()
    subprocess.run(
        [
            sys.executable,
            "-m",
            "PyInstaller",
            str(HERE / "chatdesk.spec"),
            "--noconfirm",
            "--log-level=WARN",
            f"--distpath={DIST}",
            f"--workpath={WORK / 'pyinstaller'}",
        ],
        check=True,
        env=environment,
        cwd=ROOT,
    )
    took = time.monotonic() - began
    sys.stdout.write(f"dist/chatdesk: {size_of(DIST / 'chatdesk') / 1e6:.0f} MB, built in {took:.0f} s\n")


def size_of(folder: Path) -> int:
    """Bytes in the files below ``folder``."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def windows_version(version: str) -> str:
    """What Windows shows as the program's details, in PyInstaller's form."""
    numbers = [int("".join(filter(str.isdigit, part)) or 0) for part in version.split(".")][:4]
    quad = tuple(numbers + [0] * (4 - len(numbers)))
    strings = {
        "CompanyName": "ChatDesk contributors",
        "FileDescription": "ChatDesk",
        "FileVersion": version,
        "InternalName": "ChatDesk",
        "LegalCopyright": "MIT licence",
        "OriginalFilename": "ChatDesk.exe",
        "ProductName": "ChatDesk",
        "ProductVersion": version,
    }
    lines = ",\n      ".join(f"StringStruct({key!r}, {value!r})" for key, value in strings.items())
    return f"""VSVersionInfo(
  ffi=FixedFileInfo(filevers={quad}, prodvers={quad}, mask=0x3f, flags=0x0, OS=0x40004, fileType=0x1,
                    subtype=0x0, date=(0, 0)),
  kids=[
    StringFileInfo([StringTable('040904B0', [
      {lines}])]),
    VarFileInfo([VarStruct('Translation', [1033, 1200])])
  ]
)
"""


if __name__ == "__main__":
    sys.exit(main())
