"""Which libraries the program takes from the system, and whose package they are."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

DEBIAN = {
    "ld-linux-x86-64.so.2": "",
    "ld-linux-aarch64.so.1": "",
    "libc.so.6": "",  # its version is computed
    "libdl.so.2": "",
    "libm.so.6": "",
    "libpthread.so.0": "",
    "libresolv.so.2": "",
    "librt.so.1": "",
    "libutil.so.1": "",
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libX11.so.6": "libx11-6",
    "libbrotlicommon.so.1": "libbrotli1",
    "libbrotlidec.so.1": "libbrotli1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libgcc_s.so.1": "libgcc-s1",
    "libgio-2.0.so.0": "libglib2.0-0 | libglib2.0-0t64",
    "libglib-2.0.so.0": "libglib2.0-0 | libglib2.0-0t64",
    "libgobject-2.0.so.0": "libglib2.0-0 | libglib2.0-0t64",
    "libgthread-2.0.so.0": "libglib2.0-0 | libglib2.0-0t64",
    "libgomp.so.1": "libgomp1",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libstdc++.so.6": "libstdc++6",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-glx.so.0": "libxcb-glx0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}
"""Debian's package of each; empty for those of the C library."""

_ELF = b"\x7fELF"
_NEEDED = re.compile(r"^\s*NEEDED\s+(\S+)", re.MULTILINE)
_C_VERSION = re.compile(rb"\bGLIBC_2\.(\d+)\b")


def programs(folder: Path) -> list[Path]:
    """Every program and library below a folder."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                if file.read(4) == _ELF:
                    found.append(path)
    return found


def needed(folder: Path) -> set[str]:
    """The libraries that the programs below ``folder`` need and that are not there themselves.

    Raises ``SystemExit`` for one that no package is known for: the installers would miss it.
    """
    carried = {path.name for path in folder.rglob("*.so*")}
    wanted: set[str] = set()
    for path in programs(folder):
        told = subprocess.run(["objdump", "-p", str(path)], capture_output=True, text=True, check=True).stdout
        wanted |= set(_NEEDED.findall(told))
    wanted -= carried
    if unknown := sorted(wanted - DEBIAN.keys()):
        raise SystemExit(f"packaging/linux/libraries.py names no package for {', '.join(unknown)}.")
    return wanted


def c_library(folder: Path) -> str:
    """The oldest C library that the programs below ``folder`` run with."""
    return f"2.{max(int(v) for path in programs(folder) for v in _C_VERSION.findall(path.read_bytes()))}"


def deb_depends(folder: Path) -> list[str]:
    """The packages for a .deb."""
    packages = {DEBIAN[name] for name in needed(folder)} - {""}
    return [f"libc6 (>= {c_library(folder)})", *sorted(packages)]


def rpm_requires(folder: Path) -> list[str]:
    """The capabilities for an .rpm, which names libraries and not packages: distributions differ in those."""
    names = sorted(name for name in needed(folder) if DEBIAN[name])
    return [f"libc.so.6(GLIBC_{c_library(folder)})(64bit)", *(f"{name}()(64bit)" for name in names)]
