"""The mirror plan: allocation files x what the site reports x what AWS holds -> what AWS is to hold, and why not more.

Pure and deterministic: the order of the input does not matter, and the same input gives the same plan. What AWS holds
never leaves the plan, whatever is wrong with the site's files: it stays as it was, or takes a step of the ladder.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ris_hybrid.mirror.clashes import apart
from ris_hybrid.mirror.findings import unnamed
from ris_hybrid.mirror.ladder import Gone, moving, steps
from ris_hybrid.mirror.outcome import Outcome, as_it_was, of_file, of_gone, of_left
from ris_hybrid.mirror.refusals import doubled, unsupported
from ris_hybrid.mirror.survey import survey, unknown_environments
from ris_hybrid.mirror.values import EnvironmentPlan, MirrorPlan, Unmapped

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping
    from datetime import date

    from ris_hybrid.mirror.known import Known
    from ris_hybrid.mirror.settings import MirrorSettings
    from ris_hybrid.mirror.sources import Sources
    from ris_hybrid.mirror.survey import Survey
    from ris_hybrid.mirror.values import AllocationPlan
    from ris_hybrid.mirror.wanted import Wanted


def plan_mirror(sources: Sources, settings: MirrorSettings, now: float) -> MirrorPlan:
    """The whole site's plan.

    Args:
        sources: everything it is made from.
        settings: mirror.yaml.
        now: epoch seconds; its day (UTC) is what an allocation whose file is newly gone is marked with.
    """
    files, refused = _sorted_out(sources.allocations)
    seen = survey(sources, settings, tuple(files.values()), tuple(wanted for wanted, _ in refused), now)
    outcomes = [of_file(wanted, seen) for wanted in files.values()]
    homes = _homes(files.values(), outcomes, seen)
    outcomes += _refused(refused, files.keys(), seen)
    outcomes += _gone(seen, files.keys() | {wanted.key for wanted, _ in refused}, now)
    outcomes += _left(seen, homes, {one.plan.bucket.name for one in outcomes if one.plan}, now)
    mirrored = frozenset(one.bucket for one in seen.everywhere.values())
    allocations, clashes = apart((one.plan for one in outcomes if one.plan), mirrored)
    names = seen.known.keys() | {wanted.key for wanted in sources.allocations}
    unmapped = (*seen.unmapped, *clashes, *unnamed(seen, names), *(each for one in outcomes for each in one.unmapped))
    held = (*seen.report.held, *unknown_environments(seen), *(each for one in outcomes for each in one.held))
    return MirrorPlan(
        organization=settings.organization,
        cluster=settings.cluster,
        environments=tuple(_environments(allocations, seen)),
        allocations=allocations,
        unmapped=tuple(
            sorted(unmapped, key=lambda each: (each.allocation.casefold(), each.field, each.reason, each.allocation))
        ),
        held=tuple(sorted(held, key=lambda each: (each.allocation.casefold(), each.step, each.reason))),
        phi_accounts=settings.phi_accounts,
    )


def _sorted_out(allocations: Iterable[Wanted]) -> tuple[dict[str, Wanted], list[tuple[Wanted, Unmapped]]]:
    """Files that can be mirrored, by key, and the others with their reason."""
    refused = []
    by_key: dict[str, list[Wanted]] = {}
    for wanted in allocations:
        if reason := unsupported(wanted):
            refused.append((wanted, reason))
        else:
            by_key.setdefault(wanted.key, []).append(wanted)
    for each in by_key.values():
        refused += [(wanted, doubled(wanted)) for wanted in each if len(each) > 1]
    return {key: each[0] for key, each in sorted(by_key.items()) if len(each) == 1}, refused


def _refused(refused: list[tuple[Wanted, Unmapped]], files: Iterable[str], seen: Survey) -> Iterator[Outcome]:
    """Each reason; what is mirrored under such a name is kept, once, unless another file has it."""
    done = set(files)
    for wanted, reason in sorted(refused, key=lambda each: (each[0].key, each[1].field, each[1].reason)):
        known = None if wanted.key in done else seen.known.get(wanted.key)
        done.add(wanted.key)
        yield as_it_was(reason, known, seen)


def _gone(seen: Survey, here: set[str], now: float) -> Iterator[Outcome]:
    """A step, or none, for everything that is mirrored and has no file under its own or a new name."""
    taken_over = {one.key for one in seen.renames.origins.values()}
    lost = [seen.known[key] for key in sorted(seen.known.keys() - here - taken_over)]
    rungs = [_rung(known, seen) for known in lost]
    taken = steps(rungs, len(seen.known), _day(now), seen.settings.off_boarding, seen.settings.brakes)
    return (of_gone(known, step, seen) for known, step in zip(lost, taken, strict=True))


def _left(seen: Survey, homes: Mapping[str, str], kept: Container[str], now: float) -> Iterator[Outcome]:
    """A step, or none, for each bucket that is not its allocation's home any more."""
    for known in seen.everywhere.values():
        to = "" if known.bucket in kept else _moved_to(known, homes, seen)
        if to:
            rung = replace(_rung(known, seen), fileset="", brake=_unread(known, seen))
            yield of_left(known, to, moving(rung, to, _day(now), seen.settings.off_boarding), seen)


def _homes(files: Iterable[Wanted], outcomes: Iterable[Outcome], seen: Survey) -> dict[str, str]:
    """The environment of each file's allocation, by its key and by that of the name it had."""
    homes = {file.key: one.plan.environment for file, one in zip(files, outcomes, strict=True) if one.plan}
    return {origin.key: homes[key] for key, origin in seen.renames.origins.items() if key in homes} | homes


def _moved_to(known: Known, homes: Mapping[str, str], seen: Survey) -> str:
    """Where its allocation is now; empty for a home, or what was one until its file went."""
    home = seen.known.get(known.key)
    file = homes.get(known.key, "")
    if home is known:
        return file
    return file or known.moved_to or (home.environment if home else "")


def _day(now: float) -> date:
    return datetime.fromtimestamp(now, UTC).date()


def _rung(known: Known, seen: Survey) -> Gone:
    path = known.record.path if known.record else ""
    fileset = None if "filesets" in seen.report.unknown else seen.report.fileset(known.name, path)
    return Gone(
        name=known.name,
        stage=known.stage,
        removed_on=known.removed_on,
        stage_since=known.stage_since,
        brake=_brake(known, seen),
        fileset=fileset.name if fileset else "",
    )


def _brake(known: Known, seen: Survey) -> str:
    """Why nothing is concluded from its missing file; empty when it may be."""
    return _unread(known, seen) or seen.renames.waiting.get(known.key, "") or seen.report.fault


def _unread(known: Known, seen: Survey) -> str:
    """Why nobody knows how its bucket stands; empty when that is known."""
    if known.environment not in seen.environments:
        return f"mirror.yaml does not have its environment {known.environment} any more"
    if not seen.aws_known(known.environment):
        return f"what AWS holds in environment {known.environment} is not known"
    if known.tags is None:
        return f"AWS has no bucket {known.bucket} with readable tags"
    return ""


def _environments(allocations: Iterable[AllocationPlan], seen: Survey) -> Iterator[EnvironmentPlan]:
    """Those of mirror.yaml, then those it no longer has but the recorded plan had, while something is there."""
    for one in seen.settings.environments:
        yield EnvironmentPlan(
            name=one.name,
            account=one.account,
            region=one.region,
            partition=one.partition,
            data_classes=one.data_classes,
        )
    used = {plan.environment for plan in allocations} - seen.environments.keys()
    before = seen.sources.recorded.environments if seen.sources.recorded else ()
    yield from (one for one in before if one.name in used)
