"""The fields of a JOB_FINISH record of lsb.acct, by LSF's own names and in the order in which real records have them.

Sources: "lsb.acct" in IBM's configuration reference (LSF 10.1), and public records of LSF 5.1 to 10.1, which go before
the reference where the two differ:

- ``runLimit options3 avgMem`` is the order, not ``options3 runLimit``: a job of 9.11 submitted with ``-W 12:00`` has
  ``43200 0 8688640`` there. So ``runLimit`` is in seconds, too. -1 and 0 stand for none.
- an entry of ``hostRusage`` has a sixth figure behind ``stime``: a count of more, 0 in files.
- host names there are not quoted in 9.11.
- some installations of 9.13 write fewer fields: nothing of resizing, provisioning, affinity or energy (``SHORT``).
"""

from __future__ import annotations

from typing import NamedTuple


class Field(NamedTuple):
    """One field: a quoted string, or a number without quotes."""

    name: str
    quoted: bool


class Repeat(NamedTuple):
    """A count, and so many entries of these fields."""

    counted_by: str
    entry: tuple[Field | Repeat, ...]


Layout = tuple[Field | Repeat, ...]


def _strings(names: str) -> tuple[Field, ...]:
    return tuple(Field(name, quoted=True) for name in names.split())


def _numbers(names: str) -> tuple[Field, ...]:
    return tuple(Field(name, quoted=False) for name in names.split())


_PAIRS = _strings("key value")

_HEAD: Layout = (
    *_strings("type version"),
    *_numbers("eventTime jobId userId options numProcessors submitTime beginTime termTime startTime"),
    *_strings("userName queue resReq dependCond preExecCmd fromHost cwd inFile outFile errFile jobFile"),
    Repeat("numAskedHosts", _strings("askedHosts")),
    Repeat("numExHosts", _strings("execHosts")),
    *_numbers("jStatus hostFactor"),
    *_strings("jobName command"),
    *_numbers("utime stime maxrss ixrss ismrss idrss isrss minflt majflt nswap inblock oublock ioch"),
    *_numbers("msgsnd msgrcv nsignals nvcsw nivcsw exutime"),
    *_strings("mailUser projectName"),
    *_numbers("exitStatus maxNumProcessors"),
    *_strings("loginShell timeEvent"),
    *_numbers("idx maxRMem maxRSwap"),
    *_strings("inFileSpool commandSpool rsvId sla"),
    *_numbers("exceptMask"),
    *_strings("additionalInfo"),
    *_numbers("exitInfo"),
    *_strings("warningAction"),
    *_numbers("warningTimePeriod"),
    *_strings("chargedSAAP licenseProject app postExecCmd"),
    *_numbers("runtimeEstimation"),
    *_strings("jobGroupName requeueEvalues"),
    *_numbers("options2"),
    *_strings("resizeNotifyCmd"),
)
_USAGE: Layout = (
    Repeat("numSubmitExt", (*_numbers("key"), *_strings("value"))),
    Repeat("numHostRusage", (*_strings("host"), *_numbers("mem swap utime stime numExtended"))),
    *_numbers("runLimit options3 avgMem"),
    *_strings("effectiveResReq srcCluster"),
    *_numbers("srcJobId"),
    *_strings("dstCluster"),
    *_numbers("dstJobId forwardTime"),
    *_strings("flow_id"),
)
_NETWORKS = Repeat("numNetwork", (*_strings("networkId"), *_numbers("numWindow")))
_SLOTS = Repeat("numAllocSlots", _strings("allocSlots"))

FULL: Layout = (
    *_HEAD,
    *_numbers("lastResizeTime"),
    *_strings("longRsvId jobDescription"),
    *_USAGE,
    *_numbers("acJobWaitTime totalProvisionTime"),
    *_strings("outdir"),
    *_numbers("runTime"),
    *_strings("subcwd"),
    _NETWORKS,
    *_strings("affinity"),
    *_numbers("serial_job_energy cpi gips gbs gflops"),
    _SLOTS,
    *_numbers("ineligiblePendTime"),
    Repeat("indexRangeCnt", _numbers("start end step")),
    *_numbers("requeueTime"),
    Repeat("numGPURusages", (*_strings("host"), Repeat("numKVP", _PAIRS))),
    Repeat("storageInfoC", _strings("storageInfoV")),
    Repeat("numKVP", _PAIRS),
)
"""LSF 10.1; older versions end earlier."""

SHORT: Layout = (*_HEAD, *_USAGE, *_strings("outdir"), *_numbers("runTime"), *_strings("subcwd"), _NETWORKS, _SLOTS)
"""What some installations of 9.13 write."""

_NEWEST = 10


class Form(NamedTuple):
    """A layout, and the last field without which a record of this version was torn."""

    layout: Layout
    least: str


_BY_MAJOR = {
    7: (Form(FULL, "requeueEvalues"),),
    8: (Form(FULL, "requeueEvalues"),),
    9: (Form(FULL, "runTime"), Form(SHORT, "numAllocSlots")),
    10: (Form(FULL, "requeueTime"),),
}
_OLDER = (Form(FULL, "rsvId"),)
"""Public records of 5.1 end there, those of 7.03 at ``requeueEvalues``, those of 7.06 behind ``numSubmitExt``."""


def forms(version: str) -> tuple[Form, ...]:
    """The layouts to try for a version as the record has it, ``10.108``; the newest for one nobody knows yet."""
    major = major_of(version)
    if major is None or major >= _NEWEST:
        return _BY_MAJOR[_NEWEST]
    return _BY_MAJOR.get(major, _OLDER)


def is_known(version: str) -> bool:
    """Whether records of this version have been seen (5 to 10)."""
    major = major_of(version)
    return major is not None and major <= _NEWEST


def major_of(version: str) -> int | None:
    """10 of ``10.108``; None of what is no version."""
    first = version.partition(".")[0]
    return int(first) if first.isdecimal() and first.isascii() and len(first) <= 3 else None
