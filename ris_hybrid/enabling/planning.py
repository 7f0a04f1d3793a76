"""From burst.yaml and the files of a master to what would be changed, and what would not. Reads, changes nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from burst.rc import install, listing
from onprem.lsf.conf import batch, reconfig
from onprem.lsf.conf.lines import included
from ris_hybrid.enabling import record as records
from ris_hybrid.enabling.files import Change, current
from ris_hybrid.enabling.parts import Options, home, parts, without_us

if TYPE_CHECKING:
    from pathlib import Path

    from onprem.lsf.conf.edits import Edited
    from onprem.lsf.conf.places import LsfFiles
    from ris_hybrid.enabling.parts import Part
    from ris_hybrid.enabling.record import Record
    from ris_hybrid.settings import BurstSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run does."""

    home: Path
    changes: tuple[Change, ...]
    kept: tuple[str, ...]
    """What is left as an admin made it, and what we wanted."""
    lacking: tuple[str, ...]
    """What is missing that we do not write on our own."""
    record: Record
    """The record to keep, with old and new text of every change."""
    cut: Path | None = None
    """The cut of botocore's description, where it is to be written."""
    candidates: tuple[str, ...]

    @property
    def steps(self) -> tuple[reconfig.Step, ...]:
        """What makes the changes count, earlier ones no daemon was told of included."""
        return reconfig.steps(self.record.pending, self.candidates)


def enabling(settings: BurstSettings, files: LsfFiles, options: Options) -> Plan:
    """What switching on changes. Raises ``ConfigError`` for files or settings that do not fit each other."""
    ours = home(files, settings)
    record = records.load(ours)
    options = replace(options, replace=options.replace.union(record.replaced))
    record = replace(record, replaced=tuple(sorted(options.replace)))
    changes: list[Change] = []
    kept: list[str] = []
    for part in parts(settings, files, options):
        has = current(part.path)
        base, edited = _rendered(part, has, record, ours)
        kept += map(str, edited.kept)
        if edited.text != has:
            change = Change(path=part.path, old=has, new=edited.text, executable=part.executable)
            changes.append(change)
            record = record.with_row(part.path, base, edited.text)
    return Plan(
        home=ours,
        changes=tuple(changes),
        kept=tuple(kept),
        lacking=tuple(_lacking(settings, files, options)),
        record=_with_pending(record, changes),
        cut=install.missing_cut(ours) if settings.on_ec2 else None,
        candidates=files.candidates,
    )


def disabling(provider: str, files: LsfFiles) -> Plan:
    """What switching off changes: every file we had a hand in, as it would be without us."""
    ours = files.connector / provider
    record = records.load(ours)
    changes: list[Change] = []
    kept: list[str] = []
    for path, row in sorted(record.rows.items(), key=lambda item: _last(item[0], ours)):
        has = current(path)
        if has is None:
            continue
        undone = without_us(path, has, row, ours)
        kept += (f"{path}: kept, because an admin wrote it: {line}" for line in undone.kept)
        if undone.text != has:
            changes.append(Change(path=path, old=has, new=undone.text))
    return Plan(
        home=ours,
        changes=tuple(changes),
        kept=tuple(kept),
        lacking=(),
        record=_with_pending(record, changes),
        candidates=files.candidates,
    )


def _last(path: Path, ours: Path) -> tuple[bool, bool, str]:
    """hostProviders.json first, our own folder last: nothing may refer to what is gone."""
    return path.is_relative_to(ours), path.name != listing.PROVIDERS, str(path)


def _rendered(part: Part, has: str | None, record: Record, ours: Path) -> tuple[str | None, Edited]:
    """The file without us, and with us. What is there already stays where it is, whoever wrote it."""
    row = record.rows.get(part.path)
    if has is None or row is None:
        return has, part.render(has)
    base = without_us(part.path, has, row, ours).text
    edited = part.render(base)
    if _same_lines(edited.text, has) and part.render(has).text == has:
        edited = replace(edited, text=has)
    return base, edited


def _same_lines(text: str, other: str) -> bool:
    return Counter(text.splitlines()) == Counter(other.splitlines())


def _with_pending(record: Record, changes: list[Change]) -> Record:
    told = {change.path.name for change in changes if reconfig.counts(change.path.name)}
    return replace(record, pending=tuple(sorted({*record.pending, *told})))


def _lacking(settings: BurstSettings, files: LsfFiles, options: Options) -> list[str]:
    found = []
    text = current(files.cluster_file) or ""
    if not options.addresses and batch.address_range(text, str(files.cluster_file)) is None:
        found.append(
            f"{files.cluster_file}: {batch.RANGE} is not set, so no dynamic host can join:"
            " give the network of the cloud nodes, e.g. --addresses 10.8.0.0/16"
        )
    anywhere = [pool.name for pool in settings.pools if not pool.queues]
    if anywhere and not settings.steers_by_queue:
        found.append(
            f"{files.queues}: pool {', '.join(anywhere)} names no queues: it serves those with RC_HOSTS"
            f" (= {settings.host_flag}), which an admin sets where borrowing is wanted"
        )
    if included(current(files.queues) or ""):
        found.append(f"{files.queues}: includes other files, which are not read here")
    return found
