"""What pending jobs ask for beyond slots, by ``bjobs -UF``, or ``-l`` where that is not known (the ``Traits`` port).

No field of ``bjobs -o`` has a job's own requirement: ``combined_resreq`` is what LSF made of the job's, its queue's and
its application's together, and given to ``bmod -R`` it would make theirs the job's own (IBM's bjobs reference, fields
up to 10.1 fix pack 14). The long form has it as it was given, ``Requested Resources <...>``, and below it the combined
one, from which memory, span and GPUs are read, so that what a queue adds counts too. ``-l`` breaks lines inside words,
and whether a blank is lost there is not known to us: from it no requirement is taken to be known, so none is edited.

Commands and names are the users' own words and may hold anything: a job that an answer shows twice is not known.
Seen recorded: ``Requested Resources``, ``Combined:``. From IBM's references alone: ``Re-runnable``, ``Application``,
``Requested GPU`` and the table ``GPU REQUIREMENT DETAILS``.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from onprem.lsf.amounts import gpus_of, memory_of, on_one_host
from onprem.lsf.fields import HINT
from onprem.lsf.long_form import COMMAND, NAME, QUOTED, SUBMITTED, blocks, parse_long, unwrapped
from onprem.shell import Command, Completed
from ris_hybrid.errors import ConfigError, SiteUnavailable
from ris_hybrid.job_ask import JobTraits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from onprem.shell import Shell

MOST_JOBS = 500
"""Ids of one call: command lines have an end."""

_FORMS = ("-UF", "-l")
_JOB_ID = re.compile(r"[0-9]+(\[[0-9]+\])?")
_JOB_NAME = re.compile(r",\s*Job\s*Name\s*<(.*?)>,\s*User\s*<", re.DOTALL)
_APPLICATION = re.compile(r",\s*Application\s*<([^<>]+)>")
_REQUESTED = re.compile(r",\s*Requested\s*Resources\s*<(.*?)>(?=\s*[,;]|\s*$)")
_COMBINED = re.compile(r"^ *Combined:[ \t]*(\S.*?)\s*$", re.MULTILINE)
_DETAILS = re.compile(r"^ *(GPU|RESOURCE)\s*REQUIREMENT\s*DETAILS:\s*$", re.MULTILINE)
_GPU = re.compile(r",\s*Requested\s*GPU\s*<([^<>]*)>")
_RERUNNABLE = re.compile(r",\s*Re-?runnable\b", re.IGNORECASE)
_GONE = re.compile(r"is not found|no (unfinished|pending|matching)? ?job found", re.IGNORECASE)
_NO_SUCH_FORM = re.compile(r"(illegal|invalid|unrecognized) option|^\s*usage\b", re.IGNORECASE | re.MULTILINE)

_UNKNOWN = JobTraits(resreq=None)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LsfTraits:
    """What LSF's long form says of jobs."""

    shell: Shell
    timeout_s: float = field(default=60.0, kw_only=True)

    def traits(self, job_ids: Sequence[str]) -> Mapping[str, JobTraits]:
        """See ``ris_hybrid.ports.Traits``."""
        wanted = tuple(dict.fromkeys(job_ids))
        odd = next((job_id for job_id in wanted if not _JOB_ID.fullmatch(job_id)), None)
        if odd is not None:
            raise ConfigError(f"bjobs: {odd[:60]!r} is no job id", "job ids come from LSF itself")
        found: dict[str, JobTraits] = {}
        for start in range(0, len(wanted), MOST_JOBS):
            chunk = wanted[start : start + MOST_JOBS]
            found |= self._some(chunk)
        return found

    def _some(self, job_ids: Sequence[str]) -> Mapping[str, JobTraits]:
        done, said = Completed(rc=0), ""
        for form in _FORMS:
            done = self.shell.run(Command(argv=("bjobs", form, *job_ids), timeout_s=self.timeout_s))
            said = f"{done.stderr}\n{done.stdout}"
            if "Job <" in done.stdout:
                return parse_traits(done.stdout, job_ids, wraps=form == "-l")
            if not _NO_SUCH_FORM.search(said):
                break
        if _GONE.search(said):
            return {}
        words = " / ".join(line.strip() for line in said.splitlines() if line.strip())[:200] or "it printed nothing"
        raise SiteUnavailable(f"bjobs gave no answer (exit code {done.rc}): {words}", HINT)


def parse_traits(text: str, job_ids: Sequence[str], *, wraps: bool = False) -> Mapping[str, JobTraits]:
    """The jobs asked for that the text shows (pure); one that it shows in no form we know is not known."""
    slots = {job_id: job.slots for job_id, job in parse_long(text).items()}
    wanted = set(job_ids)
    found: dict[str, JobTraits] = {}
    for job_id, block in blocks(unwrapped(text)):
        if job_id in found:
            _log.warning("bjobs shows job %s twice: what it asks for is not known", job_id)
            found[job_id] = _UNKNOWN
        elif job_id in wanted:
            found[job_id] = _traits(block, slots.get(job_id, 1), wraps=wraps)
    return found


def _traits(block: str, slots: int, *, wraps: bool) -> JobTraits:
    submitted = SUBMITTED.search(block)
    if submitted is None:
        return _UNKNOWN
    head, rest, after = block[: submitted.start()], submitted["rest"], block[submitted.end() :]
    own = _own(rest)
    combined = _combined(after)
    named = _JOB_NAME.search(head)
    asked = combined or own or ""
    return JobTraits(
        resreq=None if wraps else own,
        combined=combined,
        name=named[1] if named else "",
        application=_first(_APPLICATION, _without_texts(head)),
        one_host=on_one_host(asked),
        memory_mib=memory_of(asked, slots),
        gpus=gpus_of(_gpu(rest, after), asked, slots),
        rerunnable=True if _RERUNNABLE.search(QUOTED.sub("<>", rest)) else None,
    )


def _own(rest: str) -> str | None:
    """The requirement as it was given; None where it is there more than once, or in another form than we know."""
    found = _REQUESTED.findall(rest)
    if not found:
        return "" if "Requested Resources" not in rest else None
    return found[0].strip() if len(found) == 1 else None


def _combined(after: str) -> str:
    """Of the table of resources; the one of GPUs has a line of the same name."""
    kinds = [*_DETAILS.finditer(after)]
    table = next((one for one in kinds if one[1] == "RESOURCE"), None)
    said = _COMBINED.search(after, table.end()) if table else None
    return said[1] if said and said[1] != "-" else ""


def _gpu(rest: str, after: str) -> str:
    table = next((one for one in _DETAILS.finditer(after) if one[1] == "GPU"), None)
    said = _COMBINED.search(after, table.end()) if table else None
    return _first(_GPU, rest) or (said[1] if said else "")


def _without_texts(head: str) -> str:
    """The first lines without the job's name and command, which are its owner's own words."""
    command = COMMAND.search(head)
    return NAME.sub(", User <", head[: command.start()] if command else head, count=1)


def _first(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match[1] if match else ""
