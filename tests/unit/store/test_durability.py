"""What was accepted is on the disk: through kill -9, and by counting what reaches it."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from chatdesk.domain.mutation import OutboxState
from tests.unit.store.processes import instance, line
from tests.unit.store.rows import opened

STRACE = "strace"


async def test_every_accepted_change_survives_a_kill(tmp_path: Path) -> None:
    accepted: list[str] = []
    for wanted in (1, 7, 40):
        with instance(tmp_path, "enqueue", 10_000) as process:
            assert line(process) == "slot 0"
            accepted += [line(process) for _ in range(wanted)]
            process.send_signal(signal.SIGKILL)
            rest, _ = process.communicate(timeout=30)
            accepted += [text for text in rest.split("\n")[:-1] if text]
    async with opened(tmp_path) as store:
        entries = await store.outbox()
        assert store.recovered == ()
        assert set(accepted) <= {entry.mutation.id for entry in entries}
        assert {entry.state for entry in entries} == {OutboxState.WAITING}
        # At most the one that was being accepted at each kill is unknown to the outside.
        assert len(entries) <= len(accepted) + 3
        assert [e.mutation.id for e in entries if e.mutation.id in set(accepted)] == accepted


def _killed_at_sync(number: int, trace: Path) -> list[str]:
    """The command line that lets a process be killed as it enters its n-th sync to the disk."""
    inject = f"inject=fdatasync,fsync:signal=KILL:when={number}"
    return [STRACE, "-f", "-qq", "-o", str(trace), "-e", "trace=fdatasync,fsync", "-e", inject]


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 6])
async def test_a_kill_at_any_sync_loses_nothing(tmp_path: Path, number: int) -> None:
    async with opened(tmp_path):
        pass  # the files are there, so the first sync of the child belongs to its first change
    with instance(tmp_path, "enqueue", 20, _killed_at_sync(number, tmp_path / "trace")) as process:
        out, _ = process.communicate(timeout=30)
    accepted = [text for text in out.split("\n") if text and not text.startswith("slot")]
    assert len(accepted) < 20
    async with opened(tmp_path) as store:
        known = [entry.mutation.id for entry in await store.outbox()]
        assert store.recovered == ()
        assert known[: len(accepted)] == accepted
        assert len(known) <= len(accepted) + 1


def test_every_accept_reaches_the_disk(tmp_path: Path) -> None:
    def syncs(count: int, directory: Path) -> int:
        trace = tmp_path / f"trace-{count}"
        before = [STRACE, "-f", "-qq", "-o", str(trace), "-e", "trace=fdatasync,fsync"]
        with instance(directory, "enqueue", count, before) as process:
            process.communicate(timeout=60)
            assert process.returncode == 0
        return len(re.findall(r"f(?:data)?sync\(", trace.read_text()))

    none = syncs(0, tmp_path / "first")
    some = syncs(20, tmp_path / "second")
    # The journal, the database, and the journal cut off again, which synchronous=NORMAL leaves out.
    assert some - none >= 20 * 4
