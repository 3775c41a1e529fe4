"""The engine as a state machine: Hypothesis chooses what happens, in virtual time.

What failed once is kept as a file, a step per line, and is played first in every later run: in the words of
``acts`` and not in Hypothesis's own, which another version of it could not read.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from chatdesk.store.worker import Worker
from tests.faults.extent import LONG, extent
from tests.faults.schedule import REGRESSIONS
from tests.unit.sync.acts import ACTS, USERS, WEIGHTS, Schedule
from tests.unit.sync.conftest import store_in_step
from tests.unit.sync.desk import Room

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
PAUSES = (0.0, 0.01, 0.05, 0.3, 1.0, 5.0, 40.0)
FORM = "engine-*.json"
OFTEN = [act for act, weight in zip(ACTS, WEIGHTS, strict=True) for _ in range(weight)]

Step = list[Any]
"""``[act, who, seed of the act's choices]``, ``["pause", seconds]`` or ``["heal"]``."""


class Play:
    """Instances in a room of their own, and every step so far."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._loop = asyncio.new_event_loop()
        self._patch = pytest.MonkeyPatch()
        self._patch.setattr(Worker, "run", store_in_step)
        self._home = tempfile.mkdtemp(prefix="engine-machine-", dir=MEMORY)
        self._schedule = Schedule(Room(Path(self._home), 1), 1)
        self._run(self._schedule.begin())

    def step(self, *step: Any) -> None:
        """Do one step and look at every screen."""
        self.steps.append([*step])
        match step:
            case ("heal",):
                self._run(self._schedule.heal())
                self._run(self._schedule.converged())
            case ("pause", float() | int() as seconds):
                self._run(self._schedule.room.clock.advance(seconds))
            case (str() as act, str() as who, int() as dice):
                self._schedule.random = Random(dice)
                self._run(ACTS[act](self._schedule, who))
        self.look()

    def look(self) -> None:
        """No screen was told nonsense."""
        assert [desk.mirror.faults for desk in self._schedule.desks.values()] == [[]] * len(USERS)

    def close(self) -> None:
        """Heal and compare for the last time, whatever came before."""
        try:
            self.step("heal")
        finally:
            self._run(self._schedule.room.close())
            self._loop.close()
            self._patch.undo()
            shutil.rmtree(self._home)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self._loop.run_until_complete(work)


class EngineMachine(RuleBasedStateMachine):
    """A play whose steps Hypothesis chooses."""

    last: ClassVar[list[Step]] = []
    """The steps of the newest play; after a failure that is the shortest one that fails."""

    def __init__(self) -> None:
        super().__init__()
        self.play = Play()
        EngineMachine.last = self.play.steps

    @rule(act=st.sampled_from(OFTEN), who=st.sampled_from(sorted(USERS)), dice=st.integers(0, 2**32 - 1))
    def something_happens(self, act: str, who: str, dice: int) -> None:
        self.play.step(act, who, dice)

    @rule(seconds=st.sampled_from(PAUSES))
    def time_passes(self, seconds: float) -> None:
        self.play.step("pause", seconds)

    @rule()
    def everything_heals(self) -> None:
        self.play.step("heal")

    @invariant()
    def no_screen_was_told_nonsense(self) -> None:
        self.play.look()

    def teardown(self) -> None:
        self.play.close()


def keep(steps: list[Step], directory: Path = REGRESSIONS) -> Path:
    """Write a play that failed where every later run finds it."""
    text = "[\n" + ",\n".join(json.dumps(step) for step in steps) + "\n]\n"
    directory.mkdir(exist_ok=True)
    path = directory / FORM.replace("*", hashlib.sha256(text.encode()).hexdigest()[:12])
    path.write_text(text, encoding="utf-8")
    return path


def replay(path: Path) -> None:
    """Play a file; raises what it raised."""
    play = Play()
    try:
        for step in json.loads(path.read_text("utf-8")):
            play.step(*step)
    finally:
        play.close()


@pytest.mark.parametrize("path", sorted(REGRESSIONS.glob(FORM)), ids=lambda path: str(path.stem))
def test_what_failed_once_holds(path: Path) -> None:
    replay(path)


def test_a_play_that_is_kept_is_the_play(tmp_path: Path) -> None:
    steps: list[Step] = [["write", "anna-1", 7], ["cut", "anna-2", 3], ["pause", 5.0], ["heal"]]
    path = keep(steps, tmp_path)
    replay(path)
    path.write_text(json.dumps([*steps, ["no such act", "anna-1", 1]]), encoding="utf-8")
    with pytest.raises(KeyError, match="no such act"):
        replay(path)


def test_whatever_happens_everybody_shows_what_the_server_holds() -> None:
    chosen = settings(
        max_examples=extent(12, 1000),
        stateful_step_count=extent(40, 80),
        derandomize=not LONG,
        phases=[Phase.generate, Phase.shrink] if LONG else [Phase.generate],  # shortening takes minutes
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(EngineMachine, settings=chosen)
    except BaseException as failure:
        failure.add_note(f"Kept as {keep(EngineMachine.last).name}; it is played first from now on.")
        raise
