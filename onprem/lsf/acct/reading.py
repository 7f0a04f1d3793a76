"""lsb.acct, lsb.acct.1, lsb.acct.2.gz and so on, in any order, as a stream of jobs of the past."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onprem.compressed import no_progress, read_lines
from onprem.lsf.acct.job import past_job
from onprem.lsf.acct.layout import is_known
from onprem.lsf.acct.program import programs
from onprem.lsf.acct.tally import TORN, Tally
from onprem.lsf.acct.tokens import tokens
from onprem.lsf.acct.walk import Misfit, walk
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from onprem.lsf.acct.job import LabBy
    from onprem.lsf.acct.tokens import Tokens
    from onprem.lsf.acct.walk import Walked
    from ris_hybrid.past_job import PastJob

_JOB = '"JOB_FINISH"'
_WHAT = "lsb.acct file"
_HINT = "give LSF's accounting files: LSB_SHAREDIR/<cluster>/logdir/lsb.acct*"
_PEEKED = 1000
"""Lines looked at for the time at which a file begins."""
_ENOUGH = 10_000
"""Records after which a file that mostly does not fit is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcctOptions:
    """How records are read."""

    lab_by: LabBy = "account"
    gap_days: float = 3.0
    """More days than this without a job that ended are said."""


class AcctReading:
    """The jobs, read as they are asked for, once; what was met on the way is known afterwards.

    Memory does not grow with the files. The same job in two files comes twice: whoever keeps the jobs tells.
    """

    capacity = 0
    """Slots of the cluster: the files do not say."""

    def __init__(self, paths: Sequence[Path], options: AcctOptions, on_bytes: Callable[[int], None]) -> None:
        self._paths = tuple({path.resolve(): path for path in paths}.values())
        self._options = options
        self._on_bytes = on_bytes
        self._tally = Tally(gap_days=options.gap_days)

    def __iter__(self) -> Iterator[PastJob]:
        """Jobs in the order of their ends, as far as the files have them so.

        Raises:
            ConfigError: a file cannot be read, holds no job, or most of its records fit no layout.
        """
        for path in sorted(self._paths, key=_first_time):
            yield from self._file(path)
        self._refuse_nonsense(least=1)
        if not self._tally.jobs:
            raise ConfigError(f"{self._paths[0]}: expected JOB_FINISH records, found none", _HINT)

    def warnings(self) -> tuple[str, ...]:
        """What a person should know before trusting the jobs; whole once all are read."""
        return self._tally.warnings()

    def notes(self) -> tuple[str, ...]:
        """The warnings, and counts of what is as it should be."""
        return self._tally.notes()

    def _file(self, path: Path) -> Iterator[PastJob]:
        tally = self._tally
        for number, line in enumerate(read_lines(path, _WHAT, self._on_bytes, lambda: self._cut(path)), start=1):
            if not line.startswith(_JOB):
                self._other(line, f"{path}:{number}")
                continue
            try:
                job = self._job(line)
            except Misfit as misfit:
                self._pass_over(f"{path}:{number}", str(misfit))
                continue
            tally.met(job.ended)
            yield job

    def _job(self, line: str) -> PastJob:
        if not line.endswith("\n"):
            raise Misfit(TORN)  # mbatchd writes a record and its end at once
        record = tokens(line)
        if record is None:
            raise Misfit("a string is not closed")
        version = record.strings[1] if len(record.strings) > 1 else ""
        known = is_known(version)
        try:
            walked = _walked(record, version)
            job = past_job(walked, self._options.lab_by)
        except Misfit:
            if not known:
                self._tally.unfit[_shown(version)] += 1
            raise
        if not known:
            self._tally.unknown[_shown(version)] += 1
        self._tally.longer += walked.length < len(record.skeleton)
        return job

    def _other(self, line: str, where: str) -> None:
        if not line.strip() or line.startswith("#"):
            return
        kind = line.split('"', 2)[1] if line.count('"') > 1 and line.startswith('"') else ""
        if kind.isascii() and kind.replace("_", "").isalpha():
            self._tally.others[kind[:40]] += 1
        else:
            self._pass_over(where, "not a record of LSF")

    def _pass_over(self, where: str, reason: str) -> None:
        self._tally.passed_over(where, reason)
        if not self._tally.unused % _ENOUGH:
            self._refuse_nonsense(least=_ENOUGH)

    def _cut(self, path: Path) -> None:
        self._tally.cut.append(str(path))

    def _refuse_nonsense(self, least: int) -> None:
        """More than half unfit: no file of LSF, or of a version nobody has taught us. Nothing is made of the rest."""
        tally = self._tally
        if tally.unused >= least and tally.unused > tally.jobs:
            found = f"{tally.unused} of {tally.unused + tally.jobs} records do not fit"
            raise ConfigError(f"{tally.first[0]}; {found}", _HINT)


def read_acct(
    paths: Sequence[Path], options: AcctOptions | None = None, on_bytes: Callable[[int], None] = no_progress
) -> AcctReading:
    """Read accounting files, plain or gzipped, given in any order; they are sorted by the time at which they begin.

    ``on_bytes`` is given bytes consumed of the files as they lie on disk. Nothing is opened until jobs are asked for.
    """
    if not paths:
        raise ConfigError("no accounting file given", _HINT)
    return AcctReading(paths, options or AcctOptions(), on_bytes)


def _walked(record: Tokens, version: str) -> Walked:
    """By the first layout that fits; the reason of the first one where none does."""
    first, *others = programs(version)
    try:
        return walk(record, first)
    except Misfit:
        for program in others:
            with suppress(Misfit):
                return walk(record, program)
        raise


def _first_time(path: Path) -> tuple[int, str]:
    """Event time of the first record, and the name where times are equal."""
    for number, line in enumerate(read_lines(path, _WHAT, on_cut=_nothing)):
        words = line.split(None, 3)
        if len(words) > 2 and words[2].isdecimal():
            return int(words[2]), str(path)
        if number > _PEEKED:
            break
    return 0, str(path)


def _nothing() -> None:
    pass


def _shown(version: str) -> str:
    """A version as it may be printed."""
    return version[:12] if version.isascii() and version.replace(".", "").isalnum() else "?"
