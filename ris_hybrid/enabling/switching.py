"""Carries a plan out: record, files, LSF's check; what LSF does not accept is put back."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from burst.rc import install
from onprem.lsf.conf import reconfig
from onprem.lsf.conf.reconfig import CheckFailed
from ris_hybrid.enabling import record as records
from ris_hybrid.enabling.files import make, prune
from ris_hybrid.errors import ConfigError, SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onprem.shell import Shell
    from ris_hybrid.enabling.files import Change
    from ris_hybrid.enabling.planning import Plan
    from ris_hybrid.enabling.record import Record


def writes(plan: Plan) -> Iterator[Change]:
    """Every write of switching on, in order. After each of them the next run can go on."""
    yield from records.writes(plan.home, plan.record)
    yield from plan.changes


def switch_on(plan: Plan, shell: Shell) -> None:
    """Write everything; back to what it was when LSF's check fails.

    Raises:
        CheckFailed: LSF does not accept the files; they are as before.
        SiteUnavailable: LSF's commands gave no answer, or a file was changed meanwhile; as before.
        ConfigError: a file may not be written; as before.
    """
    reconfig.reachable(shell)
    earlier = records.load(plan.home)
    _all_or_none(plan, writes(plan), shell, earlier)
    if plan.cut is not None:
        install.write_cut(plan.home)
    _settle(plan, plan.record.settled())


def switch_off(plan: Plan, shell: Shell) -> None:
    """Write the files as they are without us, then take our folder away. Raises as ``switch_on``."""
    reconfig.reachable(shell)
    lsf, own = (
        [one for one in plan.changes if one.path.is_relative_to(plan.home) is inside] for inside in (False, True)
    )
    _all_or_none(plan, iter(lsf), shell, None)
    for change in own:
        make(change)
    (records.folder(plan.home) / records.MANIFEST).unlink(missing_ok=True)  # first: it must not name what is gone
    for folder in (*(plan.home / "conf").glob("botocore-*"), records.folder(plan.home)):
        shutil.rmtree(folder, ignore_errors=True)
    prune(plan.home)


def tell(plan: Plan, shell: Shell) -> Iterator[reconfig.Step]:
    """Run the steps that make the changes count; each is given before it is run."""
    for step in plan.steps:
        yield step
        reconfig.run(step, shell)
    if records.folder(plan.home).is_dir():
        _settle(plan, replace(plan.record.settled(), pending=()))


def _all_or_none(plan: Plan, changes: Iterator[Change], shell: Shell, earlier: Record | None) -> None:
    done: list[Change] = []
    try:
        for change in changes:
            make(change)
            done.append(change)
        reconfig.check(shell)
    except (ConfigError, SiteUnavailable, CheckFailed) as failure:
        stuck = _put_back(done)
        if earlier is not None and not earlier.rows:
            shutil.rmtree(records.folder(plan.home), ignore_errors=True)
            prune(plan.home)
        now = f"not put back: {', '.join(stuck)}" if stuck else "every file is as it was"
        failure.hint = f"{now}. {failure.hint}".strip()
        raise


def _put_back(done: list[Change]) -> list[str]:
    """The files that could not be: somebody else has changed them since."""
    stuck = []
    for change in reversed(done):
        try:
            make(change.reversed())
        except (ConfigError, SiteUnavailable):
            stuck.append(str(change.path))
    return stuck


def _settle(plan: Plan, record: Record) -> None:
    for change in records.writes(plan.home, record):
        make(change)
    for path in records.leftovers(plan.home, record):
        path.unlink(missing_ok=True)
