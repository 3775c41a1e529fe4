"""A private session bus with a real GNOME Keyring on it, far from the user's own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PASSWORD = b"a keyring for tests"


@dataclass
class SecretService:
    """A running bus; ``environment`` is what a program needs to find it."""

    home: Path
    environment: Mapping[str, str]
    bus: subprocess.Popen[bytes]
    daemons: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def unlock(self) -> None:
        """Start the keyring daemon with its login collection open (created at the first time)."""
        daemon = subprocess.Popen(
            ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"],
            env=dict(self.environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.daemons.append(daemon)
        assert daemon.stdin is not None
        daemon.stdin.write(PASSWORD)
        daemon.stdin.close()
        self._wait_for_name()

    def stop_daemon(self) -> None:
        """End the keyring daemon; the bus stays, and starts a locked one when somebody asks."""
        for daemon in self.daemons:
            _end(daemon)
        self.daemons.clear()

    def stop(self) -> None:
        self.stop_daemon()
        _end(self.bus)

    def run(self, *command: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run another program on this bus."""
        return subprocess.run(
            command,
            env=dict(self.environment),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def _wait_for_name(self) -> None:
        """Wait on the bus's own signal that the service has its name."""
        done = self.run("gdbus", "wait", "--session", "--timeout", "20", "org.freedesktop.secrets")
        assert done.returncode == 0, done.stderr


@contextmanager
def secret_service(directory: Path, *, unlocked: bool = True) -> Iterator[SecretService]:
    """Run a bus, and unless ``unlocked`` is False a keyring, with home and sockets below ``directory``."""
    home, runtime = directory / "home", directory / "run"
    for path in (home / ".local" / "share", runtime):
        path.mkdir(parents=True, mode=0o700)
    runtime.chmod(0o700)
    environment = {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
        "XDG_RUNTIME_DIR": str(runtime),
        "LC_ALL": "C.UTF-8",
    }
    bus = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address=1"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    service = SecretService(home, environment, bus)
    try:
        assert bus.stdout is not None
        address = bus.stdout.readline().decode().strip()
        assert address, "The session bus did not start."
        service.environment = {**environment, "DBUS_SESSION_BUS_ADDRESS": address}
        if unlocked:
            service.unlock()
        yield service
    finally:
        service.stop()


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
