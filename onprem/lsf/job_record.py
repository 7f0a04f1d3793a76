"""One record of bjobs into a ``Job``, or into why it could not be understood.

Field names and units: IBM's bjobs reference for LSF 10.1 and recorded answers (``tests/golden/lsf``). A field
that is missing or unset has a defined meaning; one that is present but not understood makes the record unreadable.
"""

from __future__ import annotations

from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from onprem.lsf.durations import run_limit, seconds
from onprem.lsf.fields import HINT, UNSET, as_text, count, lab_of
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.model import Job, JobStatus, UnknownWord

if TYPE_CHECKING:
    from onprem.lsf.envelope import Record

_STATUS = {status.value: status for status in JobStatus}
_WAITING = frozenset({"PEND", "PSUSP"})  # words, not members: hashing a member is a slow Python call
_OWN = ("JOBID", "JOBINDEX", "EPENDTIME", "PEND_TIME")
_SHARED = (
    *("STAT", "QUEUE", "USER", "USER_GROUP", "PROJ_NAME", "NREQ_SLOT", "RUN_TIME", "RUNTIMELIMIT"),
    *("PEND_REASON", "PENDSTATE", "DEPENDENCY", "SPECIFIED_START_TIME", "EXEC_HOST"),
)
_ABSENT = dict.fromkeys((*_OWN, *_SHARED), "")
_own = itemgetter(*_OWN)
_shared = itemgetter(*_SHARED)
_SEPARATOR = "\x1f"

_Kind = tuple[bool, tuple[JobStatus | UnknownWord, str, str, str, str, int], tuple[float | str | None, ...]]
"""Whether it waits, ``Job.status`` to ``Job.slots`` (zero when NREQ_SLOT says none), ``Job.run_s`` to the end."""


class Flaw(NamedTuple):
    """A record that was not understood. No string: it may stand where a field's text should be."""

    why: str


class Gone(NamedTuple):
    """A job that has left the system meanwhile, in bjobs' words."""

    words: str


def read_job(record: Record) -> Job | Flaw | Gone:
    """The job of one record of ``bjobs -o ... -json``, or why there is none."""
    if "ERROR" in record:
        words = str(record["ERROR"])
        return Gone(words) if "is not found" in words else Flaw(words[:120])
    try:
        return _job(record)
    except SiteUnavailable as flaw:
        return Flaw(f"job {str(record.get('JOBID', '?'))[:40]}: {flaw.message}")


def _job(record: Record) -> Job:
    """The hot path: every call here is made once for each job.

    Most jobs are alike but for their id and their wait. So the fields they share become one key, and a cached
    look-up gives the rest; that also keeps one copy of each string.
    """
    try:
        own, shared = _own(record), _shared(record)
        "".join(own)  # the cheapest proof that all of them are text; the key below is another
        kind = _kind_of(_SEPARATOR.join(shared)) or _kind(*shared)
    except (KeyError, TypeError):
        record = _ABSENT | {name: as_text(name, value) for name, value in record.items()}
        own, kind = _own(record), _kind(*_shared(record))
    number, index, eligible, pend = own
    waiting, owner, course = kind
    if not owner[-1]:
        owner = (*owner[:-1], _other_slots(record))
    if not (number.isdecimal() and index.isdecimal()):
        number = _odd_id(number, index)
    elif index != "0":
        number = f"{number}[{index}]"
    return Job._make((number, *owner, _pend_s(eligible, pend) if waiting else 0.0, *course))


@lru_cache(maxsize=16384)
def _kind_of(key: str) -> _Kind | None:
    """The kind behind a key; None when a field holds the separator itself, so that the key tells nothing."""
    shared = key.split(_SEPARATOR)
    return _kind(*shared) if len(shared) == len(_SHARED) else None


def _kind(*shared: str) -> _Kind:
    word, queue, user, group, project, asked, ran, limit, *words = shared
    status = _STATUS.get(word) or _odd_status(word)
    owner = (status, _said(queue), _said(user), lab_of(group), _said(project), _slots("NREQ_SLOT", asked))
    return word in _WAITING, owner, (seconds(ran) or 0.0, run_limit(limit), *map(_said, words))


def _said(text: str) -> str:
    return "" if text == "-" else text


def _odd_status(word: str) -> UnknownWord:
    if word in UNSET:
        raise SiteUnavailable("STAT is missing", HINT)
    return UnknownWord(word)


def _odd_id(number: str, index: str) -> str:
    """``219``, or ``219[3]``: bjobs gives every element of an array the same JOBID, and 0 as a plain job's index."""
    if number in UNSET:
        raise SiteUnavailable("JOBID is missing", HINT)
    return number if index in UNSET or index == "0" else f"{number}[{count('JOBINDEX', index)}]"


def _slots(name: str, text: str) -> int:
    return 0 if text in UNSET else count(name, text)


def _other_slots(record: Record) -> int:
    """The first other field that says a number; a job that says none takes one slot."""
    return next((n for name in ("MIN_REQ_PROC", "SLOTS") if (n := _slots(name, str(record.get(name, ""))))), 1)


def _pend_s(eligible: str, whole: str) -> float:
    """Seconds from EPENDTIME, or from PEND_TIME where the site does not track eligibility."""
    if eligible.isdecimal() and len(eligible) <= 12:  # nearly every figure is another: no cache
        return float(eligible)
    return seconds(whole if eligible in UNSET else eligible) or 0.0
