"""What the planner needs to work: a fresh plan, burst queues that take jobs, idle nodes that go soon.

Asked for in modes ``planned`` and ``shadow``; in shadow nothing is needed, for nothing is steered by it.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from burst.fleet import dearest, price_of
from onprem.lsf.conf import assignments, batch
from onprem.lsf.conf.places import read
from onprem.shell import Command
from ris_hybrid.checkup.finding import ENABLE, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from burst.plan_file import Standing
    from onprem.lsf.conf.places import LsfFiles
    from onprem.shell import Shell
    from ris_hybrid.model import Queue
    from ris_hybrid.settings import BurstSettings, Pool

_MOST_IDLE_MINUTES = 5
_IDLE = "LSB_RC_EXTERNAL_HOST_IDLE_TIME"
_ALIKE = 1.02
"""Prices per core of one family differ by less."""
_MODULES = ("numba", "numpy", "scipy")


def plan(settings: BurstSettings, standing: Standing, now: float) -> Iterator[Finding]:
    """The plan that stands, and what makes it fast."""
    if settings.mode == "thresholds":
        return
    absent = [name for name in _MODULES if find_spec(name) is None]
    yield Finding(
        name="planner's packages",
        ok=not absent,
        text=f"lacks {', '.join(absent)}" if absent else "installed",
        hint="pip install 'ris-hybrid[planner]': without them long queues take seconds to plan",
        needed=False,
    )
    yield from _out_of_order(settings)
    fallback = settings.planner.steering.fallback
    instead = "nothing is launched" if fallback == "none" else "the gates alone decide"
    yield Finding(
        name="plan",
        ok=not standing.problem,
        text=standing.problem or f"made {max(now - standing.at, 0):.0f} s ago, {len(standing.chosen)} jobs chosen",
        hint=f"the service makes one every turn: ris-hybrid burst serve; until then {instead}",
        needed=settings.mode == "planned",
    )


def _out_of_order(settings: BurstSettings) -> Iterator[Finding]:
    """A dear pool whose template LSF takes before a cheaper one's: jobs worth the cheaper alone would get neither.

    For such jobs the policy script answers 0 to what LSF asks of the dear pool, and LSF does not ask for the other.
    """
    usd = {
        pool.name: price_of(dearest(pool, settings.prices), settings.prices) / (pool.cores or pool.slots)
        for pool in settings.pools
    }
    for dear in settings.pools:
        for cheap in settings.pools:
            before = dear.priority > cheap.priority and usd[dear.name] > _ALIKE * usd[cheap.name]
            if before and dear.purchase == cheap.purchase and _share(dear, cheap):
                yield Finding(
                    name=f"priority of {dear.name}",
                    ok=False,
                    text=f"LSF asks for it (${usd[dear.name]:.4f} an hour and core) before {cheap.name}"
                    f" (${usd[cheap.name]:.4f})",
                    hint="jobs that are worth only the cheaper pool get no node of either while both would hold them:"
                    " give cheaper pools the higher priority in burst.yaml",
                    needed=False,
                )


def _share(one: Pool, other: Pool) -> bool:
    """Whether some job may use both."""
    queues = not one.queues or not other.queues or set(one.queues) & set(other.queues)
    labs = not one.labs or not other.labs or set(one.labs) & set(other.labs)
    return bool(queues and labs)


def live(settings: BurstSettings, queues: Sequence[Queue], shell: Shell) -> Iterator[Finding]:
    """What the running LSF says: queues that take what is moved, and requirements that can be read."""
    if settings.steers_by_queue:
        there = {queue.name: queue for queue in queues}
        for own, burst in settings.planner.steering.queues.items():
            for name in (own, burst):
                yield _door(name, there.get(name))
    if settings.steers_by_flag:
        yield _long_form(shell)


def _door(name: str, queue: Queue | None) -> Finding:
    if queue is None:
        return Finding(name=f"steering queue {name}", ok=False, text="no such queue", hint=ENABLE)
    states = ("open" if queue.is_open else "closed", "active" if queue.is_active else "inactive")
    ok = queue.is_open and queue.is_active
    hint = f"nothing is moved into it until it is: badmin {'qact' if queue.is_open else 'qopen'} {name}"
    return Finding(name=f"steering queue {name}", ok=ok, text=", ".join(states), hint=hint)


def _long_form(shell: Shell) -> Finding:
    """An id that no job has: what counts is whether the option is known."""
    done = shell.run(Command(argv=("bjobs", "-UF", "999999999")))
    said = f"{done.stderr}\n{done.stdout}".lower()
    ok = "option" not in said and "usage" not in said
    return Finding(
        name="bjobs -UF",
        ok=ok,
        text="known" if ok else "not known",
        hint="without it a job's own requirement is not known to the letter and no job is chosen: use way: queue",
    )


def files(settings: BurstSettings, lsf: LsfFiles) -> Iterator[Finding]:
    """What LSF's files say. Raises ``ConfigError`` for one that cannot be read."""
    if settings.mode != "planned":
        return
    minutes = assignments.values(read(lsf.lsf_conf)).get(_IDLE, "60")
    yield Finding(
        name="idle nodes",
        ok=minutes.isdecimal() and 0 < int(minutes) <= _MOST_IDLE_MINUTES,
        text=f"{_IDLE} is {minutes}",
        hint="two or three minutes: the plan counts on nodes that go when no chosen job needs them"
        " (life.idle_minutes of burst.yaml)",
        needed=False,
    )
    if settings.steers_by_queue:
        there = batch.queues(read(lsf.queues), str(lsf.queues))
        for own, burst in settings.planner.steering.queues.items():
            if own in there and burst in there:
                yield _alike(own, burst, batch.unlike(there[own], there[burst]))


def _alike(own: str, burst: str, keys: Sequence[str]) -> Finding:
    return Finding(
        name=f"burst queue {burst}",
        ok=not keys,
        text=f"differs from {own} in {', '.join(keys)}" if keys else f"as {own}",
        hint="a job that is moved lives by the other queue's limits, users, hosts and commands: mend lsb.queues if"
        " that is not meant",
        needed=False,
    )
