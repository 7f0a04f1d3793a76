"""What came of one allocation: its plan, what of it has no counterpart, and which steps are held."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ris_hybrid.mirror.asked import asked_for
from ris_hybrid.mirror.building import build
from ris_hybrid.mirror.findings import findings
from ris_hybrid.mirror.projects import plan_projects
from ris_hybrid.mirror.refusals import placed, refusal, taken
from ris_hybrid.mirror.remembered import remembered
from ris_hybrid.mirror.values import Held, Unmapped

if TYPE_CHECKING:
    from ris_hybrid.mirror.known import Known
    from ris_hybrid.mirror.ladder import Step
    from ris_hybrid.mirror.survey import Survey
    from ris_hybrid.mirror.values import AllocationPlan
    from ris_hybrid.mirror.wanted import Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Of one file, or of one allocation whose file is gone."""

    plan: AllocationPlan | None
    unmapped: tuple[Unmapped, ...] = ()
    held: tuple[Held, ...] = ()


def of_file(wanted: Wanted, seen: Survey) -> Outcome:
    """A file of a supported kind: mirrored as it asks, or with the reason why not."""
    known = seen.known.get(wanted.key) or seen.renames.origins.get(wanted.key)
    where = refusal(wanted, seen) or placed(wanted, seen)
    if isinstance(where, Unmapped):
        return as_it_was(where, known, seen)
    projects, dropped = plan_projects(wanted, seen.groups)
    facts = asked_for(wanted, projects, where, seen)
    if known is None and (refused := taken(facts, seen)):
        return Outcome(plan=None, unmapped=(refused,))
    plan = build(facts, seen.settings, seen.sources.burst)
    return Outcome(plan=plan, unmapped=(*dropped, *findings(wanted, plan, seen)))


def as_it_was(refused: Unmapped, known: Known | None, seen: Survey) -> Outcome:
    """A file that cannot be followed: what is mirrored of it already stays, at the stage it has."""
    if known is None:
        return Outcome(plan=None, unmapped=(refused,))
    held = Held(allocation=known.name, step="follow its file", reason=refused.reason)
    return Outcome(plan=_kept(known, None, seen), unmapped=(refused,), held=(held,))


def of_gone(known: Known, step: Step, seen: Survey) -> Outcome:
    """An allocation whose file is gone, after its step."""
    return Outcome(plan=_kept(known, step, seen), held=(step.held,) if step.held else ())


def _kept(known: Known, step: Step | None, seen: Survey) -> AllocationPlan | None:
    environment = seen.environments.get(known.environment)
    if environment is None:
        return known.record  # mirror.yaml does not have its environment any more: nothing to make a plan of
    facts = remembered(known, environment, seen)
    if step is not None:
        facts = replace(facts, stage=step.stage, removed_on=step.removed_on)
    return build(facts, seen.settings, seen.sources.burst)
