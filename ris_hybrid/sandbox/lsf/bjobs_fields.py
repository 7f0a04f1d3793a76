"""The fields of ``bjobs -o`` and what the virtual LSF can say for each (sandbox).

Names, widths and aliases are those of the bjobs reference of LSF 10.1. A field we do not model is accepted and
always unset.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ris_hybrid.model import JobStatus
from ris_hybrid.sandbox.lsf.formats import Field, seconds, short_time
from ris_hybrid.sandbox.lsf.resreq import wish_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ris_hybrid.sandbox.lsf.records import JobView

_SECTION = re.compile(r"(?P<name>\w+)\[(?P<body>[^\]]*)\]")
_AMOUNT = re.compile(r"(?<==)(\d+)(?=$|[\s,:&|])")

_PLAIN = (
    "jobid/id:7 jobindex:8 stat:5 user:7 user_group/ugroup:15 queue:10 job_name/name:10 "
    "job_description/description:17 proj_name/proj/project:11 application/app:13 service_class/sla:13 "
    "job_group/group:10 job_priority/priority:12 rsvid:40 esub:20 kill_reason:50 suspend_reason:50 "
    "resume_reason:50 dependency:15 pend_reason:11 charged_saap/saap:50 command/cmd:15 "
    "pre_exec_command/pre_cmd:16 post_exec_command/post_cmd:17 pids:20 exit_code:10 exit_reason:50 "
    "interactive:11 from_host:11 first_host:11 exec_host:11 nexec_host:10 ask_hosts:30 alloc_slot:20 "
    "nalloc_slot:10 host_file:10 exclusive:13 nreq_slot:10 submit_time:15 start_time:15 "
    "estimated_start_time/estart_time:20 specified_start_time/sstart_time:20 "
    "specified_terminate_time/sterminate_time:24 time_left:11 finish_time:16 estimated_run_time/ertime:20 "
    "ru_utime:12 ru_stime:12 %complete:11 warning_action/warn_act:15 action_warning_time/warn_time:19 "
    "pendstate:9 pend_time:12 ependtime:12 ipendtime:12 estimated_sim_start_time/esstart_time:24 "
    "effective_plimit:18 plimit_remain:15 effective_eplimit:19 eplimit_remain:16 cpu_used:10 run_time:15 "
    "idle_factor:11 exception_status/except_stat:16 slots:5 mem:10 max_mem:10 avg_mem:10 memlimit:10 swap:10 "
    "swaplimit:10 gpu_num/gnum:10 gpu_mode/gmode:20 j_exclusive/j_excl:15 gpu_alloc/galloc:30 nthreads:10 "
    "hrusage:50 min_req_proc:12 max_req_proc:12 effective_resreq/eresreq:17 combined_resreq/cresreq:20 "
    "network_req:15 filelimit:10 corelimit:10 stacklimit:10 processlimit:12 runtimelimit:12 plimit:10 eplimit:10 "
    "input_file:10 output_file:11 error_file:10 output_dir:15 sub_cwd:10 exec_home:10 exec_cwd:10 licproject:20 "
    "forward_cluster/fwd_cluster:15 forward_time/fwd_time:15 srcjobid:8 dstjobid:8 source_cluster/srcluster:15 "
    "energy:10 gpfsio:10 cpu_peak:10 mem_efficiency:10 cpu_efficiency:10"
)


def _field(text: str) -> Field:
    names, _, width = text.rpartition(":")
    name, *aliases = names.split("/")
    return Field(name=name, width=int(width), aliases=tuple(aliases))


FIELDS: tuple[Field, ...] = tuple(_field(text) for text in _PLAIN.split())


class Site(NamedTuple):
    """What a field may need besides the job."""

    from_host: str
    short_hostlist: bool
    """LSB_SHORT_HOSTLIST: ``16*node`` instead of one name a slot."""


def exec_hosts(job: JobView, *, short: bool) -> str:
    """``a:a:b``, or ``2*a:b`` in the short form."""
    if short:
        return ":".join(f"{slots}*{host}" if slots > 1 else host for host, slots in job.hosts)
    return ":".join(host for host, slots in job.hosts for _ in range(slots))


def combined_resreq(resreq: str, queue: str = "") -> str:
    """The requirements of a job and its queue with LSF's defaults for select and order, and rusage as LSF prints it."""
    sections = {match["name"]: match["body"].strip() for match in _SECTION.finditer(f"{queue} {resreq}")}
    select = wish_of(resreq, queue).text
    for name in ("select", "order"):
        sections.pop(name, None)
    parts = [f"select[({select}) && (type == any)]" if select else "select[type == local]", "order[r15s:pg]"]
    for name, body in sections.items():
        shown = _AMOUNT.sub(r"\1.00", body) if name == "rusage" else body
        parts.append(f"{name}[{shown}]")
    return " ".join(parts)


