"""Plays one schedule: a phase in which things go wrong, then one in which all must come right."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from crosstie.core.plan import Plan
from crosstie.engine.planner import plan
from crosstie.engine.run import Options, Report, run
from crosstie.service.applying import Exactly
from crosstie.testing.simulator.braking import within_the_brake
from crosstie.testing.simulator.items import Script
from crosstie.testing.simulator.life import Life
from crosstie.testing.simulator.opening import begin
from crosstie.testing.simulator.oracle import judge
from crosstie.testing.simulator.pause import Violation
from crosstie.testing.simulator.process import Process
from crosstie.testing.simulator.promised import compare
from crosstie.testing.simulator.worlds import World

RUNS = 8
"""Runs of the phase with faults at most."""
ROUNDS = 3
"""Rounds in which all must have come right (I7)."""
SOON = 3_000.0
"""Seconds between two rounds, where nothing waits for longer."""
LATE = 100_000.0
"""Seconds between two rounds, where something does, or the clock went wrong by a day."""
_LATER = "SELECT 1 FROM link WHERE due_at > ? LIMIT 1"
SILENT = 1
"""Rounds that must write nothing (I8): in most schedules, in some, and in a few."""
SILENT_LONGER = 2
SILENT_LONGEST = 10
_HELD = "SELECT 1 FROM sync_state WHERE held IS NOT NULL LIMIT 1"
_UNREST = (
    _HELD,
    "SELECT 1 FROM link WHERE due_at IS NOT NULL AND state = 'active' LIMIT 1",
    "SELECT 1 FROM intent LIMIT 1",
    "SELECT 1 FROM missing WHERE NOT proven LIMIT 1",
)


def play(world: World, script: Script) -> Life:
    """Play a schedule to its end. What was broken is in `violations` of the answer."""
    life = Life(world, script)
    Player(life).play()
    return life


class Player:
    """Drives the processes of one schedule."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self.process: Process | None = None
        self.rounds = 0

    def play(self) -> None:
        """From the opening to the verdict."""
        life = self.life
        try:
            self.trouble()
            self._recovery()
            if life.script.answers and not life.violations:
                self._answers()
            if not life.violations:
                judge(life)
        except Violation as broken:
            life.violate(broken.rule, broken.text)
        except Exception as error:  # noqa: BLE001  whatever the engine lets out is a finding
            life.violate("raised", f"{type(error).__name__}: {error}")

    def trouble(self) -> None:
        """From the opening to the end of all faults."""
        life, script = self.life, self.life.script
        begin(life)
        for number in range(RUNS):
            self.once(Options())
            if not life.busy:
                break
            life.time += script.pauses[number % len(script.pauses)]
            if script.restarts[number % len(script.restarts)]:
                self.process = None

    def once(self, options: Options) -> Report | None:
        """One run, of a new process where there is none; None where it died."""
        life = self.life
        process = self._living()
        life.tell(f"run of process {process.number}")
        before = len(life.witness.effects)
        report = life.step(process, run(process.works, process.store, options))
        life.witness.run_over(process)
        if not options.release:
            within_the_brake(life, life.witness.effects[before:])
        if report is None:
            self.process = None
        return report

    def _living(self) -> Process:
        if self.process is None:
            self.process = Process(self.life, len(self.life.processes) + 1)
            self.life.processes.append(self.process)
        return self.process

    def _recovery(self) -> None:
        """Faults are over: three rounds, then silence."""
        life = self.life
        life.calm_down()
        life.tell("faults are over")
        if life.script.planned:
            self._as_planned()
        before = len(life.witness.effects)
        for _ in range(ROUNDS):
            self._wait()
            done = len(life.witness.effects)
            self._round()
            if done == len(life.witness.effects) and self._at_rest():
                # Rounds that find nothing to do follow; the silence is listened to all the same.
                break
        self._few(len(life.witness.effects) - before)
        self._silence()

    def _at_rest(self) -> bool:
        """Nothing is due, now or later, and nothing is still to be told."""
        life = self.life
        if any(system.untold for system in life.systems.values()):
            return False
        return not any(life.state.rows(each) for each in _UNREST)

    def _few(self, writes: int) -> None:
        records = sum(len(system.ids()) for system in self.life.systems.values())
        most = 4 * records + 20
        if writes > most:
            self.life.violate("I7", f"{writes} writes for {records} records after the last fault")

    def _wait(self) -> None:
        """Until whatever waits for something has waited long enough."""
        life = self.life
        long = life.offset or life.state.rows(_LATER, life.time + SOON)
        life.time += LATE if long else SOON

    def _round(self) -> Report | None:
        """A run; what is held because a side looks like another one, a person lets go of."""
        held = bool(self.life.state.rows(_HELD))
        return self.once(Options(full=self.life.scans, release=held))

    def _as_planned(self) -> None:
        """Show what a run would do, and let it do that and nothing else."""
        life = self.life
        self._wait()
        process = self._living()
        life.planning = True
        shown = self._stepped(process, plan(process.works, full=life.scans))
        life.planning = False
        before = len(life.witness.effects)
        gate = Exactly(shown.operations)
        works = [replace(work, gate=gate) for work in process.works]
        life.tell(f"the plan is applied: {shown.summary()}")
        life.step(process, run(works, process.store, Options(full=life.scans)))
        life.witness.run_over(process)
        compare(life, shown, life.witness.effects[before:])

    def _stepped(self, process: Process, flow: Coroutine[Any, Any, Plan]) -> Plan:
        shown = self.life.step(process, flow)
        if shown is None:
            raise Violation("crash", "a plan died without a fault")
        return shown

    def _silence(self) -> None:
        life = self.life
        before = len(life.witness.effects)
        rounds = SILENT if life.script.seed % 4 else SILENT_LONGER
        if life.script.seed % 64 == 0:
            rounds = SILENT_LONGEST
        for number in range(rounds):
            self._wait()
            self._round()
            late = life.witness.effects[before:]
            if late:
                rule = "I7" if number == 0 else "I8"
                what = f"{late[0].verb} of {late[0].side} {late[0].record_id}"
                life.violate(rule, f"{what} in quiet round {ROUNDS + number + 1}")
                return

    def _answers(self) -> None:
        """People decide all that is open; it must come right again, and nothing be asked twice."""
        life = self.life
        if not life.people.answer(life.script.seed, None):
            return
        for _ in range(ROUNDS):
            self._wait()
            self._round()
            life.people.answer(life.script.seed, None)
        self._wait()
        self._round()
        self._silence()
