"""What holds for every test: quiet logs, an own home, no proxy, no network but loopback."""

from __future__ import annotations

import gc
import ipaddress
import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from PySide6.QtCore import QCoreApplication, QLocale, QTranslator
from PySide6.QtGui import QCursor, QGuiApplication
from pytestqt.qtbot import QtBot

from chatdesk.language import door
from chatdesk.providers import weights
from tests.support import stalls

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# Where nobody is meant to answer, nobody does; the tests of the built-in model make their own.
os.environ["CHATDESK_BUILT_IN"] = "off"
# Whoever runs the tests may read any language; the tests, and the programs they start, begin with English.
os.environ["LANG"] = "C.UTF-8"
for _name in [_name for _name in os.environ if _name == "LANGUAGE" or _name.startswith("LC_")]:
    del os.environ[_name]
for _name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
    os.environ.pop(_name, None)

# A widget that is collected in another thread than its own takes the process with it, so nothing is collected
# but by the fixture below, in the main thread. The application does the same.
gc.disable()

# The same examples in every run, and no deadline: a machine that is busy elsewhere fails no property.
settings.register_profile("house", deadline=None, derandomize=True, database=None)
settings.load_profile("house")

# What a test waits for may take long on a machine that is busy elsewhere; the default is five seconds.
for _wait in (QtBot.waitUntil, QtBot.waitSignal, QtBot.waitSignals, QtBot.waitExposed, QtBot.waitActive):
    assert _wait.__kwdefaults__ is not None
    _wait.__kwdefaults__["timeout"] = 30_000

MODEL_IS_HERE = weights.found(weights.places(Path(os.devnull))) is not None
# Its 93 MB are the only file that is fetched beside the packages, and the set-up goes on without it.
collect_ignore_glob = [] if MODEL_IS_HERE else ["*/test_built_in.py"]


def pytest_report_header() -> str:
    """Say whether the built-in model is tested."""
    return f"built-in model: {'here' if MODEL_IS_HERE else 'NOT FETCHED, so its own tests are left out'}"


_connect = socket.socket.connect


def _loopback_only(self: socket.socket, address: Any) -> None:
    if self.family in (socket.AF_INET, socket.AF_INET6):
        host = address[0]
        if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
            raise AssertionError(f"A test tried to reach {host}.")
    _connect(self, address)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Forget what an earlier run measured; a worker of several must not take it from the others."""
    if not hasattr(session.config, "workerinput"):
        stalls.clear()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how long the windows of the journeys made people wait."""
    if lines := stalls.table():
        terminalreporter.section("stalls of the windows (milliseconds)")
        for line in lines:
            terminalreporter.line(line)


@pytest.fixture(autouse=True, scope="module")
def _collect_between_modules() -> Iterator[None]:
    yield
    gc.collect()


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", _loopback_only)


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test may see, or leave anything in, the files of whoever runs it."""
    monkeypatch.setenv("CHATDESK_DATA", str(tmp_path_factory.mktemp("chatdesk-data")))
    # Nor may a notification come up on their desktop.
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
    for name in ("CHATDESK_MODEL", "CHATDESK_API_KEY", "CHATDESK_API_BASE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _same_language() -> Iterator[None]:
    """A process has one language, one way to write numbers, one set of Qt's texts; each test begins anew."""
    QLocale.setDefault(QLocale.system())
    yield
    door.put(door.SOURCE, None)
    QLocale.setDefault(QLocale.system())
    application = QCoreApplication.instance()
    for translator in application.findChildren(QTranslator) if application is not None else ():
        QCoreApplication.removeTranslator(translator)


@pytest.fixture(autouse=True)
def _mouse_at_its_place() -> Iterator[None]:
    """What a test moved the mouse to is nothing that the next one's window has under the mouse."""
    yield
    if isinstance(QCoreApplication.instance(), QGuiApplication):
        QCursor.setPos(10, 10)  # where it is in a new process


@pytest.fixture(autouse=True)
def _empty_clipboard() -> Iterator[None]:
    """No test pastes what another copied, and the process ends with an empty clipboard.

    The clipboard without a screen outlives Python, and letting go then of what was made in Python ends the
    process with a fault.
    """
    yield
    if isinstance(QCoreApplication.instance(), QGuiApplication):
        QGuiApplication.clipboard().clear()


@pytest.fixture(autouse=True)
def _no_error_logs(caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest) -> Iterator[None]:
    """An ERROR in the log fails the test, unless the test is marked ``errors_expected``."""
    yield
    if request.node.get_closest_marker("errors_expected"):
        return
    errors = [
        f"{record.name}: {record.getMessage()}"
        for phase in ("setup", "call")
        for record in caplog.get_records(phase)
        if record.levelno >= logging.ERROR
    ]
    assert errors == []


@pytest.fixture
def short_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory whose path is short enough for a socket's name."""
    return tmp_path_factory.mktemp("s")
