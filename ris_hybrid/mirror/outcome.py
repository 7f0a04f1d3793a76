"""What came of one allocation: its plan, what of it has no counterpart, and which steps are held."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ris_hybrid.mirror import naming
from ris_hybrid.mirror.asked import asked_for
from ris_hybrid.mirror.building import build
from ris_hybrid.mirror.findings import findings
from ris_hybrid.mirror.placing import class_of, still_phi
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
    where = refusal(wanted, seen) or placed(wanted, seen)
    if isinstance(where, Unmapped):
        return as_it_was(where, next(iter(seen.homes(wanted)), None), seen)
    data_class = class_of(wanted, seen)
    projects, dropped = plan_projects(wanted, seen.groups, data_class)
    facts = asked_for(wanted, projects, where, seen)
    if seen.at(wanted, where.name) is None and (refused := taken(facts, seen)):
        return Outcome(plan=None, unmapped=(refused,))
    plan = build(facts, seen.settings, seen.sources.burst)
    held = still_phi(wanted, seen)
    return Outcome(
        plan=plan, unmapped=(*dropped, *findings(wanted, plan, seen)), held=(held,) if held is not None else ()
    )


def as_it_was(refused: Unmapped, known: Known | None, seen: Survey) -> Outcome:
    """A file that cannot be followed: what is mirrored of it already stays, at the stage it has."""
    if known is None:
        return Outcome(plan=None, unmapped=(refused,))
    held = Held(allocation=known.name, step="follow its file", reason=refused.reason)
    if known.deleted:
        return Outcome(plan=None, unmapped=(refused,), held=(held, _not_again(known)))
    return Outcome(plan=_kept(known, None, seen), unmapped=(refused,), held=(held, *_forgotten(known)))


def of_gone(known: Known, step: Step, seen: Survey) -> Outcome:
    """An allocation whose file is gone, after its step; one whose bucket is gone too is not made again, empty."""
    if known.deleted:
        return Outcome(plan=None, held=(_not_again(known),))
    held = (step.held,) if step.held else ()
    return Outcome(plan=_kept(known, step, seen), held=(*held, *_forgotten(known)))


def of_left(known: Known, to: str, step: Step, seen: Survey) -> Outcome:
    """What an allocation left behind when it moved, after its step."""
    if known.deleted:
        return Outcome(plan=None, held=(_not_again(known),))
    text = f"it moved from {known.environment} to {to}; nobody copies what is in {known.bucket}: see to that"
    said = Unmapped(allocation=known.name, field="bucket", reason=text)
    held = (step.held,) if step.held else ()
    return Outcome(plan=_kept(known, step, seen, to), unmapped=(said,), held=(*held, *_forgotten(known)))


def _not_again(known: Known) -> Held:
    text = f"AWS has {known.bucket} no more, and nothing of ours deletes a bucket: it is not made again"
    if known.has_key:
        text += f"; its key {naming.key_alias(known.bucket)} is protected: pulumi state unprotect lets it go"
    return Held(allocation=known.name, step="keep its bucket", reason=text)


def _forgotten(known: Known) -> tuple[Held, ...]:
    """What a bucket's tags do not say, where they are all there is: its projects' roles would go unseen."""
    if known.record is not None:
        return ()
    text = "no record of it and no usable file: its quota, tape tier and projects are not known, and their roles go"
    return (Held(allocation=known.name, step="keep its projects", reason=text),)


def _kept(known: Known, step: Step | None, seen: Survey, moved_to: str = "") -> AllocationPlan | None:
    environment = seen.environments.get(known.environment)
    if environment is None:
        return known.record  # mirror.yaml does not have its environment any more: nothing to make a plan of
    facts = remembered(known, environment, seen)
    if step is not None:
        gone = step.stage != "active"
        facts = replace(facts, stage=step.stage, removed_on=step.removed_on, stage_since=step.stage_since)
        facts = replace(facts, moved_to=moved_to if gone else "")
    return build(facts, seen.settings, seen.sources.burst)
