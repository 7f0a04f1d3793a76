"""``bjobs -l`` and ``-UF``: a paragraph a job, with what no field of ``-o`` says, such as its own ``-R`` (sandbox).

Form: recorded answers of LSF 7 to 10.1; the order of the words that those do not show is from memory. ``-l`` breaks a
line after 79 characters, inside words too, and begins the rest with 21 blanks; ``-UF`` breaks nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.sandbox.lsf.bjobs_fields import combined_resreq
from ris_hybrid.sandbox.lsf.formats import long_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.sandbox.lsf.records import JobView

_WIDTH, _INDENT = 79, " " * 21
_LOAD = """
 SCHEDULING PARAMETERS:
           r15s   r1m  r15m   ut      pg    io   ls    it    tmp    swp    mem
 loadSched   -     -     -     -       -     -    -     -     -      -      -
 loadStop    -     -     -     -       -     -    -     -     -      -      -
"""


def paragraph(job: JobView, from_host: str, *, wrapped: bool) -> str:
    """Everything the long form says of one job."""
    lines = [_header(job), _submitted(job, from_host), *_events(job)]
    text = "".join(f"{_wrap(line) if wrapped else line}\n" for line in lines)
    limit = job.request.run_limit_s
    if limit is not None:
        text += f"\n RUNLIMIT\n {limit / 60:.1f} min\n"
    if job.reason:
        text += f" PENDING REASONS:\n {job.reason}\n"
    combined = combined_resreq(job.request.resreq, job.queue_resreq)
    details = f" Combined: {combined}\n Effective: {combined if job.hosts else '-'}\n"
    return f"{text}{_LOAD}\n RESOURCE REQUIREMENT DETAILS:\n{details}"


def _header(job: JobView) -> str:
    request = job.request
    command = request.command or request.name
    words = {
        "Job": job.job_id,
        "Job Name": request.name if request.name != command else "",
        "User": request.user,
        "User Group": request.user_group,
        "Project": request.project,
        "Application": request.application,
        "Status": job.status,
        "Queue": job.queue,
        "Command": command,
    }
    return ", ".join(f"{word} <{value}>" for word, value in words.items() if value)


def _submitted(job: JobView, from_host: str) -> str:
    request = job.request
    words = {
        "Dependency Condition": request.dependency,
        "Specified Start Time": long_time(request.begin),
        "Requested Resources": request.resreq,
    }
    parts = [f"Submitted from host <{from_host}>", f"CWD <{request.cwd or '$HOME'}>"]
    parts += [f"{request.slots} Task(s)"] * (request.slots > 1) + ["Re-runnable"] * request.rerunnable
    parts += [f"{word} <{value}>" for word, value in words.items() if value]
    return f"{long_time(job.submitted)}: {', '.join(parts)};"


def _events(job: JobView) -> Iterator[str]:
    if job.started is not None:
        hosts = " ".join(f"<{slots}*{name}>" if slots > 1 else f"<{name}>" for name, slots in job.hosts)
        tasks = f"Started {job.request.slots} Task(s) on Host(s) {hosts}"
        yield f"{long_time(job.started)}: {tasks if job.request.slots > 1 else f'Started on {hosts}'};"
    if job.ended is not None:
        word = f"Exited with exit code {job.exit_code}" if job.exit_code is not None else "Done successfully"
        yield f"{long_time(job.ended)}: {word}."


def _wrap(line: str) -> str:
    room = _WIDTH - len(_INDENT)
    rest = [line[at : at + room] for at in range(_WIDTH, len(line), room)]
    return f"\n{_INDENT}".join((line[:_WIDTH], *rest))