def _finish_time(job: JobView) -> str:
    """The end, or for a running job the end its run limit allows, marked L."""
    limit = job.request.run_limit_s
    if job.ended is None and job.started is not None and limit is not None:
        return f"{short_time(job.started + limit)} L"
    return short_time(job.ended)


def _slots(job: JobView) -> str:
    return str(job.request.slots) if job.hosts else ""


def _run_limit(job: JobView) -> str:
    """Minutes with one decimal, as recorded: ``1440.0``."""
    limit = job.request.run_limit_s
    return "" if limit is None else f"{limit / 60:.1f}"


GETTERS: Mapping[str, Callable[[JobView, Site], str]] = {
    "jobid": lambda job, _: job.job_id,
    "jobindex": lambda _job, _: "0",
    "stat": lambda job, _: job.status,
    "user": lambda job, _: job.request.user,
    "user_group": lambda job, _: job.request.user_group,
    "queue": lambda job, _: job.queue,
    "job_name": lambda job, _: job.request.name,
    "proj_name": lambda job, _: job.request.project,
    "application": lambda job, _: job.request.application,
    "dependency": lambda job, _: job.request.dependency,
    "pend_reason": lambda job, _: job.reason,
    "command": lambda job, _: job.request.command or job.request.name,
    "job_description": lambda job, _: job.request.description,
    "esub": lambda job, _: job.request.esub,
    "sub_cwd": lambda job, _: job.request.cwd,
    "exit_code": lambda job, _: "" if job.exit_code is None else str(job.exit_code),
    "exit_reason": lambda job, _: job.exit_reason,
    "from_host": lambda _, site: site.from_host,
    "first_host": lambda job, _: job.hosts[0][0] if job.hosts else "",
    "exec_host": lambda job, site: exec_hosts(job, short=site.short_hostlist),
    "nexec_host": lambda job, _: str(len(job.hosts)) if job.hosts else "",
    "alloc_slot": lambda job, _: exec_hosts(job, short=True),
    "nalloc_slot": lambda job, _: _slots(job),
    "nreq_slot": lambda job, _: str(job.request.slots),
    "slots": lambda job, _: _slots(job),
    "submit_time": lambda job, _: short_time(job.submitted),
    "start_time": lambda job, _: short_time(job.started),
    "specified_start_time": lambda job, _: short_time(job.request.begin),
    "finish_time": lambda job, _: _finish_time(job),
    "pendstate": lambda job, _: job.pend_state,
    "pend_time": lambda job, _: str(int(job.pend_s)),
    "ependtime": lambda job, _: str(int(job.eligible_s)),
    "ipendtime": lambda job, _: str(int(job.pend_s) - int(job.eligible_s)),
    "run_time": lambda job, _: seconds(job.run_s),
    "cpu_used": lambda job, _: f"{job.run_s * job.request.slots:.1f} second(s)" if job.started else "",
    "effective_resreq": lambda job, _: combined_resreq(job.request.resreq, job.queue_resreq) if job.hosts else "",
    "combined_resreq": lambda job, _: combined_resreq(job.request.resreq, job.queue_resreq),
    "runtimelimit": lambda job, _: _run_limit(job),
}


def values_of(job: JobView, names: tuple[str, ...], site: Site) -> dict[str, str]:
    """The asked fields of one job; empty where unset."""
    return {name: GETTERS[name](job, site) if name in GETTERS else "" for name in names}


_GROUPS: Mapping[JobStatus, frozenset[str]] = {
    JobStatus.PEND: frozenset({"all", "unfinished", "pending"}),
    JobStatus.PSUSP: frozenset({"all", "unfinished", "pending", "suspended"}),
    JobStatus.RUN: frozenset({"all", "unfinished", "running"}),
    JobStatus.DONE: frozenset({"all", "ended"}),
    JobStatus.EXIT: frozenset({"all", "ended"}),
}


def is_shown(job: JobView, group: str) -> bool:
    """Whether a job is in the group an option of bjobs asks for: -a all, -d ended, -p pending, -r running, -s."""
    return group in _GROUPS[job.status]
