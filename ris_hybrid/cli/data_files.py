"""``ris-hybrid data status --files``: each file in trouble, why, and what to do. Names of PHI only where asked for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ris_hybrid.cli import show
from ris_hybrid.cli.data_site import chosen
from ris_hybrid.data.estimate import tib
from ris_hybrid.data.keys import shown
from ris_hybrid.data.taking import Rules
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.staging import troubles
from ris_hybrid.staging.journal import reading
from ris_hybrid.staging.names import HIDDEN
from ris_hybrid.staging.world import tellable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ris_hybrid.cli.data_site import Opened
    from ris_hybrid.staging.troubles import Trouble
    from ris_hybrid.staging.values import Staging

SHOWN = 1_000
"""So many files of a staging are in a table; JSON has all."""
_FILES = ("WHAT", "GOES", "FILE", "SIZE", "WHY")
_ADVICE = ("WHAT", "FILES", "WHAT TO DO")


def show_files(opened: Opened, what: Sequence[str] | None, *, names: bool, as_json: bool) -> bool:
    """One JSON object a line, or a table for each staging; False where the site could not be listed."""
    listed = True
    with reading(opened.plane.journal) as journal:
        for staging in chosen(journal.stagings(), opened, what):
            found = _Found(opened=opened, staging=staging, hide=staging.plan.data_class == "phi" and not names)
            lines = (found.told(one) for one in found.every(troubles.recorded(journal, staging)))
            if as_json:
                for line in lines:
                    show.json_line(line)
            else:
                _show(staging, lines)
            listed = listed and found.listed
    return listed


@dataclass(slots=True, kw_only=True)
class _Found:
    """The files of one staging on their way to a person."""

    opened: Opened
    staging: Staging
    hide: bool
    listed: bool = True
    _named: set[str] = field(default_factory=set)

    def every(self, recorded: Iterator[Trouble]) -> Iterator[Trouble]:
        """What the journal has, then what was left out."""
        yield from recorded
        if self.staging.plan.left_out:
            yield from self._left_out()
            yield from troubles.examples(self.staging, self._named)

    def _left_out(self) -> Iterator[Trouble]:
        plane, dataset = self.opened.plane, self.staging.plan.dataset
        rules = Rules(dataset=dataset, tape=plane.settings.gpfs.tape)
        try:
            for one in troubles.left_out(plane.census().entries(self.staging.site_path), rules):
                self._named.add(one.reason)
                yield one
        except SiteUnavailable as failure:
            self.listed = False
            why = tellable(self.staging, failure.message) if self.hide else failure.message
            show.warn(f"{self.staging.staging_id}: what was left out is not all named, it cannot be listed: {why}")

    def told(self, one: Trouble) -> dict[str, Any]:
        """As it may be told."""
        told = one._asdict()
        if self.hide:
            told |= {"path": HIDDEN, "reason": tellable(self.staging, one.reason)}
        return {"staging_id": self.staging.staging_id, "dataset": str(self.staging.plan.dataset), **told}


def _show(staging: Staging, lines: Iterator[dict[str, Any]]) -> None:
    rows: list[tuple[object, ...]] = []
    advice: Counter[tuple[str, str]] = Counter()
    for one in lines:
        advice[one["what"], one["advice"]] += 1
        if len(rows) < SHOWN:
            size = None if one["size"] is None else tib(one["size"])
            rows.append((one["what"], one["direction"], shown(one["path"]), size, one["reason"]))
    if not rows:
        show.note(f"{staging.staging_id} ({staging.plan.dataset}): no file failed, is held or was left out")
        return
    show.line(f"{staging.staging_id} ({staging.plan.dataset}) is {staging.state}")
    show.table(_FILES, rows)
    if more := advice.total() - len(rows):
        show.note(f"{more:,} files more; --json names all")
    show.line()
    show.table(_ADVICE, [(what, files, text) for (what, text), files in advice.items()])
