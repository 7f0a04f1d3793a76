"""What jobs say they need, by ``bjobs``: one call for all pending jobs, or for the ids given (the ``JobAsks`` port).

``bjobs -u all -p -o "jobid jobindex user user_group queue esub sub_cwd command job_description" -json``. ``esub`` and
``job_description`` are fields of LSF 10.1 (IBM's bjobs reference); a bjobs that does not know one of them says so, and
is asked again without it: that field is then None, which is not known, never empty. No such field has the job's
environment: ``volumes`` comes from ``bjobs -env``, for the ids given alone and where the site says that its bjobs has
it. That was not tried on a live LSF; what its text holds beside ``NAME=VALUE`` lines is passed over.

As with ``LsfScheduler``, a few records that cannot be read are left out with a warning: a job that was asked for and
is not in the answer is one of which nothing is known.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from onprem.lsf.envelope import open_envelope
from onprem.lsf.fields import HINT, UNSET, as_text, lab_of
from onprem.lsf.read import MOST_LOST
from onprem.shell import Command, Completed
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.job_ask import JobAsk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onprem.lsf.envelope import Record
    from onprem.shell import Shell

_ALWAYS = ("jobid", "user", "queue")
_WANTED = ("jobindex", "user_group", "esub", "sub_cwd", "command", "job_description")
ASK_FIELDS: tuple[str, ...] = (*_ALWAYS, *_WANTED)
_BATCH = 1000
"""Ids of one call: command lines have an end."""
_NO_JOB = ("No unfinished job found", "No job found", "No pending job found")
_BAD_FIELD = re.compile(r"<?([\w%]+)>?[^\n]*is not a valid field name")
_GONE = "is not found"
_VOLUMES = re.compile(r"^LSF_DOCKER_VOLUMES=(.*(?:\\\n.*)*)$", re.MULTILINE)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LsfJobAsks:
    """What jobs were submitted with, by LSF's own commands."""

    shell: Shell
    timeout_s: float = field(default=60.0, kw_only=True)
    environments: bool = field(default=False, kw_only=True)
    """Whether ``bjobs -env`` is asked for the ids given, one call each."""

    def asks(self, job_ids: Sequence[str] = ()) -> tuple[JobAsk, ...]:
        """See ``ris_hybrid.data.ports.JobAsks``; a job that is gone meanwhile is left out."""
        if not job_ids:
            return self._read(("bjobs", "-u", "all", "-p"), ())
        ids = tuple(dict.fromkeys(job_ids))
        found = self._of_many(ids) if len(ids) > _BATCH else self._read(("bjobs", "-u", "all"), ids)
        return tuple(self._with_volumes(ask) for ask in found) if self.environments else found

    def _of_many(self, ids: tuple[str, ...]) -> tuple[JobAsk, ...]:
        """Most of many are pending, and one call has all of those; a hundred with a thousand ids each are a load."""
        wanted = set(ids)
        found = {ask.job_id: ask for ask in self._read(("bjobs", "-u", "all", "-p"), ()) if ask.job_id in wanted}
        left = [one for one in ids if one not in found]
        for start in range(0, len(left), _BATCH):
            read = self._read(("bjobs", "-u", "all"), tuple(left[start : start + _BATCH]))
            found |= {ask.job_id: ask for ask in read}
        return tuple(found[one] for one in ids if one in found)

    def _read(self, command: tuple[str, ...], ids: tuple[str, ...]) -> tuple[JobAsk, ...]:
        fields = ASK_FIELDS
        while True:
            done = self._run((*command, "-o", " ".join(fields), "-json", *ids))
            fewer = _without_unknown(fields, done)
            if fewer == fields:
                return _parsed(done, fields)
            fields = fewer

    def _with_volumes(self, ask: JobAsk) -> JobAsk:
        done = self._run(("bjobs", "-env", ask.job_id))
        found = _VOLUMES.search(done.stdout) if done.rc == 0 else None
        return replace(ask, volumes=" ".join(found[1].replace("\\\n", " ").split())) if found else ask

    def _run(self, argv: tuple[str, ...]) -> Completed:
        return self.shell.run(Command(argv=argv, timeout_s=self.timeout_s))


def _without_unknown(fields: tuple[str, ...], done: Completed) -> tuple[str, ...]:
    """The fields this bjobs knows, as far as its complaint tells: the one it names, else all that may be unknown."""
    said = f"{done.stderr}\n{done.stdout}"
    if "{" in done.stdout or "is not a valid field name" not in said:
        return fields
    named = {name.lower() for name in _BAD_FIELD.findall(said)} & set(_WANTED)
    return tuple(name for name in fields if name not in (named or _WANTED))


def _parsed(done: Completed, fields: tuple[str, ...]) -> tuple[JobAsk, ...]:
    if "{" not in done.stdout:
        if any(words in done.stdout + done.stderr for words in (*_NO_JOB, _GONE)):
            return ()
        said = " / ".join(f"{done.stderr}\n{done.stdout}".split("\n")).strip(" /")[:200] or "it printed nothing"
        raise SiteUnavailable(f"bjobs gave no answer (exit code {done.rc}): {said}", HINT)
    envelope = open_envelope(done.stdout, "bjobs", lambda record: _ask(record, fields))
    lost = envelope.broken + sum(isinstance(one, str) for one in envelope.records)
    missing = max(0, (envelope.announced or 0) - envelope.listed)
    read = tuple(one for one in envelope.records if isinstance(one, JobAsk))
    if lost + missing:
        why = next((one for one in envelope.records if isinstance(one, str)), "a record is no JSON, or cut off")
        said = f"bjobs: {lost + missing} of {lost + missing + len(read)} job(s) could not be read: {why}"
        if lost + missing > max(1.0, MOST_LOST * (lost + missing + len(read))) or not read:
            raise SiteUnavailable(said, HINT)
        _log.warning("%s", said)
    return read


def _ask(record: Record, fields: tuple[str, ...]) -> JobAsk | str | None:
    """The job; None for one that is gone; a text for one that cannot be read."""
    if "ERROR" in record:
        words = str(record["ERROR"])
        return None if _GONE in words else words[:120]
    try:
        text = {name: as_text(name, value) for name, value in record.items()}
    except SiteUnavailable as flaw:
        return flaw.message
    number, index = text.get("JOBID", ""), text.get("JOBINDEX", "")
    if number in UNSET:
        return "a record without JOBID"

    def said(name: str) -> str | None:
        """None where it was not asked; an unset field is an empty text."""
        if name not in fields:
            return None
        value = text.get(name.upper(), "")
        return "" if value == "-" else value

    return JobAsk(
        job_id=number if index in {*UNSET, "0"} else f"{number}[{index}]",
        user=text.get("USER", ""),
        lab=lab_of(text.get("USER_GROUP", "")),
        queue=text.get("QUEUE", ""),
        cwd=said("sub_cwd"),
        esub=said("esub"),
        command=said("command"),
        description=said("job_description"),
    )
