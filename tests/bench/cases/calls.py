"""What each kind of work costs in calls, as the sandbox counts them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.application import PAGE, Application, declared
from bench.cases.figures import Figures
from bench.data import contact
from bench.measure import Span
from bench.remote import Calls, Remote, sandbox
from crosstie import Side
from crosstie.engine.reconcile import reconcile
from crosstie.engine.run import Options, run
from crosstie.service.wiring import Opened, opened


@dataclass(frozen=True, slots=True)
class Budget:
    """What was done, what it may cost, what it cost."""

    what: str
    reads: int | None
    """At most; None where there is no limit."""
    writes: int
    """Exactly."""
    calls: Calls

    @property
    def kept(self) -> bool:
        """Within what it may cost."""
        few = self.reads is None or self.calls.reads <= self.reads
        return few and self.calls.writes == self.writes


class Bench:
    """An application and a sandbox in step."""

    def __init__(self, world: Opened, application: Application, remote: Remote) -> None:
        self.application = application
        self._world = world
        self._remote = remote

    async def look(self, *sides: Side) -> Calls:
        """One run that looks at these sides; the calls it made."""
        self._remote.forget_calls()
        looks = {work.name: sides for work in self._world.works}
        await run(self._world.works, self._world.store, Options(looks=looks))
        return self._remote.calls()

    async def scan(self) -> Calls:
        """A complete reconcile of both sides, and what follows from it."""
        self._remote.forget_calls()
        [work] = self._world.works
        await reconcile(work)
        calls = self._remote.calls()
        noticed = await self._world.store.figures(work.name, work.clock.now())
        assert noticed.due == 0, noticed
        return calls


async def calls(count: int, folder: Path) -> Figures:
    """Count the calls of a change, of its echo, of ten changes, of a reconcile, of rest."""
    people = [contact(number) for number in range(count)]
    application = Application(folder / "calls-app.db")
    application.make(people)
    with sandbox() as remote:
        remote.fill(people)
        app = declared(application, remote, folder / "calls-state.db")
        async with opened(app) as world:
            await run(world.works, world.store, Options())
            budgets = await _play(Bench(world, application, remote), count)
    checks = {budget.what: budget.kept for budget in budgets}
    rows = [
        {
            "what": budget.what,
            "reads": budget.calls.reads,
            "writes": budget.calls.writes,
            "may_read": budget.reads,
            "may_write": budget.writes,
            "ok": budget.kept,
            "routes": budget.calls.routes,
        }
        for budget in budgets
    ]
    return Figures(Span(), records=count, checks=checks, more={"calls": rows})


async def _play(bench: Bench, count: int) -> list[Budget]:
    left, right = Side.LEFT, Side.RIGHT
    await bench.look(left, right)
    out = []
    bench.application.edit("city", "Once", "id = 7")
    out.append(Budget("one changed record", 1, 1, await bench.look(left)))
    # The feed looks back over the lag of the search index, so its pages are some here.
    out.append(Budget("its echo, told by both feeds", None, 0, await bench.look(left, right)))
    for number in range(10):
        bench.application.edit("street", f"Time {number}", "id = 8")
    out.append(Budget("ten quick edits of one record", 1, 1, await bench.look(left)))
    bench.application.edit("company", "Fifty", "id <= 50")
    out.append(Budget("50 changed records", 50, 50, await bench.look(left)))
    await bench.look(left, right)
    pages = -(-count // PAGE)
    out.append(Budget(f"reconcile of {count}, {PAGE} a page", pages, 0, await bench.scan()))
    out.append(Budget("nothing changed, both feeds", None, 0, await bench.look(left, right)))
    return out
