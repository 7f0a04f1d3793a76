"""``bjobs``: which jobs, and in which of LSF's forms (sandbox)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.sandbox.lsf.bjobs_fields import FIELDS, Site, exec_hosts, is_shown, values_of
from ris_hybrid.sandbox.lsf.bjobs_long import paragraph
from ris_hybrid.sandbox.lsf.formats import Column, fit, json_record, json_text, parse_layout, short_time, text_table
from ris_hybrid.sandbox.lsf.options import Parsed, Syntax, parse
from ris_hybrid.sandbox.lsf.reply import FAILED, Reply, master_host, user_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ris_hybrid.sandbox.lsf.cluster import Cluster
    from ris_hybrid.sandbox.lsf.records import JobView

_GROUP_OF_FLAG = {"a": "all", "d": "ended", "p": "pending", "r": "running", "s": "suspended"}
_NOTICE = {
    "all": "No job found",
    "ended": "No DONE/EXIT job found",
    "pending": "No pending job found",
    "running": "No running job found",
    "suspended": "No suspended job found",
    "unfinished": "No unfinished job found",
}

SYNTAX = Syntax(
    command="bjobs",
    flags=frozenset({"a", "d", "p", "p0", "p1", "r", "s", "w", "l", "UF", "noheader", "json", "env"}),
    valued=frozenset({"u", "q", "G", "P", "J", "o"}),
    usage='bjobs [-a | -d | -p | -r | -s] [-w | -l | -UF] [-noheader] [-o "field ..." [-json]] [-u user_name | -u all] '
    "[-q queue_name] [-G user_group] [-P project_name] [-J job_name] [job_ID ...]",
)


def bjobs(cluster: Cluster, argv: Sequence[str], env: Mapping[str, str]) -> Reply:
    """The jobs asked for; without ids the user's own unfinished ones."""
    given = parse(SYNTAX, argv)
    layout_text = given.last("o") or env.get("LSB_BJOBS_FORMAT", "")
    if "json" in given.flags and not layout_text:
        raise SYNTAX.fail("-json needs -o")
    jobs = _chosen(cluster, given, env)
    known = {job.job_id for job in jobs}
    missing = tuple(word for word in given.operands if word not in known)
    errors = "".join(f"Job <{word}> is not found\n" for word in missing)
    site = Site(master_host(cluster), env.get("LSB_SHORT_HOSTLIST", "") == "1")
    if "env" in given.flags:
        return _environment(jobs, errors)
    if "json" in given.flags:
        return _json(layout_text, jobs, missing, site)
    if not jobs:
        return Reply(rc=FAILED, stderr=errors or f"{_NOTICE[_group(given)]}\n")
    header = "noheader" not in given.flags
    if given.flags & {"l", "UF"}:
        wrapped = "UF" not in given.flags
        text = "\n".join(paragraph(job, site.from_host, wrapped=wrapped) for job in jobs)
    elif layout_text and "w" not in given.flags:
        layout = parse_layout(layout_text, FIELDS)
        text = text_table(layout, (values_of(job, layout.names, site) for job in jobs), header=header)
    else:
        text = _table(jobs, given, site.from_host)
    return Reply(rc=FAILED if missing else 0, stdout=text, stderr=errors)


def _environment(jobs: Sequence[JobView], errors: str) -> Reply:
    """What is kept of the submitter's environment: the container's volumes. The form is ours, not a recorded one."""
    text = "".join(f"LSF_DOCKER_VOLUMES={job.request.volumes}\n" for job in jobs if job.request.volumes)
    return Reply(rc=FAILED if errors else 0, stdout=text, stderr=errors)


def _json(layout_text: str, jobs: Sequence[JobView], missing: Sequence[str], site: Site) -> Reply:
    """A job that does not exist is a record with its id and LSF's error text."""
    layout = parse_layout(layout_text, FIELDS)
    records = [json_record(layout, values_of(job, layout.names, site)) for job in jobs]
    records += [{"JOBID": job_id, "ERROR": f"Job <{job_id}> is not found"} for job_id in missing]
    rc = FAILED if missing or not records else 0
    return Reply(rc=rc, stdout=json_text("bjobs", "JOBS", records))


def _chosen(cluster: Cluster, given: Parsed, env: Mapping[str, str]) -> tuple[JobView, ...]:
    if given.operands:
        return cluster.jobs(given.operands)
    group = _group(given)
    user = given.last("u") or user_of(env)
    jobs = cluster.jobs(ended=group in {"all", "ended"})
    return tuple(
        job
        for job in jobs
        if user in {"all", job.request.user} and is_shown(job, group) and _passes_filters(job, given)
    )


def _passes_filters(job: JobView, given: Parsed) -> bool:
    request = job.request
    have = {"q": job.queue, "G": request.user_group, "P": request.project, "J": request.name}
    return all(given.last(option) in {None, value} for option, value in have.items())


def _group(given: Parsed) -> str:
    return next((group for flag, group in _GROUP_OF_FLAG.items() if flag in given.flags), "unfinished")


def _table(jobs: Sequence[JobView], given: Parsed, from_host: str) -> str:
    """The fixed columns; narrow ones are cut and list one line a slot, ``-w`` prints all on one line."""
    wide = "w" in given.flags
    header = "JOBID   USER    STAT  QUEUE      FROM_HOST   EXEC_HOST   JOB_NAME   SUBMIT_TIME"
    lines = [] if "noheader" in given.flags else [header]
    for job in jobs:
        lines += _wide_row(job, from_host) if wide else _narrow_rows(job, from_host)
        if "p" in given.flags:
            lines.append(f" {job.reason}")
    return "".join(f"{line}\n" for line in lines)


def _wide_row(job: JobView, from_host: str) -> list[str]:
    request = job.request
    hosts = exec_hosts(job, short=False)
    start = f"{job.job_id:<7} {request.user:<7} {job.status:<5} {job.queue:<10} {from_host:<11} "
    return [f"{start}{hosts:<11} {request.name:<10} {short_time(job.submitted)}"]


def _narrow_rows(job: JobView, from_host: str) -> list[str]:
    names = exec_hosts(job, short=False).split(":")
    name = fit(job.request.name, Column(name="job_name", width=10))
    start = f"{job.job_id:<7} {job.request.user[:7]:<7} {job.status:<5} {job.queue[:10]:<10} {from_host[:11]:<11} "
    first = f"{start}{names[0][:11]:<11} {name} {short_time(job.submitted)}"
    return [first, *(f"{'':45}{other[:11]}" for other in names[1:])]
