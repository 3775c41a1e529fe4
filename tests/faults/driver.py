"""The long way of proving: instances, seeded load, seeded faults, then heal, quiet, compare."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.faults.core import digest
from tests.faults.process import CoreDied, CoreFailed, CoreProcess
from tests.faults.rig import Rig, User, until
from tests.faults.schedule import CALM, STORM, Fault, Rates

MOST_SECONDS = 90.0
"""After the heal; whoever is not there by then diverges."""


@dataclass(frozen=True)
class Plan:
    """What a run does. ``writes_per_second`` is per instance, ``offset`` spreads the cores' clocks."""

    seed: int
    instances: int = 4
    processes: int = 2
    seconds: float = 8.0
    quiet: float = 1.0
    conversations: int = 4
    writes_per_second: float = 3.0
    rates: Rates = STORM
    disasters: tuple[Fault, ...] = (
        Fault.CLOSE_1000,
        Fault.CLOSE_1001,
        Fault.CLOSE_1006,
        Fault.CLOSE_1011,
        Fault.CLOSE_1012,
        Fault.OUTAGE,
        Fault.KILL,
        Fault.STOP,
        Fault.HALF_OPEN,
        Fault.DATABASE_CUT,
    )
    disaster_every: float = 1.0
    offset: float = 0.0


