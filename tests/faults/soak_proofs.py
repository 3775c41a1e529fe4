"""The guarantees whose proofs are tests of their own, told as lines of the page.

Each is run by pytest in its long form when its share of the time allows that, in its short form otherwise;
what it reported (``tests.faults.extent.report``) is the load.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.process import ROOT
from tests.faults.results import Result

Report = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Proof:
    """``long_seconds`` is what the long form takes on two cores; ``load`` tells what the reports hold."""

    guarantee: str
    promise: str
    accept: str
    tests: str
    long_seconds: float
    load: Callable[[Report], str]
    beside: bool = False
    """It waits most of the time, so it runs while others do."""
    workers: int = 0
    """Processes among which its tests are shared in the long form."""


def total(reports: Report, name: str) -> int:
    return sum(int(each[name]) for each in reports if name in each)


def most(reports: Report, name: str) -> float:
    return max((float(each[name]) for each in reports if name in each), default=0.0)


PROOFS: tuple[Proof, ...] = (
    Proof(
        "G1 sweep",
        "an accepted message is never lost",
        "a kill at each write and each sync",
        "test_g01_accepted.py::test_a_kill_at_a_chosen_call_loses_nothing",
        80,
        lambda r: f"{total(r, 'killed')} kills at chosen calls, {total(r, 'accepted')} accepts",
    ),
    Proof(
        "G11",
        "token expiry is invisible",
        "1 h of tokens of 10 s, server clock +-5 min; 0 joins with an expired token",
        "test_g11_token_expiry.py",
        4200,
        lambda r: (
            f"{total(r, 'renewals')} renewals, {total(r, 'texts')} texts, {total(r, 'cuts')} cuts, "
            f"{total(r, 'expired_joins')} joins with an expired token"
        ),
        beside=True,
        workers=3,
    ),
    Proof(
        "G12",
        "instances do not sign each other out",
        "30 min, 8 instances, SIGSTOP through >= 2 rotations; 0 sign-outs, 0 'Already Used'",
        "test_g12_one_refresh.py",
        1800,
        lambda r: (
            f"8 windows, {total(r, 'renewals')} renewals, {total(r, 'tokens')} tokens handed out, "
            f"{total(r, 'already_used')} spent tokens shown"
        ),
        beside=True,
    ),
    Proof(
        "G13",
        "a restart keeps the session, also offline",
        "100 of 100 starts",
        "test_g13_restart.py",
        120,
        lambda r: f"{total(r, 'kept'):,} of {total(r, 'restarts'):,} starts in bad networks",
    ),
    Proof(
        "G14",
        "no subscription leak",
        "10,000 switches; 1 websocket, <= 3 channels, 0 joins during the run",
        "test_g14_no_leak.py",
        470,
        lambda r: (
            f"{total(r, 'switches'):,} switches, {total(r, 'joins')} joins, "
            f"at most {most(r, 'most_channels'):.0f} channels"
        ),
    ),
    Proof(
        "G18",
        "bad local files are survived",
        "1,000 runs, 0 crashes, usable <= 5 s",
        "test_g18_bad_local_files.py",
        150,
        lambda r: f"{len(r):,} damaged files, usable after {most(r, 'seconds'):.1f} s at most",
    ),
    Proof(
        "G19",
        "a full or read-only disk is told honestly",
        "ENOSPC and EIO at each write; 0 half-accepted",
        "test_g19_full_disk.py",
        500,
        lambda r: f"{len(r):,} failing disks, {total(r, 'refused'):,} refusals, 0 half-accepted",
    ),
    Proof(
        "G20",
        "the clock does not matter",
        "+-1 day, daylight saving, 8 h asleep, time zones, tr_TR",
        "test_g20_clocks.py",
        60,
        lambda r: f"{total(r, 'jumps'):,} jumps of the clock, {total(r, 'nights'):,} nights",
    ),
    Proof(
        "G21",
        "the embedded server is safe to kill",
        "ready <= 5 s, converged <= 15 s, exactly 1 server, 0 acknowledged rows lost",
        "test_g21_embedded_server.py",
        300,
        lambda r: (
            f"{total(r, 'kills')} kills, {total(r, 'acknowledged'):,} acknowledged rows, "
            f"{total(r, 'rounds')} rounds of ten starts at once, ready after {most(r, 'ready'):.1f} s, "
            f"converged after {most(r, 'converged'):.1f} s at most"
        ),
    ),
    Proof(
        "G23",
        "the herd returns calmly",
        "200 clients converged <= 60 s, <= 50 joins/s, 0 refused",
        "test_g23_herd.py",
        200,
        lambda r: (
            f"{most(r, 'clients'):.0f} clients back after {most(r, 'converged'):.0f} s, "
            f"{most(r, 'joins_per_second'):.0f} joins/s, {total(r, 'refused')} refused"
        ),
    ),
    Proof(
        "G24",
        "an upgrade loses nothing",
        "an older outbox, a kill at each statement, a newer server; 0 lost",
        "test_g24_upgrade.py",
        30,
        lambda r: (
            f"{total(r, 'kept_entries')} entries of an older version, {total(r, 'upgrade_kills')} kills, "
            f"{total(r, 'unknown_fields')} unknown fields"
        ),
    ),
)


async def proven(proof: Proof, seconds: float) -> Result:
    """Run the tests of ``proof``, in long form if that takes no more than ``seconds``."""
    with tempfile.TemporaryDirectory() as home:
        told = Path(home) / "reports"
        form = "long" if proof.long_seconds <= seconds else "short"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"),
            *(("-n", str(proof.workers)) if form == "long" and proof.workers else ()),
            f"tests/faults/{proof.tests}",
            cwd=ROOT,
            env={**os.environ, "CHATDESK_FAULTS": form, "CHATDESK_FAULTS_REPORT": str(told)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        reports = [json.loads(line) for line in told.read_text("utf-8").splitlines()] if told.exists() else []
    load = proof.load(reports) + ("" if form == "long" else " (short form)")
    row = Result(proof.guarantee, proof.promise, load, proof.accept)
    if process.returncode != 0:
        row.complaints.append(output.decode("utf-8", "replace").strip().splitlines()[-1])
        print(output.decode("utf-8", "replace"))  # noqa: T201
    return row
