"""The launcher of PostgreSQL: closed without a password, gone with its parent, back after a kill."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from chatdesk.localbackend.postgres import Cluster, ClusterFailed

PASSWORDS = {"supabase_admin": "first'one", "postgres": "second"}
FAST = {"fsync": "off"}
DEADLINE = 30.0


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "private" / "pg"


@pytest.fixture
def cluster(home: Path) -> Iterator[Cluster]:
    made = Cluster(home, settings=FAST)
    made.prepare(PASSWORDS)
    yield made
    made.stop()


async def connect(cluster: Cluster, role: str, password: str) -> asyncpg.Connection:
    return await asyncpg.connect(
        host=cluster.host, port=cluster.port, user=role, password=password, database="postgres"
    )


async def answer(cluster: Cluster, query: str, role: str = "supabase_admin") -> object:
    connection = await connect(cluster, role, PASSWORDS[role])
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def pid_of(cluster: Cluster) -> int:
    pid = cluster.pid
    assert pid is not None
    return pid


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        with contextlib.suppress(OSError):
            if ") Z" in Path(f"/proc/{pid}/stat").read_text("utf-8", "replace"):
                return  # ended; a container without an init never collects it
        time.sleep(0.02)
    raise AssertionError(f"process {pid} is still there")


async def test_starts_serves_and_keeps_rows_over_a_restart(cluster: Cluster) -> None:
    cluster.start()
    assert cluster.alive
    assert pid_of(cluster) > 0
    connection = await connect(cluster, "supabase_admin", PASSWORDS["supabase_admin"])
    await connection.execute("create table kept(n int); insert into kept values (7)")
    assert await connection.fetchval("select lower('ÄÖ')") == "äö"
    assert await connection.fetchval("show server_version_num") >= "180000"
    await connection.close()
    cluster.stop()
    assert cluster.pid is None
    cluster.stop()
    cluster.prepare(PASSWORDS)
    cluster.start()
    assert await answer(cluster, "select n from kept") == 7


async def test_a_launched_server_is_stopped_whether_ready_or_not(cluster: Cluster, home: Path) -> None:
    with pytest.raises(ClusterFailed, match="not been started"):
        cluster.wait_ready()
    cluster.launch()
    pid = pid_of(cluster)
    with pytest.raises(ClusterFailed, match="running already"):
        cluster.launch()
    cluster.stop()
    wait_until_gone(pid)
    assert not (home / "data" / "postmaster.pid").exists()
    cluster.launch()
    cluster.wait_ready()
    assert await answer(cluster, "select 1") == 1


async def test_no_role_gets_in_without_its_password(cluster: Cluster) -> None:
    cluster.start()
    assert await answer(cluster, "select current_user", "postgres") == "postgres"
    assert await answer(cluster, "select rolsuper from pg_roles where rolname = 'postgres'") is False
    for wrong in ("", "wrong", PASSWORDS["postgres"]):
        with pytest.raises(asyncpg.InvalidPasswordError):
            await connect(cluster, "supabase_admin", wrong)


async def test_changed_passwords_are_reset_without_the_old_ones(cluster: Cluster, home: Path) -> None:
    cluster.start()
    cluster.stop()
    again = Cluster(home, settings=FAST)
    again.prepare({**PASSWORDS, "supabase_admin": "third"})
    again.start()
    try:
        with pytest.raises(asyncpg.InvalidPasswordError):
            await connect(again, "supabase_admin", PASSWORDS["supabase_admin"])
        await (await connect(again, "supabase_admin", "third")).close()
        with pytest.raises(ClusterFailed):
            again.prepare(PASSWORDS)
    finally:
        again.stop()


async def test_only_a_private_socket_is_open(cluster: Cluster, home: Path) -> None:
    cluster.start()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE(Path(cluster.host).stat().st_mode) == 0o700
    assert len(cluster.host) + len("/.s.PGSQL.5432.lock") < 100
    assert await answer(cluster, "show listen_addresses") == ""
    assert not any("first" in path.read_text("utf-8", "replace") for path in (cluster.log,))


def test_a_stopped_cluster_leaves_no_socket_directory_behind(tmp_path: Path) -> None:
    far = tmp_path / ("long" * 30) / "pg"
    cluster = Cluster(far, settings=FAST)
    cluster.prepare(PASSWORDS)
    cluster.start()
    place = Path(cluster.host)
    assert place.is_dir()
    cluster.stop()
    assert not place.exists()


async def test_temporary_files_deep_down_are_no_place_for_a_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("deep" * 20)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    cluster = Cluster(deep / "pg", settings=FAST)
    cluster.prepare(PASSWORDS)
    cluster.start()
    try:
        assert await answer(cluster, "select 1") == 1
    finally:
        cluster.stop()


async def test_a_killed_server_recovers(cluster: Cluster) -> None:
    cluster.start()
    connection = await connect(cluster, "supabase_admin", PASSWORDS["supabase_admin"])
    await connection.execute("create table kept(n int)")
    await connection.execute("insert into kept values (7)")
    killed = pid_of(cluster)
    os.kill(killed, signal.SIGKILL)
    connection.terminate()
    wait_until_gone(killed)
    assert cluster.pid is None
    cluster.start()
    assert await answer(cluster, "select n from kept") == 7


OWNER = """
import sys, pathlib
from chatdesk.localbackend.postgres import Cluster
cluster = Cluster(pathlib.Path(sys.argv[1]), settings={"fsync": "off"})
cluster.prepare({"supabase_admin": "first'one", "postgres": "second"})
cluster.start()
print(cluster.pid, flush=True)
sys.stdin.read()
"""


def server_of_a_killed_owner(home: Path) -> int:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        owner.kill()
        owner.wait()
    return pid


async def test_a_killed_owner_takes_the_server_with_it(home: Path) -> None:
    pid = server_of_a_killed_owner(home)
    heir = Cluster(home, settings=FAST)
    heir.prepare(PASSWORDS)
    heir.start()  # at once: the old server may still be shutting down
    try:
        assert await answer(heir, "select 1") == 1
        wait_until_gone(pid)
        assert heir.alive
    finally:
        heir.stop()


async def test_an_orphan_is_ended_and_a_strangers_number_ignored(cluster: Cluster, home: Path) -> None:
    cluster.start()
    pid = pid_of(cluster)
    heir = Cluster(home, settings=FAST)
    heir.start()
    wait_until_gone(pid)
    heir.stop()
    stale = home / "data" / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{home / 'data'}\n0\n5432\n\n\n\nready\n", "ascii")
    heir.start()
    assert await answer(heir, "select 1") == 1
    heir.stop()


def test_a_half_made_cluster_is_made_again(home: Path) -> None:
    (home / "data.new" / "base").mkdir(parents=True)
    cluster = Cluster(home, settings=FAST)
    cluster.prepare(PASSWORDS)
    assert (home / "data" / "PG_VERSION").is_file()
    assert not (home / "data.new").exists()


def test_failures_are_told_in_postgresqls_words(cluster: Cluster, home: Path, tmp_path: Path) -> None:
    broken = Cluster(home, settings={**FAST, "shared_buffers": "nonsense"})
    with pytest.raises(ClusterFailed, match="shared_buffers"):
        broken.start()
    with pytest.raises(ClusterFailed, match="not in"):
        Cluster(tmp_path / "other", binaries=tmp_path / "nowhere").prepare(PASSWORDS)
    (home / "data" / "PG_VERSION").write_text("12\n", "ascii")
    with pytest.raises(ClusterFailed, match="made by PostgreSQL 12, this is 18"):
        cluster.prepare({**PASSWORDS, "postgres": "other"})
    with pytest.raises(ClusterFailed, match="made by PostgreSQL 12, this is 18"):
        cluster.start()
    assert not cluster.alive