@dataclass
class Outcome:
    """What a run showed.

    ``converged`` is, per instance, how many seconds after the heal it had sent all of its own, or after a
    later change of the truth it showed that, whichever is longer.
    """

    plan: Plan
    accepted: int = 0
    unanswered: int = 0
    """Sends whose acceptance was cut off by a kill: the row may exist or not."""

    meant: set[str] = field(default_factory=set)
    """Messages whose deletion was asked for: a kill may come between its acceptance and the word of it."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    divergent: list[str] = field(default_factory=list)
    broken_rules: list[str] = field(default_factory=list)
    refused: int = 0
    injected: Counter[Fault] = field(default_factory=Counter)
    converged: list[float] = field(default_factory=list)
    half_open: list[float] = field(default_factory=list)
    """Of the instances which had a connection without a FIN when the heal came."""

    stall: float = 0.0
    watchdog: int = 0
    messages: int = 0

    @property
    def good(self) -> bool:
        return not (self.lost or self.doubled or self.divergent or self.broken_rules)

    def complaint(self) -> str:
        """What is wrong, with the seed that makes it again."""
        return (
            f"seed {self.plan.seed}: lost {self.lost[:5]}, doubled {self.doubled[:5]}, "
            f"divergent {self.divergent[:5]}, rules {self.broken_rules[:5]}"
        )


@dataclass
class Instance:
    """A core, where it runs, and who uses it."""

    name: str
    user: User
    process: CoreProcess
    options: dict[str, Any]
    draws: Random

    async def ask(self, do: str, **options: Any) -> Any:
        return await self.process.ask(self.name, do, **options)


class Convergence:
    """One run of a plan on a rig."""

    def __init__(self, rig: Rig, plan: Plan) -> None:
        self.rig = rig
        self.plan = plan
        self.outcome = Outcome(plan)
        self.instances: list[Instance] = []
        self.talks: dict[str, list[str]] = {}
        self._draws = Random(f"{plan.seed}/disasters")
        self._busy: set[CoreProcess] = set()
        self._texts = 0

    async def run(self) -> Outcome:
        """Begin, storm, heal, compare."""
        await self._begin()
        self.rig.schedule.rates = self.plan.rates
        async with asyncio.TaskGroup() as group:
            ends = asyncio.get_running_loop().time() + self.plan.seconds
            for instance in self.instances:
                group.create_task(self._load(instance, ends))
            group.create_task(self._disasters(ends))
        await self._heal()
        await self._compare()
        self.outcome.injected = self.rig.schedule.injected
        return self.outcome

    # Beginning ----------------------------------------------------------------------------------------------

    async def _begin(self) -> None:
        anna, ben = await self.rig.user("anna"), await self.rig.user("ben")
        talks = [await self.rig.talk(anna, f"Talk {n}") for n in range(self.plan.conversations)]
        for talk in talks[::2]:
            await self.rig.share(anna, talk, ben)
        self.talks = {anna.id: talks, ben.id: talks[::2]}
        processes = [await self.rig.process() for _ in range(self.plan.processes)]
        for number in range(self.plan.instances):
            user = ben if number % 4 == 3 else anna
            name = f"core-{number}"
            spread = number / max(1, self.plan.instances - 1) * 2 - 1
            options = await self.rig.options(
                name, user, seed=self.plan.seed * 100 + number, offset=self.plan.offset * spread
            )
            options["directory"] = str(self.rig.directory / name)
            process = processes[number % len(processes)]
            draws = Random(f"{self.plan.seed}/{name}")
            self.instances.append(Instance(name, user, process, options, draws))
        await asyncio.gather(*(self._start(instance) for instance in self.instances))
        await asyncio.gather(*(instance.ask("pull_all") for instance in self.instances))

    async def _start(self, instance: Instance) -> None:
        await instance.ask("start", **instance.options)

        async def listed() -> bool:
            shown = await instance.ask("dump")
            return len(shown["conversations"]) >= len(self.talks[instance.user.id])

        await until(listed, step=0.1)

    # The storm ----------------------------------------------------------------------------------------------

    async def _load(self, instance: Instance, ends: float) -> None:
        loop, draws = asyncio.get_running_loop(), instance.draws
        while loop.time() < ends:
            await asyncio.sleep(draws.expovariate(self.plan.writes_per_second))
            talk = draws.choice(self.talks[instance.user.id])
            act = draws.choices(
                ("send", "rename", "delete", "open", "name", "pin", "create"), (20, 2, 2, 4, 1, 1, 0.5)
            )[0]
            try:
                await self._act(instance, act, talk)
            except CoreDied:
                self.outcome.unanswered += act == "send"
                await asyncio.sleep(0.2)
            except CoreFailed as failure:
                # Between a kill and the restart its orders meet nobody.
                if "KeyError" not in str(failure):
                    self.outcome.broken_rules.append(f"{instance.name} {act}: {failure}")

    async def _act(self, instance: Instance, act: str, talk: str) -> None:
        self._texts += 1
        text = f"{act} {self._texts} of {instance.name}, seed {self.plan.seed}"
        match act:
            case "send":
                self.rig.accepted(await instance.ask("send", conversation=talk, content=text))
                self.outcome.accepted += 1
            case "rename":
                await instance.ask("rename", conversation=talk, title=text)
            case "delete":
                chosen = await instance.ask("newest_own", conversation=talk)
                if chosen is not None:
                    self.outcome.meant.add(chosen)
                    self.rig.accepted(await instance.ask("delete", conversation=talk, message=chosen))
            case "open":
                await instance.ask("open", conversation=talk)
            case "name":
                await instance.ask("call_me", display_name=text)
            case "pin":
                await instance.ask("pin", conversation=talk, pinned=instance.draws.random() < 0.5)
            case "create":
                made = await instance.ask("create", title=text)
                self.rig.accepted(made)

    async def _disasters(self, ends: float) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as group:
            while self.plan.disasters:
                await asyncio.sleep(self._draws.expovariate(1 / self.plan.disaster_every))
                if loop.time() >= ends:
                    return
                fault = self._draws.choice(self.plan.disasters)
                instance = self._draws.choice(self.instances)
                group.create_task(self._strike(fault, instance, self._draws.uniform(0.3, 3.0)))

    async def _strike(self, fault: Fault, instance: Instance, seconds: float) -> None:
        proxy, schedule = self.rig.proxies[instance.name], self.rig.schedule
        match fault:
            case Fault.OUTAGE:
                await proxy.cut()
                await asyncio.sleep(seconds)
                await proxy.start()
            case Fault.HALF_OPEN:
                proxy.freeze_websockets()
            case Fault.DATABASE_CUT:
                if await self.rig.oracle.end_connections():
                    schedule.count(fault)
            case Fault.KILL | Fault.STOP if instance.process in self._busy:
                return
            case Fault.KILL:
                self._busy.add(instance.process)
                schedule.count(fault)
                await self._restart(instance.process)
                self._busy.discard(instance.process)
            case Fault.STOP:
                self._busy.add(instance.process)
                schedule.count(fault)
                instance.process.stop()
                await asyncio.sleep(seconds)
                instance.process.go_on()
                self._busy.discard(instance.process)
            case _:
                proxy.close_websockets(int(fault.value.split("(")[-1].strip(")").split()[-1]))

    async def _restart(self, process: CoreProcess) -> None:
        """SIGKILL, whatever it does just now, and start all of its cores again."""
        await process.kill()
        await process.start()
        for instance in self.instances:
            if instance.process is process:
                await instance.ask("start", **instance.options)

    # The end ------------------------------------------------------------------------------------------------

    async def _heal(self) -> None:
        """Take every fault away, and note when each instance showed what is true for good."""
        self.rig.schedule.rates = CALM
        for proxy in self.rig.proxies.values():
            await proxy.start()
        began = time.monotonic()
        truth: dict[str, str] = {}
        changed = dict.fromkeys(self.talks, 0.0)
        behind = {instance.name: 0.0 for instance in self.instances}
        quiet_since: float | None = None
        while (now := time.monotonic() - began) < MOST_SECONDS:
            for user in self.talks:
                word = await self._truth(user)
                if truth.get(user, word) != word:
                    changed[user] = now
                truth[user] = word
            shown = await asyncio.gather(*(instance.ask("digest") for instance in self.instances))
            late = set()
            for instance, word in zip(self.instances, shown, strict=True):
                text, pending, failed = word.split()
                if int(failed):
                    self.outcome.refused += await instance.ask("retry_failed")
                unsent = int(pending) or int(failed)
                if unsent or text != truth[instance.user.id]:
                    late.add(instance.name)
                    # Its own changes count from the heal, those of others from when they became true.
                    since = 0.0 if unsent else changed[instance.user.id]
                    reached = time.monotonic() - began - since
                    behind[instance.name] = max(behind[instance.name], reached)
            quiet_since = None if late else now if quiet_since is None else quiet_since
            if quiet_since is not None and now - quiet_since >= self.plan.quiet:
                break
            await asyncio.sleep(0.1)
        for instance in self.instances:
            if instance.name in late:
                self.outcome.divergent.append(f"{instance.name} after {MOST_SECONDS:g} s")
            elif began - self.rig.proxies[instance.name].frozen_at < 25:
                self.outcome.half_open.append(behind[instance.name])
            else:
                self.outcome.converged.append(behind[instance.name])

    async def _truth(self, user: str) -> str:
        return digest(await self.rig.oracle.conversations(user), await self.rig.oracle.dump(user))

    async def _compare(self) -> None:
        outcome, oracle = self.outcome, self.rig.oracle
        await asyncio.gather(*(instance.ask("pull_all") for instance in self.instances))
        for instance in self.instances:
            shown = await instance.ask("dump")
            for part, truth in (
                ("conversations", await oracle.conversations(instance.user.id)),
                ("messages", await oracle.dump(instance.user.id)),
            ):
                if shown[part] != truth:
                    missing = [row for row in truth if row not in shown[part]]
                    surplus = [row for row in shown[part] if row not in truth]
                    outcome.divergent.append(f"{instance.name}: {part} -{missing[:3]} +{surplus[:3]}")
            outcome.divergent += [f"{instance.name}: {key} not pulled" for key in shown["unpulled"]]
            report = await self._settled(instance)
            outcome.broken_rules += [f"{instance.name}: {fault}" for fault in report["faults"]]
            outcome.broken_rules += [f"{instance.name}: {word}" for word in report["recovered"]]
            outcome.stall = max(outcome.stall, report["stall"])
            outcome.watchdog += report["watchdog"]
            if report["link"] != "connected":
                outcome.broken_rules.append(f"{instance.name} is {report['link']}: {report['reason']}")
        await judge(self.rig, outcome)

    async def _settled(self, instance: Instance) -> Any:
        """What an instance says of itself, once its link has done with what the storm left: 30 s at most."""
        ends = time.monotonic() + 30
        report = await instance.ask("report")
        for _ in range(300):
            if report["link"] == "connected" or time.monotonic() > ends:
                break
            await asyncio.sleep(0.1)
            report = await instance.ask("report")
        return report


async def judge(rig: Rig, outcome: Outcome) -> None:
    """Hold the accept log against the database."""
    held, copies = await rig.oracle.hashes(), await rig.oracle.copies()
    known = await rig.oracle.known_conversations()
    outcome.messages = len(held)
    deleted = outcome.meant | {accept.entity for accept in rig.log.read() if accept.kind == "deletion"}
    for accept in rig.log.read():
        if accept.kind == "conversation" and accept.entity not in known:
            outcome.lost.append(f"conversation {accept.entity} of {accept.core}")
        if accept.kind != "message":
            continue
        text, gone = held.get(accept.entity, ("", False))
        if accept.entity not in held or (text != accept.hash and not gone):
            outcome.lost.append(f"message {accept.entity} of {accept.core}")
        elif gone and accept.entity not in deleted:
            outcome.lost.append(f"message {accept.entity} of {accept.core} was deleted by nobody")
        elif not gone and copies[text] != 1:
            outcome.doubled.append(f"message {accept.entity} is there {copies[text]} times")
    outcome.broken_rules += await rig.oracle.faults()
